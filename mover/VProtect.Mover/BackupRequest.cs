using VProtect.Abstractions;
using VProtect.Mover.Documents;

namespace VProtect.Mover;

/// <summary>What to back up.</summary>
public sealed record BackupRequest
{
    /// <summary>The machine: restore points of one name form one history.</summary>
    public required string Machine { get; init; }

    /// <summary>Its disks; names differ and do not begin with <c>@</c>. Sources stay the caller's.</summary>
    public required IReadOnlyList<BackupDisk> Disks { get; init; }

    /// <summary>Id of the restore point that changed blocks are relative to; null for the machine's latest.</summary>
    public string? Parent { get; init; }

    /// <summary>Read everything and store only differences, whatever the source can tell. Default false.</summary>
    public bool Compare { get; init; }

    /// <summary>A remark kept with the restore point.</summary>
    public string? Label { get; init; }

    /// <summary>Small documents to be kept with the restore point; see <see cref="DocumentArchive"/> for how many. Not counted among its disks.</summary>
    public IReadOnlyList<PointDocument> Documents { get; init; } = [];

    /// <summary>Told of trouble ahead that does not stop the backup, in a sentence; from any thread. Null to be told nothing.</summary>
    public Action<string>? OnWarning { get; init; }
}

/// <summary>A disk to back up.</summary>
/// <param name="Name">Its name within the machine.</param>
/// <param name="Source">Its bytes.</param>
public sealed record BackupDisk(string Name, IBlockSource Source);

/// <summary>How a backup uses the machine it runs on.</summary>
public sealed record BackupOptions
{
    /// <summary>Threads that hash and compress. Default: one for each processor.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes of buffers between reader and sealer. Default 48 MiB; at least 8 MiB.</summary>
    public long BufferBytes { get; init; } = 48L << 20;

    /// <summary>zstd level for new chunks, −7 to 19. Default 1 (mover/decisions/0002-chunk-size.md).</summary>
    public int ZstdLevel { get; init; } = 1;

    /// <summary>Bytes of the store that stay free: the backup does not begin, or stops, below them. Default null: <see cref="Store.SpaceReserve.DefaultBytes"/>.</summary>
    public long? ReserveBytes { get; init; }
}
