using VProtect.Abstractions;
using KvSession = FASTER.core.ClientSession<
    VProtect.ChunkIndex.IndexKey,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    int,
    VProtect.ChunkIndex.RecordFunctions>;

namespace VProtect.ChunkIndex;

/// <summary>
/// Gives entries their places in a store: each under the first variant of its chunk's id that is free or stale. Where
/// FASTER must look on disk before it can decide, many wait together.
/// </summary>
internal readonly ref struct RecordInserter(IndexStore store, KvSession session, ReadOnlySpan<PackEntry> entries, ReadOnlySpan<uint> numbers)
{
    // Entries whose place FASTER must look up on disk; waited for together.
    private const int PendingMax = 128;

    // Buckets on their way from memory.
    private const int FetchedAhead = 16;

    private readonly ReadOnlySpan<PackEntry> _entries = entries;

    // One for each entry, or one for all.
    private readonly ReadOnlySpan<uint> _numbers = numbers;

    /// <summary>Inserts them all. What was not inserted because the disk failed is told by the store's fault.</summary>
    public void Insert()
    {
        BucketPrefetch buckets = store.Buckets;
        int fetched = 0;
        int pending = 0;
        for (int i = 0; i < _entries.Length; i++)
        {
            for (; fetched < Math.Min(_entries.Length, i + FetchedAhead); fetched++)
            {
                buckets.Fetch(IndexKey.Of(_entries[fetched].Id, 0));
            }

            IndexKey key = IndexKey.Of(_entries[i].Id, 0);
            IndexValue input = Place(i, key, 0);
            IndexValue output = default;
            if (session.RMW(ref key, ref input, ref output, i).IsPending)
            {
                if (++pending == PendingMax)
                {
                    pending = 0;
                    Settle();
                }
            }
            else if (output.PackNumber != NumberOf(i))
            {
                // The operations under way must be over before this one may wait for its own.
                Settle();
                pending = 0;
                InsertFurther(i);
            }
        }

        Settle();
    }

    /// <summary>Waits for what is under way, and finds another place for entries whose first one turned out to be taken.</summary>
    private void Settle()
    {
        Span<int> taken = stackalloc int[PendingMax];
        int count = 0;
        session.CompletePendingWithOutputs(out var completed, wait: true);
        using (completed)
        {
            while (completed.Next())
            {
                if (completed.Current.Output.PackNumber != NumberOf(completed.Current.Context))
                {
                    taken[count++] = completed.Current.Context;
                }
            }
        }

        foreach (int i in taken[..count])
        {
            InsertFurther(i);
        }
    }

    private void InsertFurther(int i)
    {
        for (int variant = 1; variant < FasterChunkIndex.PlacesMax; variant++)
        {
            IndexKey key = IndexKey.Of(_entries[i].Id, variant);
            IndexValue input = Place(i, key, variant);
            IndexValue output = default;
            if (session.RMW(ref key, ref input, ref output).IsPending)
            {
                session.CompletePendingWithOutputs(out var completed, wait: true);
                using (completed)
                {
                    output = completed.Next() ? completed.Current.Output : default;
                }
            }

            if (output.PackNumber == NumberOf(i))
            {
                return;
            }
        }
    }

    private uint NumberOf(int i) => _numbers[_numbers.Length == 1 ? 0 : i];

    private IndexValue Place(int i, in IndexKey key, int variant)
    {
        ref readonly PackEntry entry = ref _entries[i];
        var value = new IndexValue
        {
            PackNumber = NumberOf(i),
            OffsetBytes = entry.OffsetBytes,
            StoredBytes = entry.StoredBytes,
            RawBytes = entry.RawBytes,
            Flags = (uint)variant,
        };
        value.Crc = value.ComputeCrc(key, store.Salt);
        return value;
    }
}
