namespace VProtect.Catalog.Policies;

/// <summary>How a schedule tells its times.</summary>
public enum ScheduleExecution
{
    /// <summary>At a time of day, on certain days.</summary>
    Time,

    /// <summary>Every so often between two times of day.</summary>
    Interval,

    /// <summary>By a cron expression.</summary>
    Cron,
}
