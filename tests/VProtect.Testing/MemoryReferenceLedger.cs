using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>
/// The ledger of references as dictionaries: the model that the durable one is held against, and the mover's in tests.
/// It outlives its disposal, so that a test can go on with what was committed, as a process started again does.
/// </summary>
public sealed class MemoryReferenceLedger : IReferenceLedger
{
    private State _committed = new();
    private State _current = new();

    public IReadOnlyDictionary<string, IReadOnlyList<ChunkId>> Points => _current.Points;

    public IReadOnlyDictionary<PackId, PackUse> Packs => _current.Packs;

    /// <summary>All counts that are not zero.</summary>
    public IReadOnlyDictionary<ChunkId, long> Counts => _current.Counts;

    /// <summary>How often it was emptied.</summary>
    public int ClearCount { get; private set; }

    /// <summary>Called before each commit and clearing; may throw, and nothing is committed then.</summary>
    public Action? BeforeCommit { get; set; }

    public long CountOf(in ChunkId id) => _current.Counts.GetValueOrDefault(id);

    public long Add(in ChunkId id, int change)
    {
        long count = CountOf(id) + change;
        if (count < 0)
        {
            throw new IntegrityException($"The count of {id.ToString()[..16]}… would fall below zero.");
        }

        if (count == 0)
        {
            _current.Counts.Remove(id);
        }
        else
        {
            _current.Counts[id] = count;
        }

        return count;
    }

    public void SetPoint(string pointId, IReadOnlyList<ChunkId> roots) => _current.Points[pointId] = roots;

    public void RemovePoint(string pointId) => _current.Points.Remove(pointId);

    public void SetPack(PackId pack, PackUse use) => _current.Packs[pack] = use;

    public void RemovePack(PackId pack) => _current.Packs.Remove(pack);

    public ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeforeCommit?.Invoke();
        _committed = _current.Copy();
        return ValueTask.CompletedTask;
    }

    public ValueTask ClearAsync(CancellationToken cancellationToken)
    {
        BeforeCommit?.Invoke();
        ClearCount++;
        _current = new State();
        _committed = new State();
        return ValueTask.CompletedTask;
    }

    /// <summary>As after a crash: what was not committed is gone.</summary>
    public void Reopen() => _current = _committed.Copy();

    public ValueTask DisposeAsync()
    {
        Reopen();
        return ValueTask.CompletedTask;
    }

    private sealed class State
    {
        public Dictionary<ChunkId, long> Counts { get; private init; } = [];

        public Dictionary<string, IReadOnlyList<ChunkId>> Points { get; private init; } = new(StringComparer.Ordinal);

        public Dictionary<PackId, PackUse> Packs { get; private init; } = [];

        public State Copy() => new() { Counts = new(Counts), Points = new(Points, StringComparer.Ordinal), Packs = new(Packs) };
    }
}
