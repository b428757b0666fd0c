using System.Text.Json.Serialization;

namespace VProtect.Abstractions.Nodes;

/// <summary>What a node can be told to do. Travels as JSON; the names in <c>kind</c> are stable.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CheckPlatformWork), "checkPlatform")]
[JsonDerivedType(typeof(InventoryWork), "inventory")]
[JsonDerivedType(typeof(BackupWork), "backup")]
[JsonDerivedType(typeof(RestoreFilesWork), "restoreFiles")]
[JsonDerivedType(typeof(RestoreMachineWork), "restoreMachine")]
[JsonDerivedType(typeof(CreateSnapshotWork), "createSnapshot")]
[JsonDerivedType(typeof(RevertSnapshotWork), "revertSnapshot")]
[JsonDerivedType(typeof(RemoveSnapshotsWork), "removeSnapshots")]
[JsonDerivedType(typeof(OpenRepositoryWork), "openRepository")]
[JsonDerivedType(typeof(ForgetWork), "forget")]
[JsonDerivedType(typeof(CollectWork), "collect")]
[JsonDerivedType(typeof(VerifyWork), "verify")]
[JsonDerivedType(typeof(CleanUpWork), "cleanUp")]
[JsonDerivedType(typeof(MountWork), "mount")]
[JsonDerivedType(typeof(UnmountWork), "unmount")]
[JsonDerivedType(typeof(ApplianceBackupWork), "applianceBackup")]
[JsonDerivedType(typeof(RestoreIntoGuestWork), "restoreIntoGuest")]
public abstract record Work;

/// <summary>A platform to connect to. <see cref="Secret"/> is never logged.</summary>
public sealed record PlatformReference(
    string Guid, string Platform, string Address, string Login, string? Secret, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>The address only.</summary>
    public override string ToString() => $"{Platform} {Address}";
}

/// <summary>A repository to open. <see cref="Secret"/> is never logged.</summary>
/// <param name="Guid">The backup destination.</param>
/// <param name="Location">As <c>vprotect --repo</c> takes it.</param>
/// <param name="Secret">Pass phrase, or null when it is not encrypted.</param>
/// <param name="ReserveBytes">Space that backups leave free; null for the default.</param>
/// <param name="Key">The key of its bucket; null: what the node finds, or it lies in no bucket.</param>
public sealed record RepositoryReference(string Guid, string Location, string? Secret, long? ReserveBytes, BucketKey? Key = null)
{
    /// <summary>Which appliance asks: what writes fails when a later life of it, or a twin that was first, has left a copy there. Null for none, or an older server.</summary>
    public ApplianceIdentity? Appliance { get; init; }

    /// <summary>The location only.</summary>
    public override string ToString() => Location;
}

/// <summary>As whom a bucket is used. <see cref="Secret"/> is never logged.</summary>
/// <param name="Id">Id of the access key.</param>
/// <param name="Secret">The secret access key.</param>
public sealed record BucketKey(string Id, string Secret)
{
    /// <summary>The id only.</summary>
    public override string ToString() => Id;
}

/// <summary>A command run before or after something: an argument vector, never a shell line.</summary>
/// <param name="Arguments">Program and arguments.</param>
/// <param name="InGuest">In the machine, or on the node.</param>
/// <param name="Timeout">After which it is given up.</param>
/// <param name="IgnoredExitCodes">Codes that are no failure besides 0.</param>
/// <param name="StandardError">What text on standard error means: <c>DONT_IGNORE</c>, <c>IGNORE_WITH_WARNING</c>, <c>IGNORE_WITHOUT_WARNING</c>.</param>
/// <param name="Shell">How to get into the machine over SSH; null for the platform's guest agent.</param>
public sealed record CommandHook(
    IReadOnlyList<string> Arguments, bool InGuest, TimeSpan Timeout, IReadOnlyList<int> IgnoredExitCodes, string StandardError, GuestShell? Shell = null);

/// <summary>A machine's SSH server. <see cref="Secret"/> is never logged.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">Port.</param>
/// <param name="User">As whom.</param>
/// <param name="KeyPath">Path of a private key on the node, or null.</param>
/// <param name="Secret">Password or private key (PEM), or null.</param>
public sealed record GuestShell(string Host, int Port, string User, string? KeyPath, string? Secret)
{
    /// <summary>The address only.</summary>
    public override string ToString() => $"{User}@{Host}:{Port}";
}

/// <summary>Looks whether a platform can be used. Result: <see cref="CheckPlatformResult"/>.</summary>
public sealed record CheckPlatformWork(PlatformReference Platform) : Work;

/// <summary>Reads the inventory of a platform. Result: <see cref="InventoryResult"/>.</summary>
public sealed record InventoryWork(PlatformReference Platform) : Work;

