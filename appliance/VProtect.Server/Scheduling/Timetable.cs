namespace VProtect.Server.Scheduling;

/// <summary>
/// When something runs: on certain days at certain times on the wall of a zone. Immutable; pure.
/// </summary>
/// <remarks>
/// A time may lie past midnight (25:00): it belongs to the day before, as in an interval from 22:00 to 06:00. Days are walked in order
/// and their instants gathered; what lies before any instant of the next day is handed out.
/// </remarks>
/// <param name="days">On which days.</param>
/// <param name="times">At which times, from midnight, below 48 hours; at least one.</param>
/// <param name="zone">Where the wall is.</param>
/// <param name="repeats">Whether it means "every so often" (<see cref="WallClock"/>).</param>
internal sealed class Timetable(IDayPattern days, IReadOnlyList<TimeSpan> times, TimeZoneInfo zone, bool repeats)
{
    // 29 February on a certain weekday comes every 28 years, and every 40 across 2100.
    private const int SearchDays = 41 * 366;

    // Offsets of zones lie between -12 and +14 hours.
    private static readonly TimeSpan GreatestOffset = TimeSpan.FromHours(14);

    /// <summary>Instants after a given one, ascending, in UTC, without end unless there are none for 41 years.</summary>
    public IEnumerable<DateTimeOffset> After(DateTimeOffset instant)
    {
        var pending = new SortedSet<DateTimeOffset>();
        DateOnly day = DateOnly.FromDateTime(instant.UtcDateTime).AddDays(-3);
        for (int idle = 0; idle < SearchDays && day.Year < 9990; day = day.AddDays(1), idle++)
        {
            if (days.Includes(day))
            {
                pending.UnionWith(OfDay(day).Where(found => found > instant));
            }

            DateTimeOffset complete = new DateTimeOffset(day.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) - GreatestOffset;
            while (pending.Count > 0 && pending.Min < complete)
            {
                DateTimeOffset next = pending.Min;
                pending.Remove(next);
                idle = 0;
                yield return next;
            }
        }
    }

    /// <summary>The first instant after a given one; null when there is none for 41 years.</summary>
    public DateTimeOffset? Next(DateTimeOffset instant) => After(instant).Select(found => (DateTimeOffset?)found).FirstOrDefault();

    /// <summary>The latest instant after <paramref name="since"/> up to and with <paramref name="now"/>; null when there is none.</summary>
    public DateTimeOffset? Latest(DateTimeOffset since, DateTimeOffset now)
    {
        // The span looked at is doubled, for what is sought is near as a rule.
        for (TimeSpan back = TimeSpan.FromDays(2); ; back *= 2)
        {
            DateTimeOffset from = now - since > back ? now - back : since;
            DateTimeOffset? latest = After(from).TakeWhile(found => found <= now).Select(found => (DateTimeOffset?)found).LastOrDefault();
            if (latest is not null || from <= since)
            {
                return latest;
            }
        }
    }

    private IEnumerable<DateTimeOffset> OfDay(DateOnly day) =>
        times.SelectMany(time => WallClock.Instants(day.ToDateTime(TimeOnly.MinValue) + time, zone, repeats));
}
