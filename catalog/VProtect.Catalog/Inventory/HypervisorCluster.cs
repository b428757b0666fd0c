using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Hypervisors that share machines.</summary>
public sealed record HypervisorCluster : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Identity on the platform.</summary>
    public required string Uuid { get; init; }

    /// <summary>Its manager.</summary>
    public required Guid HypervisorManagerGuid { get; init; }

    /// <summary>Data centre on the platform.</summary>
    public string? DataCenter { get; init; }

    /// <summary>Whether the platform still has it.</summary>
    public bool Present { get; init; } = true;

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
