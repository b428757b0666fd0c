namespace VProtect.Catalog;

/// <summary>Where the catalog is.</summary>
public sealed record CatalogOptions
{
    /// <summary>Which database; default SQLite.</summary>
    public CatalogProvider Provider { get; init; } = CatalogProvider.Sqlite;

    /// <summary>For SQLite: the file, made when missing. Local disk, not a network share.</summary>
    public string? Path { get; init; }

    /// <summary>For PostgreSQL: Npgsql's connection string. The user must own the schema. Holds a secret: never logged.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>How long SQLite waits for another process that writes; default 30 s. Writers of this process queue without limit.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>SQLite's page cache, bytes, for each connection; default 16 MiB. Connections are as many as sessions were open at once.</summary>
    public long CacheBytes { get; init; } = 16L << 20;
}
