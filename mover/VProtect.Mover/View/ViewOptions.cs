namespace VProtect.Mover.View;

/// <summary>What mounts may cost, all of a <see cref="ViewCache"/> together, and how patient they are.</summary>
public sealed record ViewOptions
{
    /// <summary>Bytes of plain chunks kept in memory. Default 256 MiB; at least 16 MiB. Reads under way may take up to 32 MiB more for each disk.</summary>
    public long CacheBytes { get; init; } = 256L << 20;

    /// <summary>Tree nodes kept in memory, 8 KiB each. Default 4096: 32 MiB, the map of 64 GiB of disk at 64 KiB a chunk. At least 64.</summary>
    public int CachedNodesMax { get; init; } = 4096;

    /// <summary>How far a sequential reader is read ahead of, at most. Default 8 MiB; 0 for never.</summary>
    public int ReadAheadBytesMax { get; init; } = 8 << 20;

    /// <summary>The same in object storage, where what is asked for comes later. Default 32 MiB; 0 for never.</summary>
    public int ReadAheadOfServiceBytesMax { get; init; } = 32 << 20;

    /// <summary>Reads of the repository at work at a time for a disk. Default 16.</summary>
    public int FetchesMax { get; init; } = 16;

    /// <summary>How long a read waits for a repository that is away or hangs before it fails. Default 2 minutes; <see cref="ViewCache.StallMax"/> is what holds.</summary>
    public TimeSpan StallMax { get; init; } = TimeSpan.FromMinutes(2);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(CacheBytes, 16L << 20);
        ArgumentOutOfRangeException.ThrowIfLessThan(CachedNodesMax, 64);
        ArgumentOutOfRangeException.ThrowIfNegative(ReadAheadBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(ReadAheadOfServiceBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(FetchesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StallMax, TimeSpan.Zero);
    }
}
