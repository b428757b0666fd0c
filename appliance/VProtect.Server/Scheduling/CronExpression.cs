namespace VProtect.Server.Scheduling;

/// <summary>
/// Five fields as crontab(5) has them: minute, hour, day of month, month, day of week; or <c>@hourly</c>, <c>@daily</c>,
/// <c>@weekly</c>, <c>@monthly</c>, <c>@yearly</c>. <see cref="CronDays"/> tells what the day fields may hold beyond that.
/// </summary>
internal sealed class CronExpression
{
    private CronExpression(IDayPattern days, IReadOnlyList<TimeSpan> times, bool repeats)
    {
        Days = days;
        Times = times;
        Repeats = repeats;
    }

    /// <summary>Days on which it runs.</summary>
    public IDayPattern Days { get; }

    /// <summary>Times of such a day, ascending; at least one.</summary>
    public IReadOnlyList<TimeSpan> Times { get; }

    /// <summary>Whether the hour is <c>*</c>: it means "every so often", not certain times of day.</summary>
    public bool Repeats { get; }

    /// <summary>Reads an expression.</summary>
    /// <exception cref="FormatException">It is none; the message names the field and the part.</exception>
    public static CronExpression Parse(string text)
    {
        string[] fields = Spelled(text.Trim()).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
        {
            throw new FormatException($"it has {fields.Length} fields, not 5");
        }

        CronField minutes = CronField.Parse(fields[0], 0, 59, []);
        CronField hours = CronField.Parse(fields[1], 0, 23, []);
        IEnumerable<TimeSpan> times =
            from hour in Enumerable.Range(0, 24)
            where hours[hour]
            from minute in Enumerable.Range(0, 60)
            where minutes[minute]
            select new TimeSpan(hour, minute, seconds: 0);
        return new CronExpression(new CronDays(fields[2], fields[3], fields[4]), [.. times], hours.Wild);
    }

    private static string Spelled(string text) => text.ToUpperInvariant() switch
    {
        "@HOURLY" => "0 * * * *",
        "@DAILY" or "@MIDNIGHT" => "0 0 * * *",
        "@WEEKLY" => "0 0 * * 0",
        "@MONTHLY" => "0 0 1 * *",
        "@YEARLY" or "@ANNUALLY" => "0 0 1 1 *",
        _ => text,
    };
}
