using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using FASTER.core;

namespace VProtect.ChunkIndex;

/// <summary>
/// Has the processor fetch the buckets of many keys before FASTER looks at them one after another: most of the time of a lookup in a
/// large table is waiting for memory. FASTER does not offer its table, so the place is taken from its fields; if they are
/// not what version 2.6.5 has, nothing is fetched and nothing else changes. A place that has become stale is harmless: fetching
/// ahead never faults and never changes anything.
/// </summary>
internal readonly unsafe partial struct BucketPrefetch
{
    // Smaller tables would only become more resident than they need be.
    private const long HugePagesBytesMin = 64L << 20;
    private const long HugePageBytes = 2L << 20;

    // MADV_HUGEPAGE of linux/mman.h: one entry of the processor's address cache for 2 MiB of table instead of 4 KiB.
    private const int AdviseHugePages = 14;

    private readonly byte* _table;
    private readonly long _mask;

    private BucketPrefetch(byte* table, long mask)
    {
        _table = table;
        _mask = mask;
    }

    /// <summary>Finds a store's table; one that does nothing when it cannot be found.</summary>
    public static BucketPrefetch Of(FasterKV<IndexKey, IndexValue> store)
    {
        if (Sse.IsSupported
            && Field(store, typeof(FasterBase), "resizeInfo") is { } resize
            && Field(resize, resize.GetType(), "version") is { } version
            && Field(store, typeof(FasterBase), "state") is Array tables
            && tables.GetValue(Convert.ToInt32(version, null)) is { } table
            && Field(table, table.GetType(), "tableAligned") is Pointer place
            && Field(table, table.GetType(), "size_mask") is long mask
            && mask + 1 == store.IndexSize)
        {
            byte* bytes = (byte*)Pointer.Unbox(place);
            long length = (mask + 1) * MemoryPlan.BucketBytes;
            if (length >= HugePagesBytesMin)
            {
                // Advice: whether it is taken does not matter.
                nint begin = (nint)(((long)bytes + HugePageBytes - 1) & -HugePageBytes);
                _ = Advise(begin, (nuint)(length - HugePageBytes), AdviseHugePages);
            }

            return new BucketPrefetch(bytes, mask);
        }

        return default;
    }

    /// <summary>Begins to fetch the bucket of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(in IndexKey key)
    {
        if (_table is not null)
        {
            Sse.Prefetch0(_table + (((long)IndexKeyComparer.HashOf(key) & _mask) * MemoryPlan.BucketBytes));
        }
    }

    private static object? Field(object owner, Type type, string name) =>
        type.GetField(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)?.GetValue(owner);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
