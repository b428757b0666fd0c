using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// Whether something that a restore point needs lies in no pack that can be read: then it may lie in one that cannot, whose records
/// can still be salvaged. A walk of all trees, done only when there are such packs. Memory: about 50 bytes for each node that is
/// referred to from several places; what lies below such a node is reached through it alone, once.
/// </summary>
internal sealed class UnplacedSearch(ChunkStore chunks, CountedReferences references, CollectTally tally)
{
    /// <summary>Ids that are looked up in the index at once.</summary>
    private const int LookupsMax = 4096;

    private readonly List<ChunkId> _ids = new(LookupsMax);
    private readonly HashSet<ChunkId> _shared = [];

    /// <summary>Searches until something is found.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        tally.Begin("looking for what may lie in damaged packs");
        using var found = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bool isUnplaced = false;

        bool Visit(in ChunkId id, bool isChunk)
        {
            _ids.Add(id);
            if (_ids.Count == LookupsMax && HasUnplaced())
            {
                isUnplaced = true;
                found.Cancel();
            }

            return !isChunk && IsFirstVisit(id);
        }

        try
        {
            foreach (string point in references.PointIds)
            {
                IEnumerable<(ChunkId Id, int Level)> roots =
                    [.. references.RootsOf(point).Where(root => IsFirstVisit(root)).Select(root => (root, NodeWalk.AnyLevel))];
                await new NodeWalk(chunks) { OnNode = tally.AddNode }.RunAsync(roots, Visit, found.Token);
            }

            return isUnplaced || HasUnplaced();
        }
        catch (IntegrityException)
        {
            // A node that cannot be read is such a thing itself.
            return true;
        }
        catch (OperationCanceledException) when (isUnplaced)
        {
            return true;
        }
    }

    private bool IsFirstVisit(in ChunkId node) => references.CountOf(node) <= 1 || _shared.Add(node);

    private bool HasUnplaced()
    {
        ChunkId[] ids = [.. _ids];
        _ids.Clear();
        using IChunkIndexSession session = chunks.Index.OpenSession();
        return session.FindMany(ids, new ChunkLocation[ids.Length], new bool[ids.Length]) < ids.Length;
    }
}
