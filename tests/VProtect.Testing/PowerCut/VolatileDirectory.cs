namespace VProtect.Testing.PowerCut;

/// <summary>
/// A directory as two lists of names: what readers see, and what a disk holds for certain. A name made, changed or removed
/// is durable once this directory was flushed, and only then: the weakest promise POSIX allows.
/// </summary>
internal sealed class VolatileDirectory : VolatileNode
{
    private readonly Dictionary<string, VolatileNode> _durable = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VolatileNode> _now = new(StringComparer.Ordinal);
    private readonly List<(string Name, VolatileNode? Node)> _pending = [];

    // Where a listing goes on: what comes while somebody reads is at the end, and nothing else moves when something goes.
    private readonly SortedDictionary<long, string> _order = [];
    private readonly Dictionary<string, long> _places = new(StringComparer.Ordinal);
    private long _lastPlace;

    public IReadOnlyDictionary<string, VolatileNode> Entries => _now;

    /// <summary>Names in a lasting order, each with its place in it.</summary>
    public IEnumerable<(long Place, string Name)> Listing => _order.Select(entry => (entry.Key, entry.Value));

    /// <summary>Gives a name to a node, in one step also when another node had it.</summary>
    public void Set(string name, VolatileNode node)
    {
        if (_now.TryGetValue(name, out VolatileNode? replaced))
        {
            replaced.Names--;
        }

        Show(name, node);
        _pending.Add((name, node));
    }

    public void Remove(string name)
    {
        if (_now.Remove(name, out VolatileNode? node))
        {
            node.Names--;
            _places.Remove(name, out long place);
            _order.Remove(place);
            _pending.Add((name, null));
        }
    }

    public override void Flush()
    {
        _pending.ForEach(change => Apply(_durable, change));
        _pending.Clear();
    }

    /// <summary>The names a disk may hold after a power cut, to nodes of before.</summary>
    public Dictionary<string, VolatileNode> SurvivingEntries(Survival survival, Random random)
    {
        var entries = new Dictionary<string, VolatileNode>(_durable, StringComparer.Ordinal);
        if (survival == Survival.Parts)
        {
            // What happened to one name happened in order; different names know nothing of each other.
            foreach (IGrouping<string, (string Name, VolatileNode? Node)> changes in _pending.GroupBy(change => change.Name))
            {
                foreach ((string Name, VolatileNode? Node) change in changes.Take(random.Next(changes.Count() + 1)))
                {
                    Apply(entries, change);
                }
            }
        }
        else
        {
            _pending.GetRange(0, survival.Count(_pending.Count, random)).ForEach(change => Apply(entries, change));
        }

        return entries;
    }

    /// <summary>Puts an entry in place that is durable from the beginning.</summary>
    public void Restore(string name, VolatileNode node)
    {
        _durable[name] = node;
        Show(name, node);
    }

    private void Show(string name, VolatileNode node)
    {
        node.Names++;
        _now[name] = node;
        if (_places.TryAdd(name, _lastPlace + 1))
        {
            _order.Add(++_lastPlace, name);
        }
    }

    private static void Apply(Dictionary<string, VolatileNode> entries, (string Name, VolatileNode? Node) change)
    {
        if (change.Node is null)
        {
            entries.Remove(change.Name);
        }
        else
        {
            entries[change.Name] = change.Node;
        }
    }
}
