using VProtect.Abstractions;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// The ledger as a collector uses it. Two things are added to it: damage of the ledger is told apart from damage of the repository,
/// and changes that a failure cut short are noticed by whoever uses the same ledger next, since a mark lies in it meanwhile.
/// Half of a point counted or discounted would make counts too small later.
/// </summary>
internal sealed class CountedReferences(IReferenceLedger ledger)
{
    /// <summary>No restore point has this id: ids are random.</summary>
    private static readonly string _unfinished = default(PackId).ToString();

    public IReadOnlyDictionary<PackId, PackUse> Packs => ledger.Packs;

    public IEnumerable<string> PointIds => ledger.Points.Keys.Where(id => id != _unfinished);

    public bool IsUnfinished => ledger.Points.ContainsKey(_unfinished);

    public bool IsCounted(string pointId) => ledger.Points.ContainsKey(pointId);

    public IReadOnlyList<ChunkId> RootsOf(string pointId) => ledger.Points[pointId];

    public long CountOf(in ChunkId id)
    {
        try
        {
            return ledger.CountOf(id);
        }
        catch (IntegrityException e)
        {
            throw new RecountException(e);
        }
    }

    public long Add(in ChunkId id, int change)
    {
        try
        {
            return ledger.Add(id, change);
        }
        catch (IntegrityException e)
        {
            throw new RecountException(e);
        }
    }

    /// <summary>How often a tree node is referred to: see <see cref="AddNode"/>.</summary>
    public long CountOfNode(in ChunkId id) => Math.Min(CountOf(id), CountOf(SecondKeyOf(id)));

    /// <summary>
    /// Counts a tree node, under two keys. A ledger may give two ids one count, which then is their sum; a node that seemed to be counted
    /// already would hide everything below it. With two keys that have no bytes in common the lesser count is exact unless both
    /// coincide with others: with 2^34 ids in a ledger of 64-bit keys once in some 10^10 repositories.
    /// </summary>
    /// <returns>The new count.</returns>
    public long AddNode(in ChunkId id, int change) => Math.Min(Add(id, change), Add(SecondKeyOf(id), change));

    public void BeginChange() => ledger.SetPoint(_unfinished, []);

    public void EndChange() => ledger.RemovePoint(_unfinished);

    public void SetPoint(string pointId, IReadOnlyList<ChunkId> roots) => ledger.SetPoint(pointId, roots);

    public void RemovePoint(string pointId) => ledger.RemovePoint(pointId);

    public void SetPack(PackId pack, PackUse use) => ledger.SetPack(pack, use);

    public void RemovePack(PackId pack) => ledger.RemovePack(pack);

    /// <summary>Notes that something in a pack has lost its last reference. One that is not known here is looked at anyway.</summary>
    public void MarkForLook(PackId pack)
    {
        if (ledger.Packs.TryGetValue(pack, out PackUse use) && !use.MustLook)
        {
            ledger.SetPack(pack, use with { MustLook = true });
        }
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ledger.CommitAsync(cancellationToken);
        }
        catch (IntegrityException e)
        {
            throw new RecountException(e);
        }
    }

    public ValueTask ClearAsync(CancellationToken cancellationToken) => ledger.ClearAsync(cancellationToken);

    /// <summary>The id with its halves exchanged: as random as the id, since ids are keyed hashes.</summary>
    private static ChunkId SecondKeyOf(in ChunkId id)
    {
        Span<byte> bytes = stackalloc byte[ChunkId.LengthBytes];
        id.CopyTo(bytes);
        Span<byte> second = stackalloc byte[ChunkId.LengthBytes];
        bytes[16..].CopyTo(second);
        bytes[..16].CopyTo(second[16..]);
        return new ChunkId(second);
    }
}

/// <summary>The counts cannot be brought up to date and must be made anew. Never leaves the collector.</summary>
/// <param name="cause">Why.</param>
internal sealed class RecountException(IntegrityException cause) : Exception(cause.Message, cause)
{
    public IntegrityException Cause => cause;
}
