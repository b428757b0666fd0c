using System.Globalization;

namespace VProtect.Server.Policies.Retention;

/// <summary>
/// Grandfather, father, son: the newest point of each of the last so many hours, days, ISO weeks, months and years that have one. The
/// newest of a period is chosen, so that what was chosen is chosen again after the rest is gone. Immutable.
/// </summary>
internal sealed record GfsSlots
{
    /// <summary>Newest kept whatever their age.</summary>
    public int Last { get; init; }

    /// <summary>Hours of which one is kept.</summary>
    public int Hourly { get; init; }

    /// <summary>Days of which one is kept.</summary>
    public int Daily { get; init; }

    /// <summary>Weeks, from Monday, of which one is kept.</summary>
    public int Weekly { get; init; }

    /// <summary>Months of which one is kept.</summary>
    public int Monthly { get; init; }

    /// <summary>Years of which one is kept.</summary>
    public int Yearly { get; init; }

    /// <summary>Whether any slot exists.</summary>
    public bool IsSet => Named.Any(slot => slot.Count != 0);

    /// <summary>The counts with the names that the API gives them.</summary>
    public IReadOnlyList<(string Field, int Count)> Named =>
    [
        ("keepLast", Last), ("keepHourly", Hourly), ("keepDaily", Daily),
        ("keepWeekly", Weekly), ("keepMonthly", Monthly), ("keepYearly", Yearly),
    ];

    /// <summary>Which points have a slot, and the first that they have.</summary>
    /// <param name="newestFirst">Points, the newest first.</param>
    /// <param name="zone">Zone whose periods they are.</param>
    public IReadOnlyDictionary<Guid, RetentionReason> Choose(IReadOnlyList<RetentionPoint> newestFirst, TimeZoneInfo zone)
    {
        var chosen = new Dictionary<Guid, RetentionReason>();
        foreach (RetentionPoint point in newestFirst.Take(Last))
        {
            chosen[point.Guid] = RetentionReason.KeepLast;
        }

        (RetentionPoint Point, DateTimeOffset Local)[] local = [.. newestFirst.Select(point => (point, TimeZoneInfo.ConvertTime(point.CreatedAt, zone)))];

        // With its offset, an hour that occurs twice is two hours.
        Fill(RetentionReason.KeepHourly, Hourly, time => new DateTimeOffset(time.Year, time.Month, time.Day, time.Hour, 0, 0, time.Offset));
        Fill(RetentionReason.KeepDaily, Daily, time => DateOnly.FromDateTime(time.DateTime));
        Fill(RetentionReason.KeepWeekly, Weekly, time => (ISOWeek.GetYear(time.DateTime), ISOWeek.GetWeekOfYear(time.DateTime)));
        Fill(RetentionReason.KeepMonthly, Monthly, time => (time.Year, time.Month));
        Fill(RetentionReason.KeepYearly, Yearly, time => time.Year);
        return chosen;

        void Fill<TPeriod>(RetentionReason reason, int count, Func<DateTimeOffset, TPeriod> period)
        {
            var seen = new HashSet<TPeriod>();
            foreach ((RetentionPoint point, DateTimeOffset time) in local)
            {
                if (seen.Count == count)
                {
                    break;
                }

                if (seen.Add(period(time)))
                {
                    chosen.TryAdd(point.Guid, reason);
                }
            }
        }
    }
}
