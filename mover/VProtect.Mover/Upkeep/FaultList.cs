namespace VProtect.Mover.Upkeep;

/// <summary>Sentences about what is wrong, each once; beyond a thousand they are only counted. Safe from several threads.</summary>
internal sealed class FaultList
{
    private const int KeptMax = 1000;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _faults = new(StringComparer.Ordinal);
    private long _more;

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _faults.Count == 0;
            }
        }
    }

    public void Add(string fault)
    {
        lock (_lock)
        {
            if (_faults.Count < KeptMax)
            {
                _faults.Add(fault);
            }
            else if (!_faults.Contains(fault))
            {
                _more++;
            }
        }
    }

    public IReadOnlyList<string> ToList()
    {
        lock (_lock)
        {
            return _more == 0 ? [.. _faults] : [.. _faults, $"… and {_more} more of the kind."];
        }
    }
}
