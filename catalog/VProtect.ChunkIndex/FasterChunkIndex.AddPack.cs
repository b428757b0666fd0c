using System.Diagnostics;
using VProtect.Abstractions;
using KvSession = FASTER.core.ClientSession<
    VProtect.ChunkIndex.IndexKey,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    int,
    VProtect.ChunkIndex.RecordFunctions>;

namespace VProtect.ChunkIndex;

// Adding a pack: its entries first, under a number that nobody is answered with; then the number becomes live.
public sealed partial class FasterChunkIndex
{
    // Entries whose place FASTER must look up on disk before it can decide; waited for together.
    private const int PendingMax = 128;

    // More records than this for each bucket of 7 slots, and the table doubles. FASTER is usually given a bucket for 5; this
    // keeps table and overflow buckets between 11.4 and 13.4 bytes per record. Figures in decisions/0001.
    private const int RecordsPerBucketMax = 12;

    /// <inheritdoc/>
    public void AddPack(PackId pack, ReadOnlySpan<PackEntry> entries)
    {
        ThrowIfClosed();
        _fault.ThrowIfRaised(_directory.Root);
        bool isCrowded;
        _gate.EnterReadLock();
        try
        {
            if (!_packs.TryBegin(pack, _journal.HasQuarantine(pack), out uint number))
            {
                return;
            }

            KvSession session = Rent();
            bool isComplete = false;
            try
            {
                Insert(session, number, entries);
                isComplete = !_fault.IsRaised;
            }
            finally
            {
                _idle.Add(session);
                if (isComplete)
                {
                    _packs.Complete(number, entries.Length);
                }
                else
                {
                    _packs.Remove(pack);
                }
            }

            isCrowded = IsCrowded;
        }
        finally
        {
            _gate.ExitReadLock();
        }

        _fault.ThrowIfRaised(_directory.Root);
        if (isCrowded)
        {
            GrowWhileCrowded();
        }
    }

    private void Insert(KvSession session, uint number, ReadOnlySpan<PackEntry> entries)
    {
        int pending = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            IndexKey key = IndexKey.Of(entries[i].Id, 0);
            IndexValue input = Place(entries[i], key, number, 0);
            IndexValue output = default;
            if (session.RMW(ref key, ref input, ref output, i).IsPending)
            {
                if (++pending == PendingMax)
                {
                    pending = 0;
                    Settle(session, number, entries);
                }
            }
            else if (output.PackNumber != number)
            {
                // The operations under way must be over before this one may wait for its own.
                Settle(session, number, entries);
                pending = 0;
                InsertFurther(session, number, entries[i]);
            }
        }

        Settle(session, number, entries);
    }

    /// <summary>Waits for what is under way, and finds another place for entries whose first one turned out to be taken.</summary>
    private void Settle(KvSession session, uint number, ReadOnlySpan<PackEntry> entries)
    {
        Span<int> taken = stackalloc int[PendingMax];
        int count = 0;
        session.CompletePendingWithOutputs(out var completed, wait: true);
        using (completed)
        {
            while (completed.Next())
            {
                if (completed.Current.Output.PackNumber != number)
                {
                    taken[count++] = completed.Current.Context;
                }
            }
        }

        foreach (int i in taken[..count])
        {
            InsertFurther(session, number, entries[i]);
        }
    }

    private void InsertFurther(KvSession session, uint number, in PackEntry entry)
    {
        for (int variant = 1; variant < PlacesMax; variant++)
        {
            IndexKey key = IndexKey.Of(entry.Id, variant);
            IndexValue input = Place(entry, key, number, variant);
            IndexValue output = default;
            if (session.RMW(ref key, ref input, ref output).IsPending)
            {
                session.CompletePendingWithOutputs(out var completed, wait: true);
                using (completed)
                {
                    output = completed.Next() ? completed.Current.Output : default;
                }
            }

            if (output.PackNumber == number)
            {
                return;
            }
        }
    }

    private IndexValue Place(in PackEntry entry, in IndexKey key, uint number, int variant)
    {
        var value = new IndexValue
        {
            PackNumber = number,
            OffsetBytes = entry.OffsetBytes,
            StoredBytes = entry.StoredBytes,
            RawBytes = entry.RawBytes,
            Flags = (uint)variant,
        };
        value.Crc = value.ComputeCrc(key, _store.Salt);
        return value;
    }

    /// <summary>To be asked only while holding the gate: growing replaces the store.</summary>
    private bool IsCrowded => _store.Kv.Log.TailAddress / RecordBytes > RecordsPerBucketMax * _store.Kv.IndexSize;

    private void GrowWhileCrowded()
    {
        _gate.EnterWriteLock();
        try
        {
            while (IsCrowded && !_fault.IsRaised)
            {
                Grow();
            }
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    private void Grow()
    {
        var growing = Stopwatch.StartNew();
        _readers.Pause(() =>
        {
            if (_store.Grow())
            {
                _idle.Clear();
                _readers.Renew(_store.NewSession);
            }
        });
        _fault.ThrowIfRaised(_directory.Root);
        Log.Grown(_logger, _directory.Root, _store.Kv.IndexSize, growing.ElapsedMilliseconds);
    }
}
