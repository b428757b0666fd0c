using System.Text.Json.Serialization;

namespace VProtect.Abstractions.Nodes;

/// <summary>What work made or found. Travels as JSON; the names in <c>kind</c> are stable.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CheckPlatformResult), "checkPlatform")]
[JsonDerivedType(typeof(InventoryResult), "inventory")]
[JsonDerivedType(typeof(BackupResult), "backup")]
[JsonDerivedType(typeof(RestoreResult), "restore")]
[JsonDerivedType(typeof(SnapshotResult), "snapshot")]
[JsonDerivedType(typeof(RepositoryResult), "repository")]
[JsonDerivedType(typeof(CollectWorkResult), "collect")]
[JsonDerivedType(typeof(VerifyWorkResult), "verify")]
[JsonDerivedType(typeof(MountResult), "mount")]
[JsonDerivedType(typeof(ApplianceBackupResult), "applianceBackup")]
[JsonDerivedType(typeof(GuestFilesResult), "guestFiles")]
public abstract record WorkResult;

/// <summary>Whether a platform can be used, and what is amiss.</summary>
public sealed record CheckPlatformResult(bool IsUsable, string? Product, IReadOnlyList<string> Findings) : WorkResult;

/// <summary>A platform's inventory.</summary>
public sealed record InventoryResult : WorkResult
{
    /// <summary>Hosts.</summary>
    public required IReadOnlyList<FoundHost> Hosts { get; init; }

    /// <summary>Groups of hosts: id and name.</summary>
    public required IReadOnlyList<FoundItem> Clusters { get; init; }

    /// <summary>Storages.</summary>
    public required IReadOnlyList<FoundStorage> Storages { get; init; }

    /// <summary>Networks: id and name.</summary>
    public required IReadOnlyList<FoundItem> Networks { get; init; }

    /// <summary>Machines.</summary>
    public required IReadOnlyList<FoundMachine> Machines { get; init; }
}

/// <summary>Something with the platform's id and a name.</summary>
public sealed record FoundItem(string Id, string Name);

/// <summary>A host.</summary>
public sealed record FoundHost(string Id, string Name, string? ClusterId, bool IsUp);

/// <summary>A storage; bytes are null when unknown.</summary>
public sealed record FoundStorage(string Id, string Name, long? TotalBytes, long? FreeBytes);

/// <summary>A machine; <see cref="Power"/> is <c>Unknown</c>, <c>Running</c>, <c>Off</c> or <c>Paused</c>.</summary>
public sealed record FoundMachine(
    string Uuid, string Name, string? HostId, string Power, IReadOnlyList<string> Tags, IReadOnlyList<FoundDisk> Disks);

/// <summary>A disk; <see cref="Obstacle"/> says why it cannot be backed up.</summary>
public sealed record FoundDisk(string Id, string Name, long SizeBytes, string? StorageId, string? Obstacle);

/// <summary>A restore point that was made. Bytes.</summary>
public sealed record BackupResult(
    string PointId, DateTimeOffset CreatedAt, IReadOnlyList<BackupResultDisk> Disks, IReadOnlyList<string> Warnings) : WorkResult;

/// <summary>A disk of a restore point; <see cref="Mode"/> is <c>full</c>, <c>delta</c> or <c>compare</c>, <see cref="Reason"/> says why not a delta.</summary>
public sealed record BackupResultDisk(
    string Id, string Name, long SizeBytes, string Mode, string? Reason, long ReadBytes, long ChangedBytes, long NewBytes, long StoredBytes);

/// <summary>What was restored.</summary>
/// <param name="MachineUuid">The machine on the platform, or null.</param>
/// <param name="Files">Files on the node, or empty.</param>
/// <param name="WrittenBytes">Bytes written.</param>
/// <param name="Warnings">What the administrator should know.</param>
public sealed record RestoreResult(string? MachineUuid, IReadOnlyList<string> Files, long WrittenBytes, IReadOnlyList<string> Warnings) : WorkResult;

/// <summary>A snapshot that was made.</summary>
public sealed record SnapshotResult(string SnapshotId, DateTimeOffset CreatedAt, bool? IsQuiesced) : WorkResult;

