namespace VProtect.Catalog.Sql;

/// <summary>A column that a list may be sorted by; it has an index with <c>guid</c> behind it.</summary>
/// <param name="Api">Field as clients call it.</param>
/// <param name="Column">Column; only names in our code get here.</param>
/// <param name="Nullable">Whether it may be null.</param>
/// <param name="Text">Whether it is text; else a number.</param>
internal sealed record SortColumn(string Api, string Column, bool Nullable = false, bool Text = false);
