using VProtect.Mover.Store;

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