/// <summary>Backs a machine up. Result: <see cref="BackupResult"/>.</summary>
public sealed record BackupWork : Work
{
    /// <summary>Where the machine runs.</summary>
    public required PlatformReference Platform { get; init; }

    /// <summary>The machine's identity on the platform.</summary>
    public required string MachineUuid { get; init; }

    /// <summary>The name its restore points go by in the repository; never changes.</summary>
    public required string History { get; init; }

    /// <summary>Its name now, for people.</summary>
    public required string MachineName { get; init; }

    /// <summary>Where to.</summary>
    public required RepositoryReference Repository { get; init; }

    /// <summary>Whether to read everything.</summary>
    public required bool IsFull { get; init; }

    /// <summary>Disks left out, by the platform's id.</summary>
    public IReadOnlyList<string> ExcludedDisks { get; init; } = [];

    /// <summary><c>No</c>, <c>Try</c> or <c>Require</c>.</summary>
    public string Quiesce { get; init; } = "Try";

    /// <summary>Run before the snapshot; its failure fails the backup.</summary>
    public CommandHook? Before { get; init; }

    /// <summary>Run after the snapshot, whatever became of it; its failure is a warning.</summary>
    public CommandHook? After { get; init; }

    /// <summary>What commands find in their environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>Restores disks to files on the node. Result: <see cref="RestoreResult"/>.</summary>
public sealed record RestoreFilesWork(
    RepositoryReference Repository, string PointId, IReadOnlyList<string> Disks, string Directory, string Format, bool IsSparse) : Work;

/// <summary>Restores a machine to a platform. Result: <see cref="RestoreResult"/>.</summary>
public sealed record RestoreMachineWork : Work
{
    /// <summary>From.</summary>
    public required RepositoryReference Repository { get; init; }

    /// <summary>Which restore point.</summary>
    public required string PointId { get; init; }

    /// <summary>Disks to restore, by id; empty for all.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>To.</summary>
    public required PlatformReference Platform { get; init; }

    /// <summary>Name of the new machine; null for the one it had.</summary>
    public string? Name { get; init; }

    /// <summary>The machine to overwrite, or null for a new one.</summary>
    public string? OverwriteMachineUuid { get; init; }

    /// <summary>Host, by the platform's id.</summary>
    public string? HostId { get; init; }

    /// <summary>Storage, by the platform's id.</summary>
    public string? StorageId { get; init; }

    /// <summary>Networks by position of the network card.</summary>
    public IReadOnlyDictionary<int, string> Networks { get; init; } = new Dictionary<int, string>();

    /// <summary>Whether disks are allocated whole.</summary>
    public bool IsPreallocated { get; init; }

    /// <summary>Whether to start it afterwards.</summary>
    public bool PowersOn { get; init; }
}

/// <summary>Creates a snapshot on the platform. Result: <see cref="SnapshotResult"/>.</summary>
public sealed record CreateSnapshotWork(PlatformReference Platform, string MachineUuid, string Name, string Quiesce) : Work;

/// <summary>Sets a machine back to a snapshot. Result: none.</summary>
public sealed record RevertSnapshotWork(PlatformReference Platform, string MachineUuid, string SnapshotId) : Work;

/// <summary>Removes snapshots. Result: none; one that is gone already is no failure.</summary>
public sealed record RemoveSnapshotsWork(PlatformReference Platform, string MachineUuid, IReadOnlyList<string> SnapshotIds) : Work;

/// <summary>Opens a repository, or makes one when none is there. Result: <see cref="RepositoryResult"/>.</summary>
public sealed record OpenRepositoryWork(RepositoryReference Repository, bool CreatesIfMissing) : Work;

/// <summary>Forgets restore points. Result: none; one that is gone already is no failure, one that is held is.</summary>
public sealed record ForgetWork(RepositoryReference Repository, IReadOnlyList<string> PointIds) : Work;

/// <summary>Collects garbage. Result: <see cref="CollectWorkResult"/>.</summary>
public sealed record CollectWork(RepositoryReference Repository) : Work;

/// <summary>Verifies. Result: <see cref="VerifyWorkResult"/>.</summary>
/// <param name="Repository">Which.</param>
/// <param name="SamplePercent">Part of the packs to read, 1 to 100.</param>
/// <param name="BytesPerSecondMax">Rate limit, or null.</param>
public sealed record VerifyWork(RepositoryReference Repository, int SamplePercent, long? BytesPerSecondMax) : Work;

/// <summary>Removes what killed tasks left on a platform. Result: none; each thing removed is a line of the log.</summary>
public sealed record CleanUpWork(PlatformReference Platform, IReadOnlyList<string> RunningTasks) : Work;

/// <summary>
/// Serves the disks of a restore point over NBD or iSCSI, until it is unmounted or the node ends. Meanwhile the restore point is held in its repository. One that is
/// served already is told again. Result: <see cref="MountResult"/>.
/// </summary>
public sealed record MountWork : Work
{
    /// <summary>From.</summary>
    public required RepositoryReference Repository { get; init; }

