using System.Numerics;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// Which places of the file of pages are taken. A place given up stays taken until the commit that gave it up is durable: until then the
/// state on disk still needs it. One bit a place.
/// </summary>
internal sealed class PagePlaces
{
    private readonly List<uint> _released = [];
    private ulong[] _taken = [];
    private int _cursor;

    /// <summary>Marks a place that the state on disk names; false when it was taken already.</summary>
    public bool TryMark(uint place)
    {
        int word = (int)(place / 64);
        if (word >= _taken.Length)
        {
            Array.Resize(ref _taken, Math.Max(word + 1, _taken.Length * 2));
        }

        ulong bit = 1UL << (int)(place % 64);
        bool isFree = (_taken[word] & bit) == 0;
        _taken[word] |= bit;
        return isFree;
    }

    /// <summary>Takes a free place, near the last one taken; the file grows when there is none.</summary>
    public uint Take()
    {
        while (_cursor < _taken.Length && _taken[_cursor] == ulong.MaxValue)
        {
            _cursor++;
        }

        uint place = ((uint)_cursor * 64) + (_cursor < _taken.Length ? (uint)BitOperations.TrailingZeroCount(~_taken[_cursor]) : 0);
        TryMark(place);
        return place;
    }

    /// <summary>Gives a place up, from the next commit on.</summary>
    public void Release(uint place) => _released.Add(place);

    /// <summary>The commit is durable: places given up before it are free.</summary>
    public void Commit()
    {
        foreach (uint place in _released)
        {
            _taken[place / 64] &= ~(1UL << (int)(place % 64));
        }

        _released.Clear();
        _cursor = 0;
    }
}
