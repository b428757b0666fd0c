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
    /// <inheritdoc/>
    public void AddPack(PackId pack, ReadOnlySpan<PackEntry> entries)
    {
        ThrowIfClosed();
        _store.Fault.ThrowIfRaised(_directory.Root);
        Need need;
        IndexStore store;
        _gate.EnterReadLock();
        try
        {
            store = _store;
            if (!_packs.TryBegin(pack, _journal.HasQuarantine(pack), out uint number))
            {
                return;
            }

            KvSession session = Rent();
            bool isComplete = false;
            try
            {
                new RecordInserter(store, session, entries, [number]).Insert();
                isComplete = !store.Fault.IsRaised;
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

            need = NeedOf(store);
        }
        finally
        {
            _gate.ExitReadLock();
        }

        store.Fault.ThrowIfRaised(_directory.Root);
        Meet(need);
    }

    private void SplitWhileCrowded()
    {
        _gate.EnterWriteLock();
        try
        {
            var splitting = Stopwatch.StartNew();
            bool hasGrown = true;
            while (hasGrown && NeedOf(_store) == Need.Split && !_store.Fault.IsRaised)
            {
                _readers.Pause(() => hasGrown = _store.Split());
                Log.Grown(_logger, _directory.Root, _store.Kv.IndexSize, splitting.ElapsedMilliseconds);
            }
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }
}
