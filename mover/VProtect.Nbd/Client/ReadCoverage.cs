namespace VProtect.Nbd.Client;

/// <summary>Which bytes of a read have arrived, so that a reply with gaps or overlaps is never taken for data.
/// Chunks nearly always come in order; those that do not are kept as a short sorted list of islands.</summary>
internal sealed class ReadCoverage
{
    /// <summary>Only a hostile server leaves more gaps than this.</summary>
    private const int IslandsMax = 16_384;

    private readonly List<(int Start, int End)> _islands = [];
    private int _prefixEnd;

    public void Reset()
    {
        _islands.Clear();
        _prefixEnd = 0;
    }

    public bool IsComplete(int lengthBytes) => _prefixEnd == lengthBytes;

    /// <summary>Notes a chunk; false if it overlaps an earlier one, or there are absurdly many pieces.</summary>
    public bool TryAdd(int start, int length)
    {
        int end = start + length;
        if (start < _prefixEnd)
        {
            return false;
        }

        int at = 0;
        for (int high = _islands.Count; at < high;)
        {
            int middle = (at + high) / 2;
            if (_islands[middle].Start < end)
            {
                at = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        // `at` is now the first island beginning behind the new chunk; only the one before can overlap.
        if (at > 0 && _islands[at - 1].End > start)
        {
            return false;
        }

        if (start == _prefixEnd)
        {
            _prefixEnd = end;
            int joined = 0;
            while (joined < _islands.Count && _islands[joined].Start == _prefixEnd)
            {
                _prefixEnd = _islands[joined++].End;
            }

            _islands.RemoveRange(0, joined);
            return true;
        }

        if (at > 0 && _islands[at - 1].End == start)
        {
            _islands[at - 1] = (_islands[at - 1].Start, end);
            return true;
        }

        _islands.Insert(at, (start, end));
        return _islands.Count <= IslandsMax;
    }
}
