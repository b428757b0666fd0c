namespace VProtect.Server.Api.Shared;

/// <summary>Durations and times of day, which are milliseconds in the API.</summary>
internal static class Duration
{
    /// <summary>A thousand years; more is a mistake.</summary>
    private const long MillisecondsMax = 1000L * 366 * 24 * 3600 * 1000;

    /// <exception cref="InvalidFieldException">It is beyond a thousand years.</exception>
    public static TimeSpan? Of(long? milliseconds, string field) => milliseconds switch
    {
        null => null,
        < -MillisecondsMax or > MillisecondsMax => throw new InvalidFieldException(field, "It is out of range.", "Send milliseconds."),
        { } value => TimeSpan.FromMilliseconds(value),
    };

    public static long? In(TimeSpan? span) => span is { } value ? (long)value.TotalMilliseconds : null;
}
