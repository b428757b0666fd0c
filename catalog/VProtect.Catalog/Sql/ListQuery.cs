namespace VProtect.Catalog.Sql;

/// <summary>Which part of a list is wanted, and in what order. What is in the list at all is said by the table's own filter.</summary>
public sealed record ListQuery
{
    /// <summary>Most rows that a page may have: a page is held in memory.</summary>
    public const int SizeMax = 10_000;

    /// <summary>Number of the page, from 0; ignored when <see cref="After"/> is given.</summary>
    public int Page { get; init; }

    /// <summary>Rows of a page, 1 to <see cref="SizeMax"/>; default 50.</summary>
    public int Size { get; init; } = 50;

    /// <summary>Text that the row's name contains, without regard to case; null or empty for all.</summary>
    public string? Filter { get; init; }

    /// <summary>Field to sort by, as clients call it; null for the table's own order. Unknown ones are refused, and the message tells those that are known.</summary>
    public string? OrderBy { get; init; }

    /// <summary>Order; null for the table's own.</summary>
    public SortDirection? Direction { get; init; }

    /// <summary>
    /// <see cref="ListPage{TRow}.Next"/> of the page before: the cheap way through a long list, and one that neither repeats nor leaves
    /// out rows when others are added. Filter and order must be the same.
    /// </summary>
    public string? After { get; init; }
}
