namespace VProtect.Connectors.Contract;

/// <summary>What a platform holds. References between the lists are ids of the platform.</summary>
public sealed record Inventory
{
    /// <summary>Hosts that run machines.</summary>
    public required IReadOnlyList<InventoryHost> Hosts { get; init; }

    /// <summary>Groups of hosts.</summary>
    public IReadOnlyList<InventoryItem> Clusters { get; init; } = [];

    /// <summary>Places disks can be restored to.</summary>
    public required IReadOnlyList<InventoryStorage> Storages { get; init; }

    /// <summary>Networks that machines can be attached to.</summary>
    public required IReadOnlyList<InventoryItem> Networks { get; init; }

    /// <summary>Machines.</summary>
    public required IReadOnlyList<InventoryMachine> Machines { get; init; }
}

/// <summary>Something with an id and a name.</summary>
/// <param name="Id">The platform's identity, stable.</param>
/// <param name="Name">What the administrator calls it.</param>
public sealed record InventoryItem(string Id, string Name);

/// <summary>A host.</summary>
/// <param name="Id">The platform's identity, stable.</param>
/// <param name="Name">Its name.</param>
/// <param name="ClusterId">The group it belongs to, or null.</param>
/// <param name="IsUp">Whether it runs machines now.</param>
public sealed record InventoryHost(string Id, string Name, string? ClusterId, bool IsUp);

/// <summary>A place for disks.</summary>
/// <param name="Id">The platform's identity, stable.</param>
/// <param name="Name">Its name.</param>
/// <param name="TotalBytes">Its size, or null when unknown.</param>
/// <param name="FreeBytes">Free space, or null when unknown.</param>
public sealed record InventoryStorage(string Id, string Name, long? TotalBytes, long? FreeBytes);

/// <summary>Whether a machine runs.</summary>
public enum PowerState
{
    /// <summary>The platform does not say.</summary>
    Unknown = 0,

    /// <summary>It runs.</summary>
    Running = 1,

    /// <summary>It is switched off.</summary>
    Off = 2,

    /// <summary>It is paused or suspended.</summary>
    Paused = 3,
}

/// <summary>A machine.</summary>
/// <param name="Uuid">The platform's identity, stable over renaming and moving.</param>
/// <param name="Name">Its name.</param>
/// <param name="HostId">The host it is on, or null.</param>
/// <param name="Power">Whether it runs.</param>
/// <param name="Tags">Labels the platform keeps.</param>
/// <param name="Disks">Its disks, in the order the machine sees them.</param>
public sealed record InventoryMachine(
    string Uuid, string Name, string? HostId, PowerState Power, IReadOnlyList<string> Tags, IReadOnlyList<InventoryDisk> Disks);

/// <summary>A disk of a machine.</summary>
/// <param name="Id">The platform's identity within the machine, stable: what restore points call the disk.</param>
/// <param name="Name">What the administrator calls it.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="StorageId">Where it lies, or null.</param>
/// <param name="Obstacle">Why it cannot be backed up, or null when it can.</param>
public sealed record InventoryDisk(string Id, string Name, long SizeBytes, string? StorageId, string? Obstacle);
