using FASTER.core;
using VProtect.Abstractions;
using KvSession = FASTER.core.ClientSession<
    VProtect.ChunkIndex.IndexKey,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    int,
    VProtect.ChunkIndex.RecordFunctions>;

namespace VProtect.ChunkIndex;

/// <summary>A reader: one FASTER session. Allocates only when a record must be read from disk.</summary>
internal sealed class FasterChunkIndexSession(FasterChunkIndex index, ReaderSet readers, KvSession session) : IChunkIndexSession
{
    // Reads from disk that are under way together.
    private const int PendingMax = 256;

    // Buckets on their way from memory.
    private const int FetchedAhead = 16;

    private KvSession _session = session;
    private bool _isDisposed;

    /// <summary>Held during each call by the reader, and by whoever must replace the store under it.</summary>
    internal object Gate { get; } = new();

    /// <inheritdoc/>
    public bool TryFind(in ChunkId id, out ChunkLocation location)
    {
        lock (Gate)
        {
            return TryFindHere(id, out location);
        }
    }

    /// <inheritdoc/>
    public int FindMany(ReadOnlySpan<ChunkId> ids, Span<ChunkLocation> locations, Span<bool> found)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(locations.Length, ids.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(found.Length, ids.Length);
        lock (Gate)
        {
            return FindManyHere(ids, locations, found);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        readers.Remove(this, () =>
        {
            if (!_isDisposed && index.IsOpen)
            {
                _session.Dispose();
            }

            _isDisposed = true;
        });
    }

    /// <summary>Goes on with a session of the store's successor. The caller holds <see cref="Gate"/>.</summary>
    internal void Renew(KvSession session) => _session = session;

    private bool TryFindHere(in ChunkId id, out ChunkLocation location)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        for (int variant = 0; variant < FasterChunkIndex.PlacesMax && index.IsUsable; variant++)
        {
            IndexKey key = IndexKey.Of(id, variant);
            if (!FasterChunkIndex.TryRead(_session, ref key, out IndexValue value))
            {
                break;
            }

            if (index.TryAnswer(id, key, value, variant, out location))
            {
                // A fault while we were reading leaves nothing sure.
                return index.IsUsable;
            }
        }

        location = default;
        return false;
    }

    private int FindManyHere(ReadOnlySpan<ChunkId> ids, Span<ChunkLocation> locations, Span<bool> found)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        found.Clear();
        if (!index.IsUsable)
        {
            return 0;
        }

        BucketPrefetch buckets = index.Buckets;
        int fetched = 0;
        int pending = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            for (; fetched < Math.Min(ids.Length, i + FetchedAhead); fetched++)
            {
                buckets.Fetch(IndexKey.Of(ids[fetched], 0));
            }

            IndexKey key = IndexKey.Of(ids[i], 0);
            IndexValue input = default;
            IndexValue value = default;
            Status status = _session.Read(ref key, ref input, ref value, i);
            if (status.IsPending)
            {
                if (++pending == PendingMax)
                {
                    Settle(ids, locations, found);
                    pending = 0;
                }
            }
            else if (status.Found)
            {
                found[i] = index.TryAnswer(ids[i], key, value, 0, out locations[i]) || IsElsewhere(ref locations[i]);
            }
        }

        if (pending > 0)
        {
            Settle(ids, locations, found);
        }

        // First places that were no answer, one by one, when nothing else is under way.
        int count = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (found[i] && locations[i].Pack == default)
            {
                found[i] = TryFindHere(ids[i], out locations[i]);
            }

            count += found[i] ? 1 : 0;
        }

        return index.IsUsable ? count : Nothing(found);
    }

    private void Settle(ReadOnlySpan<ChunkId> ids, Span<ChunkLocation> locations, Span<bool> found)
    {
        _session.CompletePendingWithOutputs(out var completed, wait: true);
        using (completed)
        {
            while (completed.Next())
            {
                if (completed.Current.Status.Found)
                {
                    int i = completed.Current.Context;
                    found[i] = index.TryAnswer(ids[i], IndexKey.Of(ids[i], 0), completed.Current.Output, 0, out locations[i])
                        || IsElsewhere(ref locations[i]);
                }
            }
        }
    }

    // Marks an entry for the second look: found, but at no pack.
    private static bool IsElsewhere(ref ChunkLocation location)
    {
        location = default;
        return true;
    }

    private static int Nothing(Span<bool> found)
    {
        found.Clear();
        return 0;
    }
}
