using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;
using VProtect.Server.Validation;

namespace VProtect.Server.Scheduling;

/// <summary>Schedule as written → schedule that can run. Fields are named as the API spells them.</summary>
internal static class ScheduleValidation
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Checks a schedule.</summary>
    /// <exception cref="InvalidFieldsException">Something is wrong; it names every field.</exception>
    public static ScheduleModel Validate(Schedule schedule)
    {
        var problems = new FieldProblems();
        problems.Require(!string.IsNullOrWhiteSpace(schedule.Name), "name", "It is empty.", "Send a name.");
        problems.Require(
            schedule.StartWindow >= TimeSpan.Zero && schedule.StartWindow <= 31 * Day,
            "startWindowLength", "It is out of range.", "Send milliseconds from 0 (no limit) to 31 days.");
        TimeZoneInfo zone = problems.Zone(schedule.TimeZone, "timeZone");
        Timetable times = schedule.ExecutionType switch
        {
            ScheduleExecution.Time => new Timetable(Days(schedule, problems), [TimeOfDay(schedule, problems)], zone, repeats: false),
            ScheduleExecution.Interval => new Timetable(Days(schedule, problems), IntervalTimes(schedule, problems), zone, repeats: true),
            ScheduleExecution.Cron => CronTimes(schedule, zone, problems),
            _ => throw new ArgumentOutOfRangeException(nameof(schedule)),
        };
        if (problems.All.Count == 0)
        {
            problems.Require(
                times.Next(DateTimeOffset.UnixEpoch.AddYears(50)) is not null,
                schedule.ExecutionType == ScheduleExecution.Cron ? "cron" : "daysOfWeek", "No day ever matches.", "Choose days that occur together.");
        }

        problems.ThrowIfAny();
        return new ScheduleModel
        {
            Guid = schedule.Guid,
            Name = schedule.Name,
            Type = schedule.Type,
            BackupType = schedule.BackupType,
            Active = schedule.Active,
            StartWindow = schedule.StartWindow > TimeSpan.Zero ? schedule.StartWindow : null,
            Times = times,
        };
    }

    private static CalendarDays Days(Schedule schedule, FieldProblems problems) => new(
        Parse<DayOfWeek>(schedule.DaysOfWeek, "daysOfWeek", problems),
        Parse<Month>(schedule.Months, "months", problems),
        Parse<WeekdayOccurrence>(schedule.Occurrences, "dayOfWeekOccurrences", problems));

    private static TimeSpan TimeOfDay(Schedule schedule, FieldProblems problems)
    {
        problems.Require(
            schedule.Hour is { } hour && hour >= TimeSpan.Zero && hour < Day,
            "hour", "It is missing or no time of day.", "Send milliseconds after midnight, 0 to 86399999.");
        return schedule.Hour ?? default;
    }

    // An interval that ends before it begins goes past midnight; one that ends when it begins goes round the clock.
    private static List<TimeSpan> IntervalTimes(Schedule schedule, FieldProblems problems)
    {
        (TimeSpan start, TimeSpan end) = (schedule.IntervalStart ?? default, schedule.IntervalEnd ?? Day);
        bool valid = problems.Require(
            start >= TimeSpan.Zero && start < Day, "interval.startHour", "It is no time of day.", "Send milliseconds after midnight, 0 to 86399999.");
        valid &= problems.Require(
            end >= TimeSpan.Zero && end <= Day, "interval.endHour", "It is no time of day.", "Send milliseconds after midnight, 0 to 86400000.");
        valid &= problems.Require(
            schedule.IntervalFrequency is { } given && given >= TimeSpan.FromMinutes(1) && given <= Day,
            "interval.frequency", "It is missing or out of range.", "Send milliseconds from 60000 (a minute) to 86400000 (a day).");
        if (!valid)
        {
            return [];
        }

        TimeSpan frequency = schedule.IntervalFrequency!.Value;
        TimeSpan last = end <= start ? end + Day : end;
        var times = new List<TimeSpan>();
        for (TimeSpan time = start; time <= last && time < start + Day; time += frequency)
        {
            times.Add(time);
        }

        return times;
    }

    private static Timetable CronTimes(Schedule schedule, TimeZoneInfo zone, FieldProblems problems)
    {
        try
        {
            CronExpression cron = CronExpression.Parse(schedule.Cron ?? string.Empty);
            return new Timetable(cron.Days, cron.Times, zone, cron.Repeats);
        }
        catch (FormatException wrong)
        {
            problems.Add("cron", $"It is no cron expression: {wrong.Message}.", "Send minute, hour, day of month, month and day of week, for example '30 1 * * MON-FRI'.");
            return new Timetable(new CalendarDays([], [], []), [], zone, repeats: false);
        }
    }

    private static List<TEnum> Parse<TEnum>(IReadOnlyList<string> names, string field, FieldProblems problems)
        where TEnum : struct, Enum
    {
        var values = new List<TEnum>();
        for (int i = 0; i < names.Count; i++)
        {
            if (ApiName.TryParse(names[i], out TEnum value))
            {
                values.Add(value);
            }
            else
            {
                problems.Add($"{field}[{i}]", $"'{names[i]}' is not known.", $"Send one of {string.Join(", ", Enum.GetValues<TEnum>().Select(ApiName.Of))}.");
            }
        }

        return values;
    }
}
