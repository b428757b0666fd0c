namespace VProtect.ChunkIndex;

/// <summary>Where the chunk index lies and what it may use.</summary>
public sealed record ChunkIndexOptions
{
    /// <summary>Directory of the index; made when missing. One process holds it at a time. Local disk, not a network share.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// Memory of the index all told, in bytes; default 1 GiB, at least 4 MiB. It is taken as the index fills, not at once. First comes the hash
    /// table: 11 to 15 bytes per chunk (128 MiB for 10 million chunks, 1.3 GiB for 100 million). The rest holds records, 64 bytes each, the
    /// newest ones first in; other records are read from disk, or the system's page cache. To hold all of them: 80 bytes per chunk. At least
    /// 4 MiB of records are held, even beside a table that has outgrown this: then <see cref="FasterChunkIndex.MemoryWarning"/> says so.
    /// While a table is replaced by a larger one, both count. On top come 100 bytes per pack and 100 per quarantined chunk.
    /// </summary>
    public long MemoryBytesMax { get; init; } = 1L << 30;

    /// <summary>
    /// Entries to size the hash table for when the index begins empty, so that it need not grow on the way; default 0,
    /// which starts at 64 KiB and grows as it fills. See also <see cref="FasterChunkIndex.Reserve"/>.
    /// </summary>
    public long ExpectedEntries { get; init; }
}
