using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Documents;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>How a disk was read for a restore point. Persisted by name.</summary>
public enum BackupMode
{
    /// <summary>There was nothing to compare with: every extent with data was read.</summary>
    Full = 0,

    /// <summary>The source told what changed: only that was read.</summary>
    Delta = 1,

    /// <summary>Everything was read and compared; only differences were stored.</summary>
    Compare = 2,
}

/// <summary>A restore point: a machine's disks at one instant. Stands alone: needs no other restore point.</summary>
public sealed record RestorePoint
{
    /// <summary>32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>The machine it is of.</summary>
    public required string Machine { get; init; }

    /// <summary>1 for the machine's first, then ascending. Orders restore points; clocks do not.</summary>
    public required long Sequence { get; init; }

    /// <summary>The restore point it was compared with, or null. For display.</summary>
    public required string? Parent { get; init; }

    /// <summary>When the backup began, by the appliance's clock. For display and retention.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>How long the backup took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>A remark given by whoever made it, or null.</summary>
    public required string? Label { get; init; }

    /// <summary>All that it holds, in the order it was given: the machine's disks, and the archive of documents when there is one.</summary>
    public required IReadOnlyList<RestorePointDisk> Disks { get; init; }

    /// <summary>The machine's disks.</summary>
    public IReadOnlyList<RestorePointDisk> MachineDisks => [.. Disks.Where(disk => !disk.IsReserved)];

    /// <summary>The archive of the machine's documents (<see cref="DocumentArchive"/>); null when it has none.</summary>
    public RestorePointDisk? DocumentDisk => Disks.FirstOrDefault(disk => disk.Name == DocumentArchive.DiskName);

    /// <summary>Finds a disk by name, the archive of documents among them; without a name, the machine's only one.</summary>
    /// <exception cref="VProtectException">There is no such disk, or there are several and none is named.</exception>
    public RestorePointDisk GetDisk(string? name)
    {
        IReadOnlyList<RestorePointDisk> disks = MachineDisks;
        string names = string.Join(", ", disks.Select(disk => disk.Name));
        if (name is null && disks.Count != 1)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"Restore point {Id[..8]} has {disks.Count} disks: {names}.", "Name one with --disk.");
        }

        return (name is null ? disks[0] : Disks.FirstOrDefault(disk => disk.Name == name))
            ?? throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"Restore point {Id[..8]} has no disk '{name}'; it has: {names}.", "Correct --disk.");
    }

    /// <exception cref="IntegrityException">A value cannot be.</exception>
    internal static RestorePoint FromRecord(PointRecord record)
    {
        try
        {
            return new()
            {
                Id = record.Id,
                Machine = record.Machine,
                Sequence = record.Sequence,
                Parent = record.Parent,
                CreatedAt = DateTimeOffset.Parse(record.CreatedAt, CultureInfo.InvariantCulture),
                Duration = TimeSpan.FromMilliseconds(record.DurationMs),
                Label = record.Label,
                Disks = [.. record.Disks.Select(RestorePointDisk.FromRecord)],
            };
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new IntegrityException($"Restore point {record.Id} holds a value that cannot be: {e.Message}", inner: e);
        }
    }
}

/// <summary>A disk in a restore point.</summary>
public sealed record RestorePointDisk
{
    /// <summary>Its name within the machine.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is ours and no disk of the machine.</summary>
    public bool IsReserved => Name.StartsWith('@');

    /// <summary>Its size in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The id of its tree's root; zero when all of it is zeros.</summary>
    public required ChunkId Root { get; init; }

    /// <summary>What the source needs to tell the next time what changed since; opaque; may be null.</summary>
    public required string? Token { get; init; }

    /// <summary>How it was read.</summary>
    public required BackupMode Mode { get; init; }

    /// <summary>Why it was not a delta, when it could have been; or null.</summary>
    public required string? Reason { get; init; }

    /// <summary>Bytes read from the source.</summary>
    public required long ReadBytes { get; init; }

    /// <summary>Plain bytes of chunks that differ from the parent.</summary>
    public required long ChangedBytes { get; init; }

    /// <summary>Plain bytes of chunks that the repository did not have.</summary>
    public required long NewBytes { get; init; }

    /// <summary>Bytes that those took in packs.</summary>
    public required long StoredBytes { get; init; }

    internal static RestorePointDisk FromRecord(PointDiskRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentOutOfRangeException.ThrowIfNegative(record.SizeBytes);
        return new()
        {
            Name = record.Name,
            SizeBytes = record.SizeBytes,
            Root = ChunkId.Parse(record.Root),
            Token = record.Token,
            Mode = Enum.TryParse(record.Mode, ignoreCase: true, out BackupMode mode) ? mode : BackupMode.Full,
            Reason = record.Reason,
            ReadBytes = record.ReadBytes,
            ChangedBytes = record.ChangedBytes,
            NewBytes = record.NewBytes,
            StoredBytes = record.StoredBytes,
        };
    }

    internal PointDiskRecord ToRecord() => new(
        Name, SizeBytes, Root.ToString(), Token, Mode.ToString().ToLowerInvariant(), Reason, ReadBytes, ChangedBytes, NewBytes, StoredBytes);
}
