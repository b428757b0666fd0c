using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// Step (3) of a collector: brings the counts up to the restore points there are. A reference is a slot of a counted node or the
/// root of a disk. Only a node whose count becomes or ceases to be positive is read, so subtrees that a point shares cost nothing.
/// </summary>
internal sealed class PointCounting(ChunkStore chunks, CountedReferences references, CollectTally tally)
{
    /// <summary>Small objects read at once.</summary>
    private const int ReadsMax = 16;

    /// <summary>Nodes after which counted points are made durable, so that a first run that is interrupted goes on where it was.</summary>
    private const long NodesPerCommit = 100_000;

    /// <summary>Ids that are looked up in the index at once.</summary>
    private const int LookupsMax = 4096;

    private readonly Repository _repository = chunks.Repository;
    private readonly NodeWalk _walk = new(chunks) { OnNode = tally.AddNode };
    private readonly List<ChunkId> _unreferenced = new(LookupsMax);
    private long _nodesCommitted;

    /// <summary>Counts points that came and discounts those that are gone.</summary>
    /// <param name="announced">Ids of points that no listing may show yet.</param>
    /// <param name="removed">Ids of points that this run removed: a listing may show them still.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IntegrityException">A point to be counted is damaged: what it needs is not known.</exception>
    /// <exception cref="RecountException">What was counted cannot be discounted.</exception>
    public async Task RunAsync(IReadOnlySet<string> announced, IReadOnlySet<string> removed, CancellationToken cancellationToken)
    {
        HashSet<string> listed = await _repository.ListMarksAsync("points/", cancellationToken);
        listed.ExceptWith(removed);

        // Additions first: what a new point shares with one that goes keeps its count, and is not walked twice.
        List<string> added = [.. listed.Union(announced).Where(id => !references.IsCounted(id))];
        tally.Begin("counting restore points", added.Count, "restore points");
        await foreach ((string id, RestorePoint? point) in ReadAhead.RunAsync(added, ReadsMax, ReadPointAsync, cancellationToken))
        {
            // Null before its writer has committed, too. What is there now never changes, so a second look tells which it is.
            bool isThere = point is not null || await ExistsAsync(id, cancellationToken);
            RestorePoint? counted = isThere ? point ?? await ReadPointAsync(id, cancellationToken) : null;
            if (counted is not null)
            {
                await AddAsync(counted, cancellationToken);
                tally.PointsCounted++;
            }
            else if (isThere)
            {
                // The mark of an aborted point stays for ever, needs nothing, and need not be read again.
                references.SetPoint(id, []);
            }

            tally.Advance();
            await CommitSometimesAsync(cancellationToken);
        }

        // What a listing leaves out may be there all the same.
        List<string> missing = [.. references.PointIds.Where(id => !listed.Contains(id))];
        tally.Begin("discounting removed restore points", missing.Count, "restore points");
        await foreach ((string id, bool stays) in ReadAhead.RunAsync(missing, ReadsMax, ExistsAsync, cancellationToken))
        {
            if (!stays)
            {
                await RemoveAsync(id, cancellationToken);
            }

            tally.Advance();
            await CommitSometimesAsync(cancellationToken);
        }

        await references.CommitAsync(cancellationToken);
    }

    private async Task<RestorePoint?> ReadPointAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await _repository.ReadPointAsync(id, cancellationToken);
        }
        catch (IntegrityException e)
        {
            throw new IntegrityException(
                $"Restore point {id[..8]} is damaged, so it is not known what it needs, and nothing was removed: {e.Message} "
                + "Bring its object back from a copy, or forget this restore point.",
                e.Code, e);
        }
    }

    private async Task<bool> ExistsAsync(string id, CancellationToken cancellationToken) =>
        await _repository.Store.GetSizeAsync($"points/{id}", cancellationToken) is not null;

    private async Task AddAsync(RestorePoint point, CancellationToken cancellationToken)
    {
        references.BeginChange();
        var entered = new List<(ChunkId Id, int Level)>();
        RestorePointDisk[] disks = [.. point.Disks.Where(disk => !disk.Root.IsZero)];
        foreach (RestorePointDisk disk in disks)
        {
            if (references.AddNode(disk.Root, 1) == 1)
            {
                long chunkCount = (disk.SizeBytes + _repository.ChunkBytes - 1) / _repository.ChunkBytes;
                entered.Add((disk.Root, TreeNode.RootLevel(chunkCount)));
            }
        }

        try
        {
            await _walk.RunAsync(entered, (in id, isChunk) => (isChunk ? references.Add(id, 1) : references.AddNode(id, 1)) == 1, cancellationToken);
        }
        catch (IntegrityException e)
        {
            throw new IntegrityException(
                $"Restore point {point.Id[..8]} of machine '{point.Machine}' from {point.CreatedAt.ToUniversalTime():u} is damaged, so it is not known "
                + $"what it needs, and nothing was removed: {e.Message} Back the machine up again, which writes what is missing, or forget this restore point.",
                e.Code, e);
        }

        references.SetPoint(point.Id, [.. disks.Select(disk => disk.Root)]);
        references.EndChange();
    }

    private async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        references.BeginChange();
        IEnumerable<(ChunkId Id, int Level)> entered = [.. references.RootsOf(id).Where(root => Discount(root, isChunk: false)).Select(root => (root, NodeWalk.AnyLevel))];
        try
        {
            await _walk.RunAsync(entered, Discount, cancellationToken);
        }
        catch (IntegrityException e)
        {
            throw new RecountException(e);
        }

        references.RemovePoint(id);
        references.EndChange();
    }

    private bool Discount(in ChunkId id, bool isChunk)
    {
        if ((isChunk ? references.Add(id, -1) : references.AddNode(id, -1)) > 0)
        {
            return false;
        }

        _unreferenced.Add(id);
        if (_unreferenced.Count == LookupsMax)
        {
            MarkPacks();
        }

        return true;
    }

    /// <summary>Packs in which something lost its last reference must be looked at. Before each commit, so that no mark is lost.</summary>
    private void MarkPacks()
    {
        ChunkId[] ids = [.. _unreferenced];
        var places = new ChunkLocation[ids.Length];
        bool[] found = new bool[ids.Length];
        using IChunkIndexSession session = chunks.Index.OpenSession();
        session.FindMany(ids, places, found);
        for (int i = 0; i < ids.Length; i++)
        {
            if (found[i])
            {
                references.MarkForLook(places[i].Pack);
            }
        }

        _unreferenced.Clear();
    }

    private async Task CommitSometimesAsync(CancellationToken cancellationToken)
    {
        MarkPacks();
        if (_walk.NodesRead - _nodesCommitted >= NodesPerCommit)
        {
            _nodesCommitted = _walk.NodesRead;
            await references.CommitAsync(cancellationToken);
        }
    }
}
