namespace VProtect.ChunkIndex.Ledger;

/// <summary>Where the reference ledger lies and what it may use.</summary>
public sealed record ReferenceLedgerOptions
{
    /// <summary>
    /// Directory of the ledger; made when missing. It may be that of a chunk index: their files have different names. One process
    /// holds it at a time. Local disk, not a network share.
    /// </summary>
    public required string Directory { get; init; }

    /// <summary>
    /// Memory for pages of the table of counts, in bytes; default 64 MiB, at least 256 KiB. A quarter of it serves a filter while a
    /// ledger that began empty is filled. On top comes the map of the pages, 12 bytes for each page of 4 KiB: 0.1 byte per id.
    /// </summary>
    public long CacheBytesMax { get; init; } = 64L << 20;

    /// <summary>
    /// Memory for counts that have changed and are not in the table yet, in bytes; default 64 MiB, at least 64 KiB. When more ids
    /// change, they are taken into the table in between.
    /// </summary>
    public long ChangeBytesMax { get; init; } = 64L << 20;
}
