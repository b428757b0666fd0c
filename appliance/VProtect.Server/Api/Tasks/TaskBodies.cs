using System.Text.Json;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Tasks;

/// <summary>What any request for work may say.</summary>
internal abstract record TaskBody
{
    public int? Priority { get; init; }

    public DateTimeOffset? WindowStart { get; init; }

    public DateTimeOffset? WindowEnd { get; init; }

    public int? RetryCount { get; init; }
}

/// <summary>Backs machines up: to one destination, or as rules say.</summary>
internal sealed record ExportBody : TaskBody
{
    public IReadOnlyList<NameAndGuid>? ProtectedEntities { get; init; }

    /// <summary>Only <c>VM</c> is served.</summary>
    public JsonElement? ProtectedEntityType { get; init; }

    public BackupType? BackupType { get; init; }

    public NameAndGuid? BackupDestination { get; init; }

    public IReadOnlyList<NameAndGuid>? Rules { get; init; }
}

/// <summary>Restores disks to files on a node.</summary>
internal sealed record RestoreBody : TaskBody
{
    public NameAndGuid? Backup { get; init; }

    /// <summary>Absolute path of a directory on the node.</summary>
    public string? RestorePath { get; init; }

    /// <summary><c>raw</c> (default), <c>qcow2</c>, <c>vmdk</c>, <c>vhdx</c> or <c>vhd</c>.</summary>
    public string? Format { get; init; }

    public DiskAllocation? RestoredDiskAllocationFormat { get; init; }

    /// <summary>Backup files to restore; empty for all.</summary>
    public IReadOnlyList<NameAndGuid>? TaskFiles { get; init; }

    public NameAndGuid? Node { get; init; }
}

/// <summary>Whether disks are allocated whole.</summary>
internal enum DiskAllocation
{
    /// <summary>What is zero takes no space.</summary>
    Sparse,

    /// <summary>All of it.</summary>
    Preallocated,
}

/// <summary>Restores a machine to a platform.</summary>
internal sealed record ImportBody : TaskBody
{
    public NameAndGuid? Backup { get; init; }

    public NameAndGuid? Hypervisor { get; init; }

    public NameAndGuid? HypervisorManager { get; init; }

    public string? RestoredPeName { get; init; }

    /// <summary>The storage: ours or the platform's identity.</summary>
    public string? RestoreStorageId { get; init; }

    public string? RestoreClusterId { get; init; }

    public string? RestoreProject { get; init; }

    public JsonElement? DataCenter { get; init; }

    public IReadOnlyList<NameAndGuid>? TaskFiles { get; init; }

    public DiskAllocation? RestoredDiskAllocationFormat { get; init; }

    public bool? Overwrite { get; init; }

    public bool? PowerOnAfterRestore { get; init; }

    public IReadOnlyList<RestoredNetwork>? RestoredNetworks { get; init; }
}

/// <summary>A network that a card of the restored machine is put into.</summary>
/// <param name="Network">The network.</param>
/// <param name="NetworkInterfaceCard">Position of the card, from 0; its place in the list when it is left out.</param>
internal sealed record RestoredNetwork(NameAndGuid? Network, int? NetworkInterfaceCard);

/// <summary>Takes snapshots that stay on the platform.</summary>
internal sealed record SnapshotBody : TaskBody
{
    public IReadOnlyList<NameAndGuid>? ProtectedEntities { get; init; }

    public string? Name { get; init; }

    public NameAndGuid? Rule { get; init; }
}

/// <summary>Takes a machine back to a snapshot.</summary>
internal sealed record SnapshotReversionBody : TaskBody
{
    public NameAndGuid? Snapshot { get; init; }
}

/// <summary>Reads inventories: of those named, or of all platforms.</summary>
internal sealed record InventorySyncBody : TaskBody
{
    public NameAndGuid? Hypervisor { get; init; }

    public NameAndGuid? HypervisorManager { get; init; }

    public IReadOnlyList<NameAndGuid>? Hypervisors { get; init; }

    public IReadOnlyList<NameAndGuid>? HypervisorManagers { get; init; }
}

/// <summary>Removes backups.</summary>
internal sealed record DeleteBody : TaskBody
{
    public NameAndGuid? Backup { get; init; }

    public IReadOnlyList<NameAndGuid>? Backups { get; init; }
}

/// <summary>Verifies what a destination stores.</summary>
internal sealed record VerifyBody : TaskBody
{
    public NameAndGuid? BackupDestination { get; init; }

