using VProtect.Mover.Store;
using VProtect.Mover.Upkeep;

namespace VProtect.Appliance.Cli;

// The documents of --json. Members are only ever added: scripts read them.

internal sealed record ErrorDocument(ErrorBody Error);

internal sealed record ErrorBody(int Code, string Name, string Message, string Guidance);

internal sealed record InitDocument(string Repository, string Id, bool Encrypted, int ChunkBytes, long PackBytes, string? RecoveryKey);

internal sealed record BackupDocument(
    string RestorePoint, string Machine, long Sequence, string? Parent, string? Label, string Mode, string? Reason, long DurationMs,
    long SizeBytes, long ReadBytes, long ChangedBytes, long NewBytes, long StoredBytes, IReadOnlyList<DiskDocument> Disks,
    IReadOnlyDictionary<string, long> BusyMs);

internal sealed record ListDocument(IReadOnlyList<RestorePointDocument> RestorePoints);

internal sealed record RestorePointDocument(
    string Id, string Machine, long Sequence, DateTimeOffset CreatedAt, long DurationMs, string? Label, string? Parent, long SizeBytes,
    long ChangedBytes, long StoredBytes, IReadOnlyList<DiskDocument> Disks, bool Held, string? HoldReason, DateTimeOffset? HeldAt,
    DateTimeOffset? ForgottenAt)
{
    public static RestorePointDocument Of(RestorePoint point, PointHold? hold, DateTimeOffset? forgottenAt) => new(
        point.Id, point.Machine, point.Sequence, point.CreatedAt, (long)point.Duration.TotalMilliseconds, point.Label, point.Parent,
        point.MachineDisks.Sum(disk => disk.SizeBytes), point.MachineDisks.Sum(disk => disk.ChangedBytes), point.MachineDisks.Sum(disk => disk.StoredBytes),
        [.. point.MachineDisks.Select(DiskDocument.Of)], hold is not null, hold?.Reason, hold?.At, forgottenAt);
}

internal sealed record DiskDocument(
    string Name, long SizeBytes, string Mode, string? Reason, long ReadBytes, long ChangedBytes, long NewBytes, long StoredBytes)
{
    public static DiskDocument Of(RestorePointDisk disk) => new(
        disk.Name, disk.SizeBytes, ModeText.Of(disk.Mode), disk.Reason, disk.ReadBytes, disk.ChangedBytes, disk.NewBytes, disk.StoredBytes);
}

internal sealed record RestoreDocument(
    string RestorePoint, string Machine, string Disk, string Target, bool Differential, long SizeBytes, long WrittenBytes, long EqualBytes,
    long FetchedBytes, long DurationMs);

internal sealed record RecoverDocument(
    string Data, Guid Appliance, long Life, string? RestorePoint, DateTimeOffset? CopiedAt, long Machines, long RestorePoints, long Policies);

internal sealed record MountDocument(string RestorePoint, string Machine, IReadOnlyList<MountedDiskDocument> Disks);

internal sealed record MountedDiskDocument(string Disk, long SizeBytes, string Uri, string? Overlay, long? ChangedBytes);

internal sealed record ForgetDocument(IReadOnlyList<string> Forgotten);

internal sealed record HoldDocument(IReadOnlyList<string> RestorePoints);

internal sealed record InfoDocument(
    string Repository, string Id, string CreatedAt, bool Encrypted, int ChunkBytes, long PackBytes, int Machines, int RestorePoints,
    long SizeBytes, long Packs, long PackedBytes, int FormatVersion, IReadOnlyList<string> Features, long UniqueBytes, double CompressionRatio,
    int Forgotten, int Held, long CondemnedPacks, long CondemnedBytes, long Generation, IReadOnlyList<WriterInfo> Writers,
    int Keys, string? OpenedByKey, long? FreeBytes, long? TotalBytes, long? ReserveBytes, long? BytesPerDay, double? DaysUntilFull);

internal sealed record RebuildIndexDocument(string Repository, int Packs, long Chunks, IReadOnlyList<string> Damaged, long DurationMs);

internal sealed record DiffDocument(
    string Older, string Newer, string Disk, long OlderSizeBytes, long NewerSizeBytes, long DataBytes, long ZeroBytes,
    IReadOnlyList<ExtentDocument> Extents);

internal sealed record ExtentDocument(long OffsetBytes, long LengthBytes, string Kind);

internal sealed record CollectDocument(
    string Repository, long FreedBytes, int RestorePointsRemoved, int RestorePointsCounted, long NodesRead, long PacksLookedAt,
    int PacksRemoved, int PacksCondemned, long CondemnedBytes, long RewrittenBytes, int LeasesBroken, bool HeldBackByWriter,
    bool RewritingCutShort, bool Overtaken, IReadOnlyList<string> Damage)
{
    public static CollectDocument Of(string repository, CollectResult result) => new(
        repository, result.FreedBytes, result.PointsRemoved, result.RestorePointsCounted, result.NodesRead, result.PacksLookedAt,
        result.PacksRemoved, result.PacksCondemned, result.CondemnedBytes, result.RewrittenBytes, result.LeasesBroken,
        result.IsHeldBackByWriter, result.IsRewritingCutShort, result.IsOvertaken, [.. result.Damage.Select(damage => damage.Message)]);
}

internal sealed record KeyListDocument(IReadOnlyList<KeySlotInfo> Keys);

internal sealed record KeyDocument(string? Id, uint? DataKeyEpoch, string? RecoveryKey, string? RemovedId);