    /// <summary>Which restore point.</summary>
    public required string PointId { get; init; }

    /// <summary>Identity of the mount.</summary>
    public required string MountGuid { get; init; }

    /// <summary>Disks, by id; empty for all.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>Where it was served before, IP address and port; null for a free port.</summary>
    public string? EndPoint { get; init; }

    /// <summary>Networks (CIDR) that may connect; empty for this machine only.</summary>
    public IReadOnlyList<string> AllowedClients { get; init; } = [];

    /// <summary>Whether clients may write: into an overlay, which is kept until it is unmounted.</summary>
    public bool IsWritable { get; init; }

    /// <summary>Over iSCSI, as the logical units of one target, in place of NBD; null for NBD.</summary>
    public IscsiAccess? Iscsi { get; init; }

    /// <summary>A machine that is started on the disks, on a platform which then is the client; null for none. Writable, and over NBD.</summary>
    public BootWork? Boot { get; init; }

    /// <summary>NBD over TLS alone, with the node's certificate.</summary>
    public bool IsTls { get; init; }

    /// <summary>With TLS: PEM of the authorities whose certificates clients must show; null for none.</summary>
    public string? TlsClientAuthorities { get; init; }
}

/// <summary>A machine that is started on the disks of a mount.</summary>
public sealed record BootWork
{
    /// <summary>Where.</summary>
    public required PlatformReference Platform { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether its network cards are unplugged.</summary>
    public bool IsIsolated { get; init; } = true;

    /// <summary>Networks by position of the network card.</summary>
    public IReadOnlyDictionary<int, string> Networks { get; init; } = new Dictionary<int, string>();

    /// <summary>Whether it was started before: then one that its users have shut down stays so, and a platform that is away is no failure.</summary>
    public bool IsAgain { get; init; }
}

/// <summary>Ends a mount and removes its overlay, and before that the machine that was started on it. What is not served any more is only cleaned up. Result: none.</summary>
/// <param name="Repository">Where the restore point is.</param>
/// <param name="PointId">Which.</param>
/// <param name="MountGuid">Identity of the mount.</param>
/// <param name="Commits">Whether what was written becomes the machine's next restore point first.</param>
/// <param name="Label">A remark kept with that; null for none.</param>
public sealed record UnmountWork(RepositoryReference Repository, string PointId, string MountGuid, bool Commits, string? Label) : Work
{
    /// <summary>The platform on which a machine was started; null for none.</summary>
    public PlatformReference? BootedOn { get; init; }

    /// <summary>Whether that machine is kept: its disks are moved to the platform's storage first.</summary>
    public bool KeepsMachine { get; init; }

    /// <summary>Where to, by the platform's id; null for the platform's choice.</summary>
    public string? StorageId { get; init; }
}

/// <summary>Writes files of a mount into a machine that runs, through its guest agent. Result: <see cref="GuestFilesResult"/>.</summary>
public sealed record RestoreIntoGuestWork : Work
{
    /// <summary>The mount whose files they are; this node serves it.</summary>
    public required string MountGuid { get; init; }

    /// <summary>The volume, by <see cref="GuestVolume.Id"/>.</summary>
    public required string Volume { get; init; }

    /// <summary>Files and folders in it, with all that is in those, as listings write paths.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Where the machine runs.</summary>
    public required PlatformReference Platform { get; init; }

    /// <summary>The machine's identity on the platform.</summary>
    public required string MachineUuid { get; init; }

    /// <summary>The folder in the machine that receives them, absolute; null for where they were, if the machine has that file system mounted.</summary>
    public string? Folder { get; init; }

    /// <summary>What becomes of files that are there already: <c>KEEP</c>, <c>REPLACE</c>, or <c>RENAME</c>, which gives what is restored another name.</summary>
    public string Existing { get; init; } = "KEEP";

    /// <summary>What names are given then, after the name.</summary>
    public string Suffix { get; init; } = " (restored)";

    /// <summary>Whether set-user-id and set-group-id bits are restored too.</summary>
    public bool KeepsPrivileges { get; init; }
}

/// <summary>
/// Keeps a copy of the appliance itself in a repository, which must be encrypted, and forgets the oldest ones. Only the node beside the server can.
/// Result: <see cref="ApplianceBackupResult"/>.
/// </summary>
/// <param name="Repository">Where to.</param>
/// <param name="Identity">Whose copy it is: one of a later life there means that this appliance was recovered elsewhere, and the work fails.</param>
/// <param name="CopiesMax">Copies to keep, 2 at least.</param>
public sealed record ApplianceBackupWork(RepositoryReference Repository, ApplianceIdentity Identity, int CopiesMax) : Work;
