using System.Collections.Concurrent;
using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>The chunk index as a dictionary: the model that the real one is held against, and the mover's in tests.</summary>
public sealed class MemoryChunkIndex : IChunkIndex
{
    private readonly ConcurrentDictionary<ChunkId, ConcurrentDictionary<PackId, (ChunkLocation Location, bool Bad)>> _places = new();
    private readonly ConcurrentDictionary<PackId, bool> _packs = new();

    public IReadOnlyCollection<PackId> Packs => [.. _packs.Keys];

    public long EntryCount => _places.Values.Sum(places => places.Count);

    public bool ContainsPack(PackId pack) => _packs.ContainsKey(pack);

    public void AddPack(PackId pack, ReadOnlySpan<PackEntry> entries)
    {
        foreach (PackEntry entry in entries)
        {
            var location = new ChunkLocation(pack, entry.OffsetBytes, entry.StoredBytes, entry.RawBytes);
            _places.GetOrAdd(entry.Id, _ => new()).TryAdd(pack, (location, false));
        }

        _packs[pack] = true;
    }

    public void RemovePack(PackId pack)
    {
        _packs.TryRemove(pack, out _);
        foreach (var places in _places.Values)
        {
            places.TryRemove(pack, out _);
        }
    }

    public bool Quarantine(in ChunkId id, PackId pack)
    {
        if (!_places.TryGetValue(id, out var places) || !places.TryGetValue(pack, out var place))
        {
            return false;
        }

        places[pack] = (place.Location, true);
        return true;
    }

    public IChunkIndexSession OpenSession() => new Session(this);

    public ValueTask CheckpointAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Session(MemoryChunkIndex index) : IChunkIndexSession
    {
        public bool TryFind(in ChunkId id, out ChunkLocation location)
        {
            location = default;
            if (index._places.TryGetValue(id, out var places))
            {
                foreach ((ChunkLocation place, bool bad) in places.Values)
                {
                    if (!bad && index._packs.ContainsKey(place.Pack))
                    {
                        location = place;
                        return true;
                    }
                }
            }

            return false;
        }

        public int FindMany(ReadOnlySpan<ChunkId> ids, Span<ChunkLocation> locations, Span<bool> found)
        {
            int count = 0;
            for (int i = 0; i < ids.Length; i++)
            {
                found[i] = TryFind(ids[i], out locations[i]);
                count += found[i] ? 1 : 0;
            }

            return count;
        }

        public void Dispose()
        {
        }
    }
}
