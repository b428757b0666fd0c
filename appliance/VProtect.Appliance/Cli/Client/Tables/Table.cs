using System.Text.Json;

namespace VProtect.Appliance.Cli.Client.Tables;

/// <summary>Objects as lines of a table that fits the terminal: where it is too narrow, columns that may be cut are, the widest first.</summary>
internal static class Table
{
    private const int WidthMin = 8;

    /// <param name="writer">Where to.</param>
    /// <param name="columns">What to show.</param>
    /// <param name="rows">Objects of the API.</param>
    /// <param name="width">Of the terminal; null when nobody looks, then nothing is cut.</param>
    public static void Write(TextWriter writer, IReadOnlyList<Column> columns, IReadOnlyList<JsonElement> rows, int? width)
    {
        string[][] cells = [.. rows.Select(row => columns.Select(column => column.Cell(row)).ToArray())];
        int[] widths = [.. columns.Select((column, at) => cells.Select(row => row[at].Length).Append(column.Heading.TrimStart('>').Length).Max())];
        Shrink(columns, widths, width);
        Listing.Write(writer, [.. columns.Select(column => column.Heading)], [.. cells.Select(row => row.Select((cell, at) => Cut(cell, widths[at])).ToArray())]);
    }

    /// <summary>One object, a line for each thing to tell; what is not there is left out.</summary>
    public static void WriteOne(TextWriter writer, IReadOnlyList<Column> columns, JsonElement row)
    {
        List<(string, string)> pairs = [.. columns
            .Select(column => (Name: column.Heading.TrimStart('>'), Value: column.Read(row)))
            .Where(pair => pair.Value is { Length: > 0 }).Select(pair => (pair.Name, pair.Value!.ReplaceLineEndings(" ")))];
        if (pairs.Count > 0)
        {
            Listing.Write(writer, pairs);
        }
    }

    private static void Shrink(IReadOnlyList<Column> columns, int[] widths, int? width)
    {
        int excess = widths.Sum() + (2 * (widths.Length - 1)) - (width ?? int.MaxValue);
        while (excess-- > 0)
        {
            int widest = -1;
            for (int at = 0; at < widths.Length; at++)
            {
                if (columns[at].Shrinks && widths[at] > WidthMin && (widest < 0 || widths[at] > widths[widest]))
                {
                    widest = at;
                }
            }

            if (widest < 0)
            {
                return;
            }

            widths[widest]--;
        }
    }

    private static string Cut(string cell, int width) => cell.Length <= width ? cell : cell[..(width - 1)] + "…";
}
