namespace VProtect.ChunkIndex;

/// <summary>Where the chunk index lies and what it may use.</summary>
public sealed record ChunkIndexOptions
{
    /// <summary>Directory of the index; made when missing. One process holds it at a time. Local disk, not a network share.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// Memory for recent and cached records, in bytes; default 16 MiB, rounded down to a power of two, at least 4 MiB.
    /// The rest of the records lie on disk. The hash table comes on top: 64 bytes per bucket, doubled when a bucket
    /// would hold more than 12 records on average, with overflow buckets 11 to 14 bytes per record in all.
    /// </summary>
    public long MemoryBytesMax { get; init; } = 16L << 20;

    /// <summary>
    /// Entries to size the hash table for when the index begins empty, so that it need not grow on the way; default 0,
    /// which starts at 64 KiB and doubles as it fills.
    /// </summary>
    public long ExpectedEntries { get; init; }
}
