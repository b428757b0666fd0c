using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Mounts;

/// <summary>A file system of a mount.</summary>
public sealed record MountedFileSystem : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Mount.</summary>
    public required Guid MountGuid { get; init; }

    /// <summary>Disk it lies on.</summary>
    public Guid? DiskGuid { get; init; }

    /// <summary>Its label.</summary>
    public string? Label { get; init; }

    /// <summary>Its kind, as the kernel names it.</summary>
    public required string Type { get; init; }

    /// <summary>Size, bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Used, bytes.</summary>
    public long? UsedBytes { get; init; }

    /// <summary>Where it is mounted on the node.</summary>
    public string? MountPath { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
