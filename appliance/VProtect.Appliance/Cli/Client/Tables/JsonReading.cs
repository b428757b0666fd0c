using System.Globalization;
using System.Text.Json;

namespace VProtect.Appliance.Cli.Client.Tables;

/// <summary>Reads answers of the API: what is not there is null, never an exception, so that a newer or older server can be listed.</summary>
internal static class JsonReading
{
    /// <summary>A member by its dotted path; undefined when it, or anything on the way, is not there.</summary>
    public static JsonElement Member(this JsonElement element, string path)
    {
        foreach (string name in path.Split('.'))
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return default;
            }
        }

        return element;
    }

    /// <summary>As text: of a reference or an enumeration its name; null when there is none.</summary>
    public static string? Text(this JsonElement element, string path)
    {
        JsonElement member = element.Member(path);
        return member.ValueKind switch
        {
            JsonValueKind.String => member.GetString(),
            JsonValueKind.Number => member.GetRawText(),
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            JsonValueKind.Object => member.Text("name") ?? member.Text("guid"),
            JsonValueKind.Array => string.Join(", ", member.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object ? item.Text("name") ?? item.Text("guid") : item.ToString())),
            _ => null,
        };
    }

    public static long? Number(this JsonElement element, string path) =>
        element.Member(path) is { ValueKind: JsonValueKind.Number } member ? member.TryGetInt64(out long value) ? value : (long)member.GetDouble() : null;

    public static bool IsTrue(this JsonElement element, string path) => element.Member(path).ValueKind == JsonValueKind.True;

    /// <summary>Of Unix milliseconds.</summary>
    public static DateTimeOffset? Time(this JsonElement element, string path) =>
        element.Number(path) is { } milliseconds and > 0 and < 253_402_300_800_000 ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>The items of an array; none when it is not there.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string path)
    {
        JsonElement member = path.Length == 0 ? element : element.Member(path);
        return member.ValueKind == JsonValueKind.Array ? member.EnumerateArray() : [];
    }

    /// <summary>The last 8 digits of a guid, which are random: what people type for things without a name.</summary>
    public static string ShortId(this JsonElement element, string path = "guid") => element.Text(path) is { Length: >= 8 } guid ? guid[^8..] : "-";

    /// <summary>A moment to the minute, UTC.</summary>
    public static string Minute(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
