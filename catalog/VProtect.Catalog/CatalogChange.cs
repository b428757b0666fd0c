namespace VProtect.Catalog;

/// <summary>What happened to a row.</summary>
public enum CatalogChangeKind
{
    /// <summary>It is new.</summary>
    Inserted,

    /// <summary>It is different.</summary>
    Updated,

    /// <summary>It is gone.</summary>
    Deleted,

    /// <summary>Changes were missed, or many rows changed at once: read the table again. The row is not named.</summary>
    Reset,
}

/// <summary>A change that has been committed.</summary>
/// <param name="Table">Name of the table; empty for a <see cref="CatalogChangeKind.Reset"/> of all.</param>
/// <param name="Guid">Row; <see cref="Guid.Empty"/> when it is not named.</param>
/// <param name="Kind">What happened.</param>
public readonly record struct CatalogChange(string Table, Guid Guid, CatalogChangeKind Kind);
