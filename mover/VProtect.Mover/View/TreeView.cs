using VProtect.Abstractions;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.View;

/// <summary>A disk's tree, asked at any place; only nodes on the way there are read. Safe from several threads.</summary>
internal sealed class TreeView(INodeReader reader, NodeCache nodes, ChunkId root, long chunkCount)
{
    private readonly int _rootLevel = TreeNode.RootLevel(chunkCount);
    private Leaf? _last;

    /// <summary>The id of a chunk, if the node that has it is at hand.</summary>
    public bool TryFind(long chunk, out ChunkId id)
    {
        Leaf? last = Volatile.Read(ref _last);
        if (last is not null && chunk - last.FirstChunk is >= 0 and < TreeNode.Slots)
        {
            id = last.Slots[chunk - last.FirstChunk];
            return true;
        }

        id = root;
        for (int level = _rootLevel; level >= 0 && !id.IsZero; level--)
        {
            if (nodes.TryGet(id) is not { } slots)
            {
                return false;
            }

            Remember(level, chunk, slots);
            id = slots[SlotOf(chunk, level)];
        }

        return true;
    }

    /// <summary>The id of a chunk; zero for zeros.</summary>
    /// <exception cref="IntegrityException">A node on the way is missing or damaged.</exception>
    public async ValueTask<ChunkId> FindAsync(long chunk, CancellationToken cancellationToken)
    {
        if (TryFind(chunk, out ChunkId id))
        {
            return id;
        }

        id = root;
        for (int level = _rootLevel; level >= 0 && !id.IsZero; level--)
        {
            ChunkId[] slots = await ReadAsync(id, level, cancellationToken);
            Remember(level, chunk, slots);
            id = slots[SlotOf(chunk, level)];
        }

        return id;
    }

    /// <summary>From a chunk on: whether it is zeros, and how far what is known of it without reading more nodes reaches.</summary>
    public async ValueTask<(bool IsZero, long EndChunk)> GetRunAsync(long chunk, CancellationToken cancellationToken)
    {
        ChunkId id = root;
        if (id.IsZero)
        {
            return (true, chunkCount);
        }

        for (int level = _rootLevel; ; level--)
        {
            ChunkId[] slots = nodes.TryGet(id) ?? await ReadAsync(id, level, cancellationToken);
            int slot = SlotOf(chunk, level);
            id = slots[slot];
            if (!id.IsZero && level > 0)
            {
                continue;
            }

            bool isZero = id.IsZero;
            int end = slot + 1;
            while (end < TreeNode.Slots && slots[end].IsZero == isZero)
            {
                end++;
            }

            long first = chunk - (chunk % TreeNode.SpanChunks(level));
            return (isZero, Math.Min(chunkCount, first + (end * TreeNode.SlotChunks(level))));
        }
    }

    private Task<ChunkId[]> ReadAsync(ChunkId id, int level, CancellationToken cancellationToken) =>
        nodes.GetAsync(reader, id, level).WaitAsync(cancellationToken);

    private void Remember(int level, long chunk, ChunkId[] slots)
    {
        if (level == 0)
        {
            Volatile.Write(ref _last, new Leaf(chunk - (chunk % TreeNode.Slots), slots));
        }
    }

    private static int SlotOf(long chunk, int level) => (int)((chunk / TreeNode.SlotChunks(level)) & (TreeNode.Slots - 1));

    private sealed record Leaf(long FirstChunk, ChunkId[] Slots);
}
