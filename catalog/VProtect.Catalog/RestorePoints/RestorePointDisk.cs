using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>A disk in a restore point (a *backup file* to old clients).</summary>
public sealed record RestorePointDisk : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Restore point.</summary>
    public required Guid RestorePointGuid { get; init; }

    /// <summary>The machine's disk, while it is known.</summary>
    public Guid? MachineDiskGuid { get; init; }

    /// <summary>Identity among the machine's disks.</summary>
    public required string DeviceId { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string Label { get; init; }

    /// <summary>Order, from 0.</summary>
    public int Position { get; init; }

    /// <summary>Size, bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Read from the source, bytes.</summary>
    public long ChangedBytes { get; init; }

    /// <summary>New and after compression, bytes.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Format on the platform.</summary>
    public string? Format { get; init; }

    /// <summary>What gave the changed-block token.</summary>
    public string? TokenKind { get; init; }

    /// <summary>Changed-block token that belongs to this instant.</summary>
    public byte[]? Token { get; init; }

    /// <summary>File systems found on it, as JSON.</summary>
    public string? FileSystems { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
