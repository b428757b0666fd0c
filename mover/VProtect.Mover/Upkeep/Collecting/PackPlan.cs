using VProtect.Abstractions;
using VProtect.Mover.Store.Collection;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// What becomes of each pack in one run: those listed, those condemned by this generation or an earlier one, those removed.
/// Memory: about 50 bytes for each pack of the repository.
/// </summary>
internal sealed class PackPlan
{
    /// <summary>
    /// Packs that a state of collection names at most: with it the object stays far below the largest there may be. What more
    /// there is to condemn waits for a later run.
    /// </summary>
    public const int NamedMax = 200_000;

    private readonly Dictionary<PackId, long> _condemned = [];
    private readonly Dictionary<PackId, CondemnedPack> _gone = [];
    private readonly CollectionRecord _state;

    public PackPlan(CollectionRecord state)
    {
        _state = state;
        Generation = state.Generation + 1;
        foreach ((PackId pack, CondemnedPack condemned) in state.PackIds.Zip(state.Condemned))
        {
            if (condemned.Gone is null)
            {
                _condemned.Add(pack, condemned.Since);
            }
            else
            {
                _gone.Add(pack, condemned);
            }
        }
    }

    /// <summary>The generation that this run makes.</summary>
    public long Generation { get; }

    /// <summary>Packs of the repository and their sizes in bytes, as listed.</summary>
    public Dictionary<PackId, long> Sizes { get; } = [];

    /// <summary>Packs condemned, and the generation that was the first to say so.</summary>
    public IReadOnlyDictionary<PackId, long> Condemned => _condemned;

    /// <summary>Packs that are gone, removed by this run or so lately that a listing may still show them.</summary>
    public IEnumerable<PackId> Gone => _gone.Keys;

    /// <summary>Whether the next state differs from the one this run began with.</summary>
    public bool HasChanged { get; private set; }

    public bool IsFull => _condemned.Count + _gone.Count >= NamedMax;

    /// <summary>Bytes of the condemned packs.</summary>
    public long CondemnedBytes => _condemned.Keys.Sum(pack => Sizes.GetValueOrDefault(pack));

    /// <summary>Whether what lies in a pack can be relied on to stay there.</summary>
    public bool Stays(PackId pack) => Sizes.ContainsKey(pack) && !_condemned.ContainsKey(pack) && !_gone.ContainsKey(pack);

    /// <summary>
    /// Nothing in it is needed, or no longer there alone. For ever: another collector may be about to remove it, so no later writer may
    /// ever rely on it.
    /// </summary>
    public void Condemn(PackId pack)
    {
        _condemned[pack] = Generation;
        HasChanged = true;
    }

    /// <summary>It is gone.</summary>
    public void NoteGone(PackId pack)
    {
        _condemned.Remove(pack, out long since);
        _gone[pack] = new CondemnedPack(pack.ToString(), since, Generation);
        Sizes.Remove(pack);
        HasChanged = true;
    }

    /// <summary>The state that follows.</summary>
    /// <param name="oldestLease">The oldest generation with an open lease; the largest number when there is none.</param>
    public CollectionRecord ToRecord(long oldestLease)
    {
        // A lease that was open at one of the last collections may have announced a point that a listing does not show yet.
        long[] oldest = [.. (_state.Oldest ?? []).Append(Math.Min(oldestLease, Generation)).TakeLast((int)CollectionState.LagMax + 1)];
        long open = Math.Min(Math.Max(0, Generation - CollectionState.LagMax), oldest.Min());
        IEnumerable<CondemnedPack> condemned = _condemned.Select(pack => new CondemnedPack(pack.Key.ToString(), pack.Value))
            .Concat(_gone.Values.Where(pack => pack.Gone >= Generation - CollectionState.LagMax));
        return new CollectionRecord(Generation, [.. condemned.OrderBy(pack => pack.Pack, StringComparer.Ordinal)], open, oldest);
    }
}
