namespace VProtect.Appliance.Cli;

/// <summary>Plain text in columns. No colours, no lines: it pipes well and loads nothing.</summary>
internal static class Listing
{
    /// <summary>Names and values, one pair a line.</summary>
    public static void Write(TextWriter writer, IReadOnlyList<(string Name, string Value)> pairs)
    {
        int width = pairs.Max(pair => pair.Name.Length);
        foreach ((string name, string value) in pairs)
        {
            writer.WriteLine($"{name.PadRight(width)}  {value}");
        }
    }

    /// <summary>A table with a line of headings.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="headings">One for each column; a leading <c>&gt;</c> aligns the column to the right.</param>
    /// <param name="rows">Of as many cells.</param>
    public static void Write(TextWriter writer, IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        bool[] right = [.. headings.Select(heading => heading.StartsWith('>'))];
        string[] titles = [.. headings.Select(heading => heading.TrimStart('>'))];
        int[] widths = [.. titles.Select((title, column) => rows.Select(row => row[column].Length).Append(title.Length).Max())];
        foreach (IReadOnlyList<string> row in rows.Prepend(titles))
        {
            IEnumerable<string> cells = row.Select((cell, column) => right[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            writer.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }
}
