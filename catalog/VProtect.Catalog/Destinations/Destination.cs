using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Destinations;

/// <summary>Where restore points are kept.</summary>
public sealed record Destination : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Kind of backend in upper case; an open set.</summary>
    public required string Type { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Identity of the repository there, once it is known.</summary>
    public string? RepositoryId { get; init; }

    /// <summary>Place and settings of the backend, as JSON, without secrets.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>What opens the backend.</summary>
    public Guid? CredentialGuid { get; init; }

    /// <summary>Repository key, sealed by the appliance's key.</summary>
    public byte[]? SealedKey { get; init; }

    /// <summary>Whether on-demand backups go there.</summary>
    public bool IsDefault { get; init; }

    /// <summary>Whether every machine may use it.</summary>
    public bool VisibleForAll { get; init; }

    /// <summary>Projects that may use it when it is not visible for all.</summary>
    public IReadOnlyList<string> Projects { get; init; } = [];

    /// <summary>Whether it was reached.</summary>
    public ConnectionState State { get; init; }

    /// <summary>Why not.</summary>
    public string? StateInfo { get; init; }

    /// <summary>When it was last reached or tried.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Stored by us, bytes.</summary>
    public long UsedBytes { get; init; }

    /// <summary>Free for us, bytes.</summary>
    public long AvailableBytes { get; init; }

    /// <summary>What the restore points hold before deduplication, bytes.</summary>
    public long LogicalBytes { get; init; }

    /// <summary>Kept free, bytes.</summary>
    public long ReserveBytes { get; init; }

    /// <summary>Days for which the store itself refuses deletion; 0 none.</summary>
    public int LockDays { get; init; }

    /// <summary>The appliance that it belongs to, which joined this one; null for its own.</summary>
    public Guid? ApplianceGuid { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
