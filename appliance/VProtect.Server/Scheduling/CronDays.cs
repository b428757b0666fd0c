namespace VProtect.Server.Scheduling;

/// <summary>
/// The three day fields of a cron expression. As cron has it, a day matches either day field when both are restricted.
/// Beyond it: day of month <c>L</c> is the last day; day of week <c>5#2</c> the second Friday, <c>5L</c> the last one.
/// </summary>
internal sealed class CronDays : IDayPattern
{
    private static readonly string[] MonthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] WeekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private readonly CronField? _daysOfMonth;
    private readonly CronField _months;
    private readonly CronField _weekdays;
    private readonly CalendarDays? _nth;
    private readonly bool _wildDays;

    /// <summary>Reads the fields.</summary>
    /// <exception cref="FormatException">One is wrong; the message says which part.</exception>
    public CronDays(string daysOfMonth, string months, string weekdays)
    {
        _daysOfMonth = daysOfMonth.Equals("L", StringComparison.OrdinalIgnoreCase) ? null : CronField.Parse(daysOfMonth, 1, 31, []);
        _months = CronField.Parse(months, 1, 12, MonthNames);
        (string plain, WeekdayOccurrence? occurrence) = Split(weekdays);
        _weekdays = CronField.Parse(plain, 0, 7, WeekdayNames);
        _nth = occurrence is { } which ? new CalendarDays([], [], [which]) : null;
        _wildDays = _daysOfMonth is { Wild: true } || _weekdays.Wild;
    }

    /// <inheritdoc/>
    public bool Includes(DateOnly day)
    {
        if (!_months[day.Month])
        {
            return false;
        }

        bool ofMonth = _daysOfMonth?[day.Day] ?? day.Day == DateTime.DaysInMonth(day.Year, day.Month);
        int weekday = (int)day.DayOfWeek;

        // Sunday is 0 and 7.
        bool ofWeek = (_weekdays[weekday] || (weekday == 0 && _weekdays[7])) && (_nth?.Includes(day) ?? true);
        return _wildDays ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    private static (string Plain, WeekdayOccurrence? Occurrence) Split(string weekdays)
    {
        int hash = weekdays.IndexOf('#', StringComparison.Ordinal);
        if (hash >= 0)
        {
            return weekdays[(hash + 1)..] is [>= '1' and <= '4' and var n]
                ? (weekdays[..hash], (WeekdayOccurrence)(n - '1'))
                : throw new FormatException($"'{weekdays}' has no number from 1 to 4 after '#'");
        }

        return weekdays.Length > 1 && weekdays[^1] is 'L' or 'l'
            ? (weekdays[..^1], WeekdayOccurrence.LastInMonth)
            : (weekdays, null);
    }
}
