using VProtect.Abstractions;

namespace VProtect.Simulation.Running;

/// <summary>A chunk index whose answers depend on nothing but what it was told, in order: the same seed finds the same places.</summary>
internal sealed class SimulatedIndex : IChunkIndex
{
    private readonly Dictionary<ChunkId, List<Place>> _places = [];
    private readonly Dictionary<PackId, PackEntry[]> _packs = [];

    public IReadOnlyCollection<PackId> Packs => [.. _packs.Keys];

    public long EntryCount => _packs.Values.Sum(entries => entries.Length);

    public bool ContainsPack(PackId pack) => _packs.ContainsKey(pack);

    public void AddPack(PackId pack, ReadOnlySpan<PackEntry> entries)
    {
        if (!_packs.TryAdd(pack, entries.ToArray()))
        {
            return;
        }

        foreach (PackEntry entry in entries)
        {
            if (!_places.TryGetValue(entry.Id, out List<Place>? places))
            {
                _places.Add(entry.Id, places = []);
            }

            places.Add(new Place(new ChunkLocation(pack, entry.OffsetBytes, entry.StoredBytes, entry.RawBytes)));
        }
    }

    public void RemovePack(PackId pack)
    {
        if (_packs.Remove(pack, out PackEntry[]? entries))
        {
            foreach (PackEntry entry in entries)
            {
                _places[entry.Id].RemoveAll(place => place.Location.Pack == pack);
            }
        }
    }

    public bool Quarantine(in ChunkId id, PackId pack)
    {
        Place? place = _places.GetValueOrDefault(id)?.Find(place => place.Location.Pack == pack);
        if (place is not null)
        {
            place.IsBad = true;
        }

        return place is not null;
    }

    public IChunkIndexSession OpenSession() => new Session(this);

    public ValueTask CheckpointAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Place(ChunkLocation location)
    {
        public ChunkLocation Location => location;

        public bool IsBad { get; set; }
    }

    private sealed class Session(SimulatedIndex index) : IChunkIndexSession
    {
        public bool TryFind(in ChunkId id, out ChunkLocation location)
        {
            Place? place = index._places.GetValueOrDefault(id)?.Find(place => !place.IsBad);
            location = place?.Location ?? default;
            return place is not null;
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