/// <summary>What a repository is and holds.</summary>
/// <param name="RepositoryId">Its identity.</param>
/// <param name="WasCreated">Whether it was made just now.</param>
/// <param name="RecoveryKey">Shown once when it was made encrypted; else null. Never logged.</param>
/// <param name="TotalBytes">Size of the place, or null when it has no end.</param>
/// <param name="FreeBytes">Free space, or null.</param>
/// <param name="UsedBytes">Taken by the repository.</param>
/// <param name="LogicalBytes">Bytes of disk that its restore points present.</param>
/// <param name="Points">All its restore points.</param>
public sealed record RepositoryResult(
    string RepositoryId, bool WasCreated, string? RecoveryKey, long? TotalBytes, long? FreeBytes, long UsedBytes, long LogicalBytes,
    IReadOnlyList<FoundPoint> Points) : WorkResult;

/// <summary>A restore point in a repository.</summary>
/// <param name="PointId">Its id.</param>
/// <param name="History">The name its machine goes by there.</param>
/// <param name="CreatedAt">The instant that it holds.</param>
/// <param name="IsHeld">Whether somebody holds it.</param>
/// <param name="Disks">Its disks.</param>
/// <param name="Label">The remark kept with it: of a backup by an appliance the machine's name; null none.</param>
public sealed record FoundPoint(
    string PointId, string History, DateTimeOffset CreatedAt, bool IsHeld, IReadOnlyList<BackupResultDisk> Disks, string? Label = null);

/// <summary>What a collection freed. Bytes.</summary>
public sealed record CollectWorkResult(int PointsRemoved, long FreedBytes, long CondemnedBytes) : WorkResult;

/// <summary>What a verification found.</summary>
/// <param name="ReadBytes">Bytes read.</param>
/// <param name="BadChunks">Chunks that are damaged.</param>
/// <param name="TouchedPoints">Restore points that need one of them.</param>
public sealed record VerifyWorkResult(long ReadBytes, long BadChunks, IReadOnlyList<string> TouchedPoints) : WorkResult;

/// <summary>Where the disks of a restore point are served.</summary>
/// <param name="EndPoint">IP address and port.</param>
/// <param name="Disks">The disks.</param>
public sealed record MountResult(string EndPoint, IReadOnlyList<MountedDiskResult> Disks) : WorkResult
{
    /// <summary>Networks that may connect, when a platform was added to those that were asked for; null as they were asked for.</summary>
    public IReadOnlyList<string>? AllowedClients { get; init; }
}

/// <summary>A disk that is served.</summary>
/// <param name="Id">Its id in the restore point.</param>
/// <param name="Uri">Its address, <c>nbd://</c> or <c>iscsi://</c>.</param>
/// <param name="SizeBytes">Size, bytes.</param>
/// <param name="IsWritable">Whether clients may write.</param>
public sealed record MountedDiskResult(string Id, string Uri, long SizeBytes, bool IsWritable);

/// <summary>A copy of the appliance that was made.</summary>
/// <param name="PointId">Its restore point.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="CatalogBytes">Size of the catalog, bytes.</param>
/// <param name="StoredBytes">What the copy took in the repository, bytes.</param>
/// <param name="Copies">How many there are now.</param>
public sealed record ApplianceBackupResult(string PointId, DateTimeOffset CreatedAt, long CatalogBytes, long StoredBytes, int Copies) : WorkResult;

/// <summary>Files that were written into a machine.</summary>
/// <param name="Files">Files with content.</param>
/// <param name="Folders">Folders that were made; those that were there do not count.</param>
/// <param name="Links">Symbolic links.</param>
/// <param name="Bytes">Content that was written.</param>
/// <param name="Skipped">What was left as it is: existing files, devices, pipes and sockets.</param>
/// <param name="Left">The first of those, and why.</param>
public sealed record GuestFilesResult(long Files, long Folders, long Links, long Bytes, long Skipped, IReadOnlyList<GuestFileLeft> Left) : WorkResult;

/// <summary>A file that was not written into a machine.</summary>
/// <param name="Path">In the backup.</param>
/// <param name="Reason">Why.</param>
public sealed record GuestFileLeft(string Path, string Reason);
