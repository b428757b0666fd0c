namespace VProtect.Catalog.Sql;

/// <summary>A page of a list.</summary>
/// <param name="Rows">The rows, in order.</param>
/// <param name="Total">Rows of all pages.</param>
/// <param name="Next">For <see cref="ListQuery.After"/> of the next page; null when this is the last.</param>
public sealed record ListPage<TRow>(IReadOnlyList<TRow> Rows, long Total, string? Next);
