namespace VProtect.Server.Api.Shared;

/// <summary>Times in the query of a request: Unix milliseconds.</summary>
internal static class TimeParameter
{
    private const long Max = 253_402_300_799_999;

    /// <exception cref="InvalidFieldException">It is no time.</exception>
    public static DateTimeOffset? Parse(string name, long? milliseconds) => milliseconds switch
    {
        null => null,
        < 0 or > Max => throw new InvalidFieldException(name, "It is no time.", "Send milliseconds since 1970-01-01 UTC."),
        { } given => DateTimeOffset.FromUnixTimeMilliseconds(given),
    };
}
