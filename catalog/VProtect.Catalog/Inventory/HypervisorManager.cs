using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>A management end point of a platform.</summary>
public sealed record HypervisorManager : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Platform, as its connector is called in upper case; an open set.</summary>
    public required string Platform { get; init; }

    /// <summary>Address of its API.</summary>
    public required string Url { get; init; }

    /// <summary>What opens it.</summary>
    public Guid? CredentialGuid { get; init; }

    /// <summary>Nodes that may talk to it; all when null.</summary>
    public Guid? NodeConfigGuid { get; init; }

    /// <summary>Settings of the connector, as JSON.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>Whether it was reached.</summary>
    public ConnectionState State { get; init; }

    /// <summary>Why not.</summary>
    public string? StateInfo { get; init; }

    /// <summary>When it was last reached.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>When its inventory was last read.</summary>
    public DateTimeOffset? SyncedAt { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
