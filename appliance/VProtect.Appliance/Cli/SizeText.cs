using System.Globalization;

namespace VProtect.Appliance.Cli;

/// <summary>Bytes, rates and durations as people read them; and sizes as they type them.</summary>
internal static class SizeText
{
    private static readonly string[] _units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Three digits and a binary unit: <c>512 B</c>, <c>1.50 GiB</c>, <c>64.0 MiB</c>.</summary>
    public static string Of(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 999.5 && unit < _units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        string format = unit == 0 || value >= 99.95 ? "0" : value >= 9.995 ? "0.0" : "0.00";
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {_units[unit]}";
    }

    /// <summary><c>512 MiB/s</c>; a dash when no time has passed.</summary>
    public static string Rate(long bytes, TimeSpan duration) =>
        duration <= TimeSpan.Zero ? "-" : Of((long)(bytes / duration.TotalSeconds)) + "/s";

    /// <summary><c>0.84 s</c>, <c>12.3 s</c>, <c>4 min 05 s</c>, <c>3 h 20 min</c>.</summary>
    public static string Of(TimeSpan duration) => duration switch
    {
        { TotalSeconds: < 9.995 } => duration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) + " s",
        { TotalSeconds: < 59.95 } => duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        { TotalSeconds: < 3599.5 } => (duration + TimeSpan.FromSeconds(0.5)).ToString(@"m' min 'ss' s'", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)duration.TotalHours} h {duration.Minutes:00} min"),
    };

    /// <summary>To the second: <c>12 s</c>, <c>4 min 05 s</c>, <c>3 h 20 min</c>.</summary>
    public static string OfWhole(TimeSpan duration) => duration.TotalMinutes < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Ceiling(duration.TotalSeconds)} s")
        : Of(duration);

    /// <summary>How much smaller: <c>2.4x</c>; a dash when there is nothing to compare.</summary>
    public static string Ratio(long plainBytes, long storedBytes) =>
        storedBytes <= 0 || plainBytes <= 0 ? "-" : (plainBytes / (double)storedBytes).ToString("0.0#", CultureInfo.InvariantCulture) + "x";

    /// <summary>A moment in UTC to the second.</summary>
    public static string Of(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + "Z";

    /// <summary>As above, of a moment as records keep it; what is no moment is shown as it is.</summary>
    public static string OfTime(string moment) =>
        DateTimeOffset.TryParse(moment, CultureInfo.InvariantCulture, out DateTimeOffset time) ? Of(time) : moment;

    /// <summary>Reads <c>65536</c>, <c>64K</c>, <c>64KiB</c>, <c>1M</c>, <c>1 GiB</c>: powers of 1024, letters in any case.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        int digits = 0;
        while (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
        {
            digits++;
        }

        int shift = rest[digits..].Trim().ToString().ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KIB" => 10,
            "M" or "MIB" => 20,
            "G" or "GIB" => 30,
            "T" or "TIB" => 40,
            _ => -1,
        };
        if (shift < 0 || !long.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > long.MaxValue >> shift)
        {
            return false;
        }

        bytes = number << shift;
        return true;
    }
}
