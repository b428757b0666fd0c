using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Tasks.Requests;

/// <summary>What may be said of any work that is asked for.</summary>
internal abstract record TaskRequest
{
    /// <summary>0 to 100; null for the default.</summary>
    public int? Priority { get; init; }

    /// <summary>Not before.</summary>
    public DateTimeOffset? WindowStart { get; init; }

    /// <summary>Not begun after.</summary>
    public DateTimeOffset? WindowEnd { get; init; }

    /// <summary>Tries after a failure that may pass; null as the policy has it, else none.</summary>
    public int? RetryCount { get; init; }
}

/// <summary>Backs machines up: each to one destination, or as rules of policies say.</summary>
internal sealed record ExportRequest : TaskRequest
{
    /// <summary>Machines.</summary>
    public required IReadOnlyList<Guid> Machines { get; init; }

    /// <summary>How much is read.</summary>
    public required BackupType BackupType { get; init; }

    /// <summary>Where to, without rules; null for the default destination.</summary>
    public Guid? Destination { get; init; }

    /// <summary>Rules whose destinations are used; empty for none.</summary>
    public IReadOnlyList<Guid> Rules { get; init; } = [];

    /// <summary>Schedule that asks; null when a user does.</summary>
    public Guid? Schedule { get; init; }
}

/// <summary>Restores disks to files on a node.</summary>
internal sealed record RestoreRequest : TaskRequest
{
    /// <summary>Restore point.</summary>
    public required Guid Point { get; init; }

    /// <summary>Where to and how.</summary>
    public required FilesParameters Files { get; init; }

    /// <summary>Disks, by their ids in the restore point; empty for all.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>The node whose directory it is; null any.</summary>
    public Guid? Node { get; init; }
}

/// <summary>Restores a machine to a platform.</summary>
internal sealed record ImportRequest : TaskRequest
{
    /// <summary>Restore point.</summary>
    public required Guid Point { get; init; }

    /// <summary>The manager, or the host that stands alone; null for where the machine came from.</summary>
    public Guid? Source { get; init; }

    /// <summary>The host that shall run it; null the platform's choice.</summary>
    public Guid? Hypervisor { get; init; }

    /// <summary>Whether the machine itself is overwritten.</summary>
    public bool Overwrites { get; init; }

    /// <summary>Where to and how; <see cref="ImportParameters.OverwriteUuid"/> and <see cref="ImportParameters.HostUuid"/> are filled in.</summary>
    public ImportParameters Import { get; init; } = new();

    /// <summary>Disks, by their ids in the restore point; empty for all.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];
}

/// <summary>Serves a restore point as disks.</summary>
internal sealed record MountRequest : TaskRequest
{
    /// <summary>Restore point.</summary>
    public required Guid Point { get; init; }

    /// <summary>Disks, by their ids in the restore point; empty for all.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>The node that serves it; null any.</summary>
    public Guid? Node { get; init; }

    /// <summary>NBD or iSCSI.</summary>
    public MountMode Mode { get; init; } = MountMode.Nbd;

    /// <summary>Networks (CIDR) that may connect, none for the node itself; for iSCSI names of initiators besides.</summary>
    public IReadOnlyList<string> AllowedClients { get; init; } = [];

    /// <summary>The credential that initiators must know.</summary>
    public Guid? Chap { get; init; }

    /// <summary>The credential that the target shows.</summary>
    public Guid? MutualChap { get; init; }

    /// <summary>Whether clients may write.</summary>
    public bool IsWritable { get; init; }

    /// <summary>NBD over TLS alone.</summary>
    public bool IsTls { get; init; }

    /// <summary>PEM of the authorities whose certificates clients must show.</summary>
    public string? TlsClientAuthorities { get; init; }

    /// <summary>When it ends by itself; null never.</summary>
    public DateTimeOffset? UnmountAt { get; init; }
}

/// <summary>Starts a machine on a restore point.</summary>
internal sealed record BootRequest : TaskRequest
{
    /// <summary>Restore point.</summary>
    public required Guid Point { get; init; }

    /// <summary>The manager, or the host that stands alone; null for where the machine came from.</summary>
    public Guid? Source { get; init; }

    /// <summary>The host that shall run it; null the platform's choice.</summary>
    public Guid? Hypervisor { get; init; }

    /// <summary>Its name; null for the one it had, with a remark.</summary>
    public string? Name { get; init; }

    /// <summary>Whether its network cards are unplugged.</summary>
    public bool IsIsolated { get; init; } = true;

    /// <summary>Networks, by the platform's id and the position of the card; null as they were.</summary>
    public IReadOnlyDictionary<int, string>? Networks { get; init; }

    /// <summary>The node that serves its disks; null any.</summary>
    public Guid? Node { get; init; }

    /// <summary>When it ends by itself; null never.</summary>
    public DateTimeOffset? UnmountAt { get; init; }
}

/// <summary>Ends a mount.</summary>
internal sealed record UnmountRequest : TaskRequest
{
    /// <summary>Which.</summary>
    public required Guid Mount { get; init; }

    /// <summary>Whether what was written becomes the machine's next restore point.</summary>
    public bool Commits { get; init; }

    /// <summary>A remark kept with that; null none.</summary>
    public string? Label { get; init; }

    /// <summary>Whether the machine that runs on it is kept: its disks are moved to the platform's storage.</summary>
    public bool KeepsMachine { get; init; }

    /// <summary>Where to, by the platform's id; null the platform's choice.</summary>
    public string? StorageUuid { get; init; }
}

/// <summary>Writes files of a mounted backup into a machine that runs.</summary>
internal sealed record FileRestoreRequest : TaskRequest
{
    /// <summary>The mount.</summary>
    public required Guid Mount { get; init; }

    /// <summary>The machine; null for the one that was backed up.</summary>
    public Guid? Machine { get; init; }

    /// <summary>Which files, and where to; <see cref="GuestFilesParameters.Suffix"/> is filled in.</summary>
    public required GuestFilesParameters Files { get; init; }
}

/// <summary>Takes snapshots that stay on the platform.</summary>
internal sealed record SnapshotRequest : TaskRequest
{
    /// <summary>Machines.</summary>
    public required IReadOnlyList<Guid> Machines { get; init; }

    /// <summary>Name; null for one made of the time.</summary>
    public string? Name { get; init; }

    /// <summary>Rule that keeps them; null none.</summary>
    public Guid? Rule { get; init; }

    /// <summary>Schedule that asks; null when a user does.</summary>
    public Guid? Schedule { get; init; }
}

/// <summary>Verifies what a destination stores.</summary>
internal sealed record VerifyRequest : TaskRequest
{
    /// <summary>Destination.</summary>
    public required Guid Destination { get; init; }

    /// <summary>Part of the packs to read, 1 to 100.</summary>
    public int SamplePercent { get; init; } = 100;

    /// <summary>Rate limit; null none.</summary>
    public long? BytesPerSecondMax { get; init; }
}

/// <summary>Work that needs no more than what it is about.</summary>
internal sealed record PlainRequest : TaskRequest;
