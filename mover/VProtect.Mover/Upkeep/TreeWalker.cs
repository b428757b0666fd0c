using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Walks the trees of many disks, entering each node once however many restore points share it. Memory: about 50 bytes for each
/// distinct node, one for every 16 MiB of distinct disk.
/// </summary>
/// <param name="chunks">Where nodes are read.</param>
internal sealed class TreeWalker(ChunkStore chunks)
{
    private readonly INodeReader _reader = chunks;
    private readonly Dictionary<ChunkId, bool> _soundness = [];

    /// <summary>Called with each node and what it leads to: ids of nodes (level above 0) or chunks (level 0).</summary>
    /// <param name="node">The node; false from the callback marks its subtree as unsound.</param>
    public delegate bool NodeVisitor(in VisitedNode node);

    /// <summary>Distinct nodes entered.</summary>
    public int NodeCount => _soundness.Count;

    /// <summary>Walks a disk's tree.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="chunkCount">Chunks of the disk.</param>
    /// <param name="visit">Told of each node not entered before.</param>
    /// <param name="onUnreadable">Told of each node that is missing or damaged.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether everything under the root is sound.</returns>
    public async ValueTask<bool> WalkAsync(
        ChunkId root, long chunkCount, NodeVisitor visit, Action<ChunkId, IntegrityException> onUnreadable, CancellationToken cancellationToken) =>
        root.IsZero || await WalkAsync(root, TreeNode.RootLevel(chunkCount), visit, onUnreadable, cancellationToken);

    private async ValueTask<bool> WalkAsync(
        ChunkId id, int level, NodeVisitor visit, Action<ChunkId, IntegrityException> onUnreadable, CancellationToken cancellationToken)
    {
        if (_soundness.TryGetValue(id, out bool known))
        {
            return known;
        }

        var slots = new ChunkId[TreeNode.Slots];
        bool sound;
        try
        {
            await _reader.ReadNodeAsync(id, level, slots, cancellationToken);
            sound = visit(new VisitedNode(id, level, slots));
        }
        catch (IntegrityException e)
        {
            onUnreadable(id, e);
            sound = false;
            level = 0;
        }

        if (level > 0)
        {
            foreach (ChunkId child in slots)
            {
                sound &= child.IsZero || await WalkAsync(child, level - 1, visit, onUnreadable, cancellationToken);
            }
        }

        _soundness[id] = sound;
        return sound;
    }
}

/// <summary>A node that a walk entered.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Level">Its level; at 0 the slots are chunks.</param>
/// <param name="Slots">256 ids, zero where there is nothing; valid during the callback.</param>
internal readonly record struct VisitedNode(ChunkId Id, int Level, ReadOnlyMemory<ChunkId> Slots);
