namespace VProtect.Server.Scheduling;

/// <summary>Whether a schedule is due, and for which of its times.</summary>
/// <param name="Occurrence">The time that is due.</param>
/// <param name="WindowEnd">Until when its tasks may begin; null without end.</param>
internal sealed record DueRun(DateTimeOffset Occurrence, DateTimeOffset? WindowEnd)
{
    /// <summary>
    /// The run that is due. Times that passed while nobody looked run once, for the latest of them, and only within its start window: ten
    /// missed hourly backups are one backup.
    /// </summary>
    /// <param name="schedule">Schedule.</param>
    /// <param name="since">Up to here everything was looked at.</param>
    /// <param name="now">Now.</param>
    /// <returns>Null when nothing is due.</returns>
    public static DueRun? Of(ScheduleModel schedule, DateTimeOffset since, DateTimeOffset now)
    {
        if (!schedule.Active || schedule.Times.Latest(since, now) is not { } occurrence)
        {
            return null;
        }

        DateTimeOffset? windowEnd = schedule.WindowEnd(occurrence);
        return windowEnd < now ? null : new DueRun(occurrence, windowEnd);
    }
}
