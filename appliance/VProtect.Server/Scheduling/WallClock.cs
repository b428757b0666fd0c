namespace VProtect.Server.Scheduling;

/// <summary>What a time on a wall means as instants, also when clocks are changed.</summary>
internal static class WallClock
{
    /// <summary>
    /// The instants of a time on the wall. A time that occurs twice counts the first time only, unless it belongs to a series that
    /// repeats: then twice, or the series would pause for an hour. A time that is skipped is the instant of the change, so that a daily
    /// run is not lost; in a series that repeats it is nothing, for the next one is near.
    /// </summary>
    public static IEnumerable<DateTimeOffset> Instants(DateTime wall, TimeZoneInfo zone, bool repeats)
    {
        if (zone.IsInvalidTime(wall))
        {
            return repeats ? [] : [AfterGap(wall, zone)];
        }

        if (!zone.IsAmbiguousTime(wall))
        {
            return [Utc(wall, zone.GetUtcOffset(wall))];
        }

        // The greater offset is the one in force before clocks go back.
        IEnumerable<DateTimeOffset> both = zone.GetAmbiguousTimeOffsets(wall).OrderDescending().Select(offset => Utc(wall, offset));
        return repeats ? both : both.Take(1);
    }

    // Clocks are changed at whole minutes. A gap is an hour as a rule, so this walks sixty steps twice a year.
    private static DateTimeOffset AfterGap(DateTime wall, TimeZoneInfo zone)
    {
        DateTime valid = wall;
        while (zone.IsInvalidTime(valid))
        {
            valid = valid.AddMinutes(1);
        }

        valid = valid.AddTicks(-(valid.Ticks % TimeSpan.TicksPerMinute));
        return Utc(valid, zone.GetUtcOffset(valid));
    }

    private static DateTimeOffset Utc(DateTime wall, TimeSpan offset) => new DateTimeOffset(wall, offset).ToUniversalTime();
}
