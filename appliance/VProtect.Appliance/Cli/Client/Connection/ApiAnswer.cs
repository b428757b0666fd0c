using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace VProtect.Appliance.Cli.Client.Connection;

/// <summary>What the server answered.</summary>
/// <param name="Text">The body as it came.</param>
/// <param name="Body">The same, read; undefined when there was none.</param>
/// <param name="Version">The object's ETag, to be sent back with a change; null when it has none.</param>
/// <param name="Total">Rows that match, of a list; null when not told.</param>
/// <param name="Next">Cursor of the next page; null when this was the last.</param>
internal sealed record ApiAnswer(string Text, JsonElement Body, string? Version, long? Total, string? Next)
{
    public static ApiAnswer Of(string text, JsonElement body, HttpResponseHeaders headers) => new(
        text, body, headers.ETag?.ToString(),
        long.TryParse(First(headers, "X-Total-Count"), NumberStyles.None, CultureInfo.InvariantCulture, out long total) ? total : null,
        First(headers, "X-Next-Cursor"));

    private static string? First(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
}
