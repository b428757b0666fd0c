using System.Globalization;
using System.Text.Json;

namespace VProtect.Appliance.Cli.Client.Tables;

/// <summary>A column of a table, or a line of what 'show' tells.</summary>
/// <param name="Heading">In words; a leading <c>&gt;</c> aligns to the right.</param>
/// <param name="Read">The cell of an object; null when there is nothing to tell.</param>
/// <param name="Shrinks">Whether it may be cut short where the terminal is narrow.</param>
internal sealed record Column(string Heading, Func<JsonElement, string?> Read, bool Shrinks = false)
{
    public string Cell(JsonElement row) => Read(row) is { Length: > 0 } text ? text.ReplaceLineEndings(" ") : "-";

    /// <summary>The text of a member: of a reference or enumeration its name, of a list its items.</summary>
    public static Column Text(string heading, string path, bool shrinks = false) => new(heading, row => row.Text(path), shrinks);

    /// <summary>An enumeration as a word: <c>finished with warnings</c>.</summary>
    public static Column Word(string heading, string path) => new(heading, row => row.Text(path)?.Replace('_', ' ').ToLowerInvariant());

    public static Column Id(string heading = "id", string path = "guid") => new(heading, row => row.ShortId(path));

    public static Column Bytes(string heading, string path) => new(heading, row => row.Number(path) is { } bytes ? SizeText.Of(bytes) : null);

    public static Column Count(string heading, string path) => new(heading, row =>
        row.Member(path) is { ValueKind: JsonValueKind.Array } items ? items.GetArrayLength().ToString(CultureInfo.InvariantCulture) : row.Text(path));

    public static Column Percent(string heading, string path) => new(heading, row => row.Number(path) is { } percent ? $"{percent} %" : null);

    /// <summary>A moment to the minute, UTC.</summary>
    public static Column Time(string heading, string path) => new(heading, row => row.Time(path) is { } moment ? JsonReading.Minute(moment) : null);

    /// <summary>Milliseconds as a duration.</summary>
    public static Column Duration(string heading, string path) => new(heading, row =>
        row.Number(path) is { } milliseconds ? SizeText.OfWhole(TimeSpan.FromMilliseconds(milliseconds)) : null);

    /// <summary>Milliseconds since midnight UTC as <c>22:30</c>.</summary>
    public static Column Clock(string heading, string path) => new(heading, row =>
        row.Number(path) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds).ToString(@"hh\:mm", CultureInfo.InvariantCulture) : null);
}
