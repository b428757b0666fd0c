using VProtect.Abstractions;

namespace VProtect.Mover.Upkeep;

/// <summary>Which records of which packs are needed: 4 bytes for each needed chunk.</summary>
internal sealed class LivePlaces
{
    private readonly Dictionary<PackId, Offsets> _packs = [];

    /// <summary>Whether something needed was found in no pack that can be read.</summary>
    public bool HasUnplaced { get; set; }

    public void Add(PackId pack, uint offsetBytes)
    {
        if (!_packs.TryGetValue(pack, out Offsets? offsets))
        {
            _packs[pack] = offsets = new Offsets();
        }

        offsets.Add(offsetBytes);
    }

    public bool IsNeeded(PackId pack) => _packs.ContainsKey(pack);

    /// <summary>Needed offsets of a pack, ascending, each once.</summary>
    public IReadOnlyList<uint> OffsetsOf(PackId pack) => _packs.TryGetValue(pack, out Offsets? offsets) ? offsets.Distinct() : [];

    /// <summary>A list that drops repetitions whenever it would have to grow.</summary>
    private sealed class Offsets
    {
        private readonly List<uint> _list = [];

        public void Add(uint offset)
        {
            if (_list.Count == _list.Capacity && _list.Count > 0)
            {
                Distinct();
            }

            _list.Add(offset);
        }

        public List<uint> Distinct()
        {
            _list.Sort();
            int kept = 0;
            for (int i = 0; i < _list.Count; i++)
            {
                if (kept == 0 || _list[kept - 1] != _list[i])
                {
                    _list[kept++] = _list[i];
                }
            }

            _list.RemoveRange(kept, _list.Count - kept);

            // At least half free again, so that sorting stays rare.
            _list.EnsureCapacity(2 * kept);
            return _list;
        }
    }
}
