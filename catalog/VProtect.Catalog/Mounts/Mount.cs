using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Mounts;

/// <summary>A restore point shown as disks, files or a machine.</summary>
public sealed record Mount : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Restore point; it stays while it is mounted.</summary>
    public required Guid RestorePointGuid { get; init; }

    /// <summary>Node that serves it.</summary>
    public Guid? NodeGuid { get; init; }

    /// <summary>Task that set it up.</summary>
    public Guid? TaskGuid { get; init; }

    /// <summary>How it is shown.</summary>
    public required MountMode Mode { get; init; }

    /// <summary>Where it stands.</summary>
    public MountState State { get; init; }

    /// <summary>When it is taken down by itself; null never.</summary>
    public DateTimeOffset? UnmountAt { get; init; }

    /// <summary>Initiators and addresses that may connect.</summary>
    public IReadOnlyList<string> AllowedClients { get; init; } = [];

    /// <summary>Where it is served.</summary>
    public string? Address { get; init; }

    /// <summary>What was asked for, as JSON.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>User who asked.</summary>
    public Guid? CreatedBy { get; init; }

    /// <summary>Why it failed; of one that is mounted, what is wrong with it now.</summary>
    public string? StatusInfo { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
