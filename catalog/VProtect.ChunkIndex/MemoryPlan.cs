using System.Numerics;

namespace VProtect.ChunkIndex;

/// <summary>
/// How <see cref="ChunkIndexOptions.MemoryBytesMax"/> is shared out: the hash table takes what its records need, the log's pages in
/// memory get the rest, at least 4 MiB. While a store is rewritten two tables stand side by side, and both stores' pages
/// share what is left.
/// </summary>
internal readonly record struct MemoryPlan(long MemoryBytesMax)
{
    /// <summary>One bucket of FASTER's table: seven entries and a link.</summary>
    public const int BucketBytes = 64;

    /// <summary>One page of the log.</summary>
    public const int PageBytes = 1 << 20;

    /// <summary>
    /// More records than this for each bucket, and the table is too small. FASTER is usually given a bucket for 5; this keeps
    /// table and overflow buckets between 11.4 and 14.9 bytes per record. Figures in decisions/0001 and 0002.
    /// </summary>
    public const int RecordsPerBucketMax = 12;

    private const int RecordsPerBucketAtStart = 8;
    private const long TableBytesMin = 64L << 10;
    private const int CachePagesMin = 4;

    // FASTER keeps so many pages at hand that the log has just left.
    private const int SparePages = 4;

    // With 12 records for each bucket the overflow buckets take 1.3 times as much as the table itself (measured).
    private const int TableWithOverflowPercent = 230;

    /// <summary>Bytes of a table for so many records, without overflow buckets: a power of two.</summary>
    public static long TableBytesFor(long entries) =>
        Math.Max(TableBytesMin, RoundUp(Math.Max(1, entries / RecordsPerBucketAtStart)) * BucketBytes);

    /// <summary>What a table and its overflow buckets may come to before it is replaced by a larger one.</summary>
    public static long TableBytesAtMost(long tableBytes) => tableBytes / 100 * TableWithOverflowPercent;

    /// <summary>The largest table that is made because of what is only expected to come.</summary>
    public long ReservedEntriesMax => Math.Max(MemoryBytesMax, TableBytesMin) / BucketBytes * RecordsPerBucketAtStart;

    /// <summary>Pages of the log to hold in memory beside a table of <paramref name="tableBytes"/> and <paramref name="otherBytes"/> for others.</summary>
    public int CachePages(long tableBytes, long otherBytes) =>
        (int)Math.Clamp(((MemoryBytesMax - otherBytes - TableBytesAtMost(tableBytes)) / PageBytes) - SparePages, CachePagesMin, 1 << 20);

    /// <summary>Two stores side by side: what each has in all, when their pages share equally what the tables leave.</summary>
    public (long OldBytes, long NewBytes) Share(long oldTableBytes, long newTableBytes)
    {
        long oldBytes = TableBytesAtMost(oldTableBytes);
        long newBytes = TableBytesAtMost(newTableBytes);
        long pages = Math.Max(0, MemoryBytesMax - oldBytes - newBytes) / 2;
        return (oldBytes + pages, newBytes + pages);
    }

    /// <summary>Whether the table leaves nothing of the memory but the least that pages need.</summary>
    public bool IsOutgrownBy(long tableBytes) => tableBytes > Math.Max(TableBytesMin * 4, MemoryBytesMax - (CachePagesMin * PageBytes));

    /// <summary>The power of two that is not smaller.</summary>
    public static long RoundUp(long value) => (long)BitOperations.RoundUpToPowerOf2((ulong)value);
}
