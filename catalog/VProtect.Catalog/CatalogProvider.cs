namespace VProtect.Catalog;

/// <summary>The database that holds the catalog.</summary>
public enum CatalogProvider
{
    /// <summary>A file of this appliance; the default.</summary>
    Sqlite,

    /// <summary>PostgreSQL, for a control plane of several machines.</summary>
    PostgreSql,
}