    /// <summary>Part of the packs to read, 1 to 100; default 100.</summary>
    public int? SamplePercent { get; init; }

    public long? BytesPerSecondMax { get; init; }
}

/// <summary>Keeps a copy of the appliance itself.</summary>
internal sealed record ApplianceBackupBody : TaskBody
{
    /// <summary>Where to; as the settings say when it is left out.</summary>
    public NameAndGuid? BackupDestination { get; init; }
}

/// <summary>Frees space of a destination.</summary>
internal sealed record CollectBody : TaskBody
{
    public NameAndGuid? BackupDestination { get; init; }
}

/// <summary>Serves the disks of a backup.</summary>
internal sealed record MountBody : TaskBody
{
    public NameAndGuid? Backup { get; init; }

    /// <summary>As old clients name the backup.</summary>
    public NameAndGuid? BackupLocation { get; init; }

    /// <summary><c>NBD</c> (default) or <c>ISCSI</c>: the disks are the logical units 1 and up of one target.</summary>
    public JsonElement? Mode { get; init; }

    /// <summary>The node that serves it.</summary>
    public NameAndGuid? Node { get; init; }

    /// <summary>Backup files to serve; empty for all.</summary>
    public IReadOnlyList<NameAndGuid>? MountedDisks { get; init; }

    /// <summary>Networks or addresses that may connect, as in <c>192.0.2.0/24</c>; none for the node itself. For iSCSI names of initiators (<c>iqn.…</c>) too, with <c>chapCredential</c>: they come from those networks, or from anywhere when there are none.</summary>
    public IReadOnlyList<string>? AllowedClients { get; init; }

    /// <summary>iSCSI: the credential that initiators must know (CHAP): a login, and a secret of 12 to 100 characters.</summary>
    public NameAndGuid? ChapCredential { get; init; }

    /// <summary>iSCSI: the credential that the target shows in turn (mutual CHAP), with another login.</summary>
    public NameAndGuid? MutualChapCredential { get; init; }

    /// <summary>NBD: over TLS alone, with the certificate that <c>/server-certificate</c> shows.</summary>
    public bool? Tls { get; init; }

    /// <summary>NBD over TLS: PEM of the authorities whose certificates clients must show; without it clients need none.</summary>
    public string? TlsClientAuthorities { get; init; }

    /// <summary>Whether clients may write. What they write is kept beside the backup until it is unmounted.</summary>
    public bool? Writable { get; init; }

    /// <summary>When it is unmounted by itself, and what was written becomes the machine's next backup; a day from now when it is left out.</summary>
    public DateTimeOffset? UnmountTime { get; init; }
}

/// <summary>Starts a machine from a backup, before it is restored.</summary>
internal sealed record BootBody : TaskBody
{
    public NameAndGuid? Backup { get; init; }

    /// <summary>The host that runs it; where the machine came from when neither is sent.</summary>
    public NameAndGuid? Hypervisor { get; init; }

    public NameAndGuid? HypervisorManager { get; init; }

    /// <summary>Its name; the one it had, with a remark, when it is left out.</summary>
    public string? RestoredPeName { get; init; }

    /// <summary>Whether its network cards are unplugged, so that it disturbs nobody; true when it is left out.</summary>
    public bool? Isolated { get; init; }

    /// <summary>Networks of its cards, of one that is not isolated or is kept later; as they were when they are left out.</summary>
    public IReadOnlyList<RestoredNetwork>? RestoredNetworks { get; init; }

    /// <summary>The node that serves its disks.</summary>
    public NameAndGuid? Node { get; init; }

    /// <summary>When it is shut down by itself, and what it wrote becomes the machine's next backup; never when it is left out.</summary>
    public DateTimeOffset? UnmountTime { get; init; }
}

/// <summary>Ends a mount.</summary>
internal sealed record UnmountBody : TaskBody
{
    public NameAndGuid? MountedBackup { get; init; }

    /// <summary>Whether what was written becomes the machine's next backup; otherwise it is discarded.</summary>
    public bool? Commit { get; init; }

    /// <summary>A remark kept with that backup.</summary>
    public string? Label { get; init; }

    /// <summary>Whether the machine that was started from the backup is kept: its disks are moved to the platform's storage while it runs. Otherwise it is removed.</summary>
    public bool? Keep { get; init; }

    /// <summary>The storage for that: ours or the platform's identity; the platform's choice when it is left out.</summary>
    public string? RestoreStorageId { get; init; }
}

/// <summary>Another priority.</summary>
internal sealed record PriorityBody(int? Priority);
