using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>A host that runs machines.</summary>
public sealed record Hypervisor : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Identity on the platform.</summary>
    public string? Uuid { get; init; }

    /// <summary>Name or address.</summary>
    public required string Host { get; init; }

    /// <summary>Platform, as its connector is called in upper case; an open set.</summary>
    public required string Platform { get; init; }

    /// <summary>Its manager; null when it stands alone.</summary>
    public Guid? HypervisorManagerGuid { get; init; }

    /// <summary>Its cluster.</summary>
    public Guid? ClusterGuid { get; init; }

    /// <summary>Data centre on the platform.</summary>
    public string? DataCenter { get; init; }

    /// <summary>What opens it.</summary>
    public Guid? CredentialGuid { get; init; }

    /// <summary>Path of a private key on the node.</summary>
    public string? SshKeyPath { get; init; }

    /// <summary>Nodes that may talk to it; all when null.</summary>
    public Guid? NodeConfigGuid { get; init; }

    /// <summary>Address for data when it differs.</summary>
    public string? TransferAddress { get; init; }

    /// <summary>How disks are read, as the connector names it.</summary>
    public string? ExportMode { get; init; }

    /// <summary>Kind of its storage, as the connector names it.</summary>
    public string? StorageType { get; init; }

    /// <summary>Settings of the connector, as JSON.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>Whether it was reached.</summary>
    public ConnectionState State { get; init; }

    /// <summary>Why not.</summary>
    public string? StateInfo { get; init; }

    /// <summary>When it was last reached.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>Whether the platform still has it.</summary>
    public bool Present { get; init; } = true;

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
