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
    long ChangedBytes, long StoredBytes, IReadOnlyList<DiskDocument> Disks)
{
    public static RestorePointDocument Of(RestorePoint point) => new(
        point.Id, point.Machine, point.Sequence, point.CreatedAt, (long)point.Duration.TotalMilliseconds, point.Label, point.Parent,
        point.Disks.Sum(disk => disk.SizeBytes), point.Disks.Sum(disk => disk.ChangedBytes), point.Disks.Sum(disk => disk.StoredBytes),
        [.. point.Disks.Select(DiskDocument.Of)]);
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

internal sealed record ForgetDocument(IReadOnlyList<string> Forgotten);

internal sealed record InfoDocument(
    string Repository, string Id, string CreatedAt, bool Encrypted, int ChunkBytes, long PackBytes, int Machines, int RestorePoints,
    long SizeBytes, long Packs, long PackedBytes);

internal sealed record RebuildIndexDocument(string Repository, int Packs, long Chunks, IReadOnlyList<string> Damaged, long DurationMs);

internal sealed record DiffDocument(
    string Older, string Newer, string Disk, long OlderSizeBytes, long NewerSizeBytes, long DataBytes, long ZeroBytes,
    IReadOnlyList<ExtentDocument> Extents);

internal sealed record ExtentDocument(long OffsetBytes, long LengthBytes, string Kind);

internal sealed record VerifyDocument(
    string Repository, bool Sound, int Packs, int RestorePoints, long CheckedBytes, long DurationMs,
    IReadOnlyList<AffectedDocument> Affected, IReadOnlyList<DamagedChunkDocument> DamagedChunks, IReadOnlyList<string> Faults,
    IReadOnlyList<string> Unreadable)
{
    public static VerifyDocument Of(string repository, VerifyResult result, TimeSpan duration) => new(
        repository, result.IsSound, result.Packs, result.RestorePoints, result.CheckedBytes, (long)duration.TotalMilliseconds,
        [.. result.Affected.Select(point => new AffectedDocument(point.Id, point.Machine, point.Sequence, point.CreatedAt, point.Disk))],
        [.. result.DamagedChunks.Select(chunk => new DamagedChunkDocument(chunk.Id.ToString(), chunk.Pack.ToString(), chunk.OffsetBytes, chunk.Fault))],
        result.Faults, result.Unreadable);
}

internal sealed record AffectedDocument(string Id, string Machine, long Sequence, DateTimeOffset CreatedAt, string Disk);

internal sealed record DamagedChunkDocument(string Id, string Pack, long OffsetBytes, string Fault);

internal sealed record CollectDocument(
    string Repository, long FreedBytes, int RestorePointsRemoved, int PacksRemoved, int PacksCondemned, long CondemnedBytes,
    long RewrittenBytes, int LeasesBroken, bool HeldBackByWriter)
{
    public static CollectDocument Of(string repository, CollectResult result) => new(
        repository, result.FreedBytes, result.PointsRemoved, result.PacksRemoved, result.PacksCondemned, result.CondemnedBytes,
        result.RewrittenBytes, result.LeasesBroken, result.IsHeldBackByWriter);
}

internal sealed record KeyListDocument(IReadOnlyList<KeySlotInfo> Keys);

internal sealed record KeyDocument(string? Id, uint? DataKeyEpoch, string? RecoveryKey);
