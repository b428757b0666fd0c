using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>A disk of a machine.</summary>
public sealed record MachineDisk : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Machine.</summary>
    public required Guid MachineGuid { get; init; }

    /// <summary>Identity among the machine's disks.</summary>
    public required string DeviceId { get; init; }

    /// <summary>Identity on the platform, if it has one.</summary>
    public string? Uuid { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string Label { get; init; }

    /// <summary>Order on the machine, from 0.</summary>
    public int Position { get; init; }

    /// <summary>Size, bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Where it lies.</summary>
    public Guid? StorageGuid { get; init; }

    /// <summary>Format on the platform.</summary>
    public string? Format { get; init; }

    /// <summary>Whether backups leave it out.</summary>
    public bool Excluded { get; init; }

    /// <summary>Why.</summary>
    public string? ExcludeReason { get; init; }

    /// <summary>Whether the machine still has it.</summary>
    public bool Present { get; init; } = true;

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
