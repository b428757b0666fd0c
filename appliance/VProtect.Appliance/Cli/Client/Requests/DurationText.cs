using System.Globalization;

namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>Durations as people type them.</summary>
internal static class DurationText
{
    public const string Form = "Write it as 45s, 30m, 12h or 90d.";

    /// <summary>Reads <c>45s</c>, <c>30m</c>, <c>12h</c>, <c>90d</c>.</summary>
    public static bool TryParse(string text, out TimeSpan span)
    {
        span = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return false;
        }

        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        if (unit is null || number > 36_500)
        {
            return false;
        }

        span = unit.Value * number;
        return true;
    }
}
