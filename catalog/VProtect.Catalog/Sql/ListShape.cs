using VProtect.Abstractions;

namespace VProtect.Catalog.Sql;

/// <summary>How the rows of a table are listed.</summary>
/// <param name="NameColumn">Column with the name shown for a row; null when rows have none.</param>
/// <param name="Sorts">What it may be sorted by; the first is the table's own order, and columns that lists are limited by have an index with it.</param>
/// <param name="Direction">The table's own direction.</param>
/// <param name="Counts">Ready counts, the smallest first; null when there are none.</param>
internal sealed record ListShape(
    string? NameColumn, IReadOnlyList<SortColumn> Sorts, SortDirection Direction = SortDirection.Asc, IReadOnlyList<CountTable>? Counts = null)
{
    /// <summary>Rows with a name, sorted by it.</summary>
    public static ListShape ByName(params SortColumn[] more) => new("name", [new SortColumn("name", "name_key", Text: true), .. more]);

    /// <summary>Rows without a name, newest first.</summary>
    public static ListShape Newest(params SortColumn[] more) =>
        new(null, [new SortColumn("created", "created_at"), .. more], SortDirection.Desc);

    /// <summary>Rows without a name in the order of a column.</summary>
    public static ListShape By(string column) => new(null, [new SortColumn(column, column)]);

    public SortColumn SortOf(string? orderBy)
    {
        if (string.IsNullOrEmpty(orderBy))
        {
            return Sorts[0];
        }

        return Sorts.FirstOrDefault(sort => string.Equals(sort.Api, orderBy, StringComparison.OrdinalIgnoreCase)) ?? throw new VProtectException(
            ErrorCode.InvalidArgument,
            ErrorSide.Request,
            $"orderBy cannot be '{orderBy}'.",
            $"It may be one of: {string.Join(", ", Sorts.Select(sort => sort.Api))}.");
    }
}
