using KvSession = FASTER.core.ClientSession<
    VProtect.ChunkIndex.IndexKey,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    int,
    VProtect.ChunkIndex.RecordFunctions>;

namespace VProtect.ChunkIndex;

/// <summary>
/// The readers that are open, so that the store can be replaced under them. Locks are taken in one order: the set's, then
/// those of readers; a reader at work holds only its own, which nobody else wants but here.
/// </summary>
internal sealed class ReaderSet
{
    private readonly Lock _gate = new();
    private readonly HashSet<FasterChunkIndexSession> _readers = [];

    public FasterChunkIndexSession Add(Func<FasterChunkIndexSession> open)
    {
        lock (_gate)
        {
            FasterChunkIndexSession reader = open();
            _readers.Add(reader);
            return reader;
        }
    }

    public void Remove(FasterChunkIndexSession reader, Action close)
    {
        lock (_gate)
        {
            lock (reader.Gate)
            {
                _readers.Remove(reader);
                close();
            }
        }
    }

    /// <summary>Runs <paramref name="action"/> while no reader is at work and none comes or goes.</summary>
    public void Pause(Action action)
    {
        lock (_gate)
        {
            var held = new List<object>(_readers.Count);
            try
            {
                foreach (FasterChunkIndexSession reader in _readers)
                {
                    Monitor.Enter(reader.Gate);
                    held.Add(reader.Gate);
                }

                action();
            }
            finally
            {
                held.ForEach(Monitor.Exit);
            }
        }
    }

    /// <summary>Gives every reader a session of the new store. Only within <see cref="Pause"/>.</summary>
    public void Renew(Func<KvSession> newSession)
    {
        foreach (FasterChunkIndexSession reader in _readers)
        {
            reader.Renew(newSession());
        }
    }
}
