using System.Globalization;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Scheduling;

namespace VProtect.Server.Tests.Scheduling;

/// <summary>Schedules for tests, in few words.</summary>
internal static class Schedules
{
    public static Schedule Daily(string time, string zone = "UTC") => Base(ScheduleExecution.Time) with
    {
        Hour = Time(time),
        TimeZone = zone,
    };

    public static Schedule Every(string start, string end, int minutes, string zone = "UTC") => Base(ScheduleExecution.Interval) with
    {
        IntervalStart = Time(start),
        IntervalEnd = Time(end),
        IntervalFrequency = TimeSpan.FromMinutes(minutes),
        TimeZone = zone,
    };

    public static Schedule Cron(string expression, string zone = "UTC") => Base(ScheduleExecution.Cron) with
    {
        Cron = expression,
        TimeZone = zone,
    };

    public static DateTimeOffset At(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>The next occurrences in UTC, as text.</summary>
    public static string[] Next(Schedule schedule, string after, int count) =>
    [
        .. ScheduleValidation.Validate(schedule).NextOccurrences(At(after), count)
            .Select(found => found.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)),
    ];

    private static TimeSpan Time(string text) => TimeSpan.Parse(text, CultureInfo.InvariantCulture);

    private static Schedule Base(ScheduleExecution execution) => new()
    {
        Name = "nightly",
        Type = ScheduleType.VmBackup,
        BackupType = BackupType.Incremental,
        ExecutionType = execution,
    };
}
