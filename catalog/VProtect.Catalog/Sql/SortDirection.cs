namespace VProtect.Catalog.Sql;

/// <summary>Order of a list.</summary>
public enum SortDirection
{
    /// <summary>Smallest, oldest or first in the alphabet first; rows without a value before all.</summary>
    Asc,

    /// <summary>The reverse.</summary>
    Desc,
}
