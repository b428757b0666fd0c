namespace VProtect.Server.Scheduling;

/// <summary>Days told by weekday, month and occurrence in the month; an empty list stands for all.</summary>
internal sealed class CalendarDays(
    IReadOnlyCollection<DayOfWeek> weekdays, IReadOnlyCollection<Month> months, IReadOnlyCollection<WeekdayOccurrence> occurrences) : IDayPattern
{
    /// <inheritdoc/>
    public bool Includes(DateOnly day) =>
        (weekdays.Count == 0 || weekdays.Contains(day.DayOfWeek))
        && (months.Count == 0 || months.Contains((Month)day.Month))
        && (occurrences.Count == 0 || occurrences.Any(occurrence => Is(day, occurrence)));

    private static bool Is(DateOnly day, WeekdayOccurrence occurrence) => occurrence == WeekdayOccurrence.LastInMonth
        ? day.Day + 7 > DateTime.DaysInMonth(day.Year, day.Month)
        : (day.Day - 1) / 7 == (int)occurrence;
}
