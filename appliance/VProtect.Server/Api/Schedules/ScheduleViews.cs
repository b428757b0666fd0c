using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Api.Shared;
using VProtect.Server.Scheduling;

namespace VProtect.Server.Api.Schedules;

/// <summary>A schedule as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Active">Whether it runs.</param>
/// <param name="Type">What it starts.</param>
/// <param name="BackupType">How much backups read.</param>
/// <param name="ExecutionType">How its times are told: by hour, by interval, or by cron.</param>
/// <param name="Hour">Time of day, milliseconds after midnight in its time zone.</param>
/// <param name="Interval">Every so often between two times of day.</param>
/// <param name="Cron">Minute, hour, day of month, month, day of week.</param>
/// <param name="TimeZone">IANA name; UTC as old clients expect.</param>
/// <param name="StartWindowLength">How long after its time a run may still begin, milliseconds; 0 any.</param>
/// <param name="DaysOfWeek">Days; empty all.</param>
/// <param name="Months">Months; empty all.</param>
/// <param name="DayOfWeekOccurrences">Which of the same weekdays of a month; empty all.</param>
/// <param name="Rules">Rules that it starts.</param>
/// <param name="Policies">Policies of those rules.</param>
/// <param name="TenantId">Tenant that it belongs to.</param>
/// <param name="LastRun">When it last started something.</param>
/// <param name="NextRuns">The next times that it is due; none when it is not active.</param>
internal sealed record ScheduleView(
    Guid Guid, string Name, bool Active, ScheduleType Type, BackupType BackupType, ScheduleExecution ExecutionType, long? Hour, IntervalView? Interval,
    string? Cron, string TimeZone, long StartWindowLength, IReadOnlyList<DayOfWeek> DaysOfWeek, IReadOnlyList<Month> Months,
    IReadOnlyList<WeekdayOccurrence> DayOfWeekOccurrences, IReadOnlyList<NameAndGuid> Rules, IReadOnlyList<NameAndGuid> Policies, string? TenantId,
    DateTimeOffset? LastRun, IReadOnlyList<DateTimeOffset> NextRuns);

/// <summary>Every so often between two times of day; one that ends before it begins goes past midnight.</summary>
/// <param name="StartHour">First time of day, milliseconds after midnight.</param>
/// <param name="EndHour">Last time of day, milliseconds after midnight.</param>
/// <param name="Frequency">Time between runs, milliseconds.</param>
internal sealed record IntervalView(long? StartHour, long? EndHour, long? Frequency);

/// <summary>A schedule as clients write it; what is missing stays as it is, or has its default when the schedule is new.</summary>
/// <param name="Name">Name shown to people.</param>
/// <param name="Active">Whether it runs; a new one does.</param>
/// <param name="Type">What it starts; VM_BACKUP when a new one does not say.</param>
/// <param name="BackupType">How much backups read; INCREMENTAL when a new one does not say.</param>
/// <param name="ExecutionType">How its times are told; CRON, INTERVAL or TIME by what is sent with it when a new one does not say.</param>
/// <param name="Hour">Time of day, milliseconds after midnight in its time zone.</param>
/// <param name="Interval">Every so often between two times of day.</param>
/// <param name="Cron">Minute, hour, day of month, month, day of week.</param>
/// <param name="TimeZone">IANA name; UTC when a new one does not say.</param>
/// <param name="StartWindowLength">How long after its time a run may still begin, milliseconds; 0 any.</param>
/// <param name="DaysOfWeek">Days; empty all.</param>
/// <param name="Months">Months; empty all.</param>
/// <param name="DayOfWeekOccurrences">Which of the same weekdays of a month; empty all.</param>
/// <param name="Rules">Rules that it starts; replaces all.</param>
/// <param name="TenantId">Tenant that it belongs to.</param>
internal sealed record ScheduleRequest(
    string? Name, bool? Active, ScheduleType? Type, BackupType? BackupType, ScheduleExecution? ExecutionType, long? Hour, IntervalView? Interval,
    string? Cron, string? TimeZone, long? StartWindowLength, IReadOnlyList<DayOfWeek>? DaysOfWeek, IReadOnlyList<Month>? Months,
    IReadOnlyList<WeekdayOccurrence>? DayOfWeekOccurrences, IReadOnlyList<NameAndGuid>? Rules, string? TenantId)
{
    /// <summary>The schedule with what is sent.</summary>
    public Schedule ApplyTo(Schedule before)
    {
        bool isNew = before.Name.Length == 0;
        ScheduleExecution guessed = Cron is not null ? ScheduleExecution.Cron : Interval is not null ? ScheduleExecution.Interval : ScheduleExecution.Time;
        return before with
        {
            Name = Name?.Trim() ?? before.Name,
            Active = Active ?? before.Active,
            Type = Type ?? before.Type,
            BackupType = BackupType ?? before.BackupType,
            ExecutionType = ExecutionType ?? (isNew ? guessed : before.ExecutionType),
            Hour = Duration.Of(Hour, "hour") ?? before.Hour,
            IntervalStart = Interval is null ? before.IntervalStart : Duration.Of(Interval.StartHour, "interval.startHour"),
            IntervalEnd = Interval is null ? before.IntervalEnd : Duration.Of(Interval.EndHour, "interval.endHour"),
            IntervalFrequency = Interval is null ? before.IntervalFrequency : Duration.Of(Interval.Frequency, "interval.frequency"),
            Cron = TextField.Applied("cron", before.Cron, Cron, lengthMax: 200),
            TimeZone = TimeZone ?? before.TimeZone,
            StartWindow = Duration.Of(StartWindowLength, "startWindowLength") ?? before.StartWindow,
            DaysOfWeek = Names(DaysOfWeek) ?? before.DaysOfWeek,
            Months = Names(Months) ?? before.Months,
            Occurrences = Names(DayOfWeekOccurrences) ?? before.Occurrences,
            TenantId = TextField.Applied("tenantId", before.TenantId, TenantId, lengthMax: 255),
        };
    }

    private static List<string>? Names<TEnum>(IReadOnlyList<TEnum>? members)
        where TEnum : struct, Enum => members?.Distinct().Select(Catalog.Sql.ApiName.Of).ToList();
}
