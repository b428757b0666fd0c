using VProtect.Abstractions;

namespace VProtect.Mover.Store.Manifests;

/// <summary>
/// Writes a disk's tree front to back, on top of a base tree of the same disk (or of nothing), reading and writing only
/// nodes on the way to what changes.
/// <code>
///  level 2   [ . . # . ]          one open node per level: the path to the chunk set last.
///  level 1       [ # . . ]        1. Moving on closes, from the bottom, nodes that do not hold the new chunk.
///  level 0     [ . # # . ]        2. A closed node that changed is encoded, stored, and its id set in its parent.
///                                 3. Opening a node reads it from the base, or begins it with zeros.
/// </code>
/// Used by one task. Memory: 8 KiB per level, at most 8 levels.
/// </summary>
internal sealed class TreeWriter
{
    private readonly INodeReader _reader;
    private readonly INodeWriter _writer;
    private readonly long _chunkCount;
    private readonly int _rootLevel;
    private readonly OpenNode[] _path;
    private readonly byte[] _encoded = new byte[TreeNode.BytesMax];
    private readonly ChunkId _baseRoot;
    private readonly bool _rebuildsDamaged;
    private long _next;

    /// <summary>Begins a tree.</summary>
    /// <param name="reader">Reads nodes of the base.</param>
    /// <param name="writer">Takes new nodes.</param>
    /// <param name="chunkCount">Chunks of the disk.</param>
    /// <param name="baseRoot">Root of the base tree, of a disk of the same size; zero for none.</param>
    /// <param name="rebuildsDamaged">True when every chunk of the disk will be set: then a damaged node of the base is replaced, not an error.</param>
    public TreeWriter(INodeReader reader, INodeWriter writer, long chunkCount, ChunkId baseRoot, bool rebuildsDamaged)
    {
        _rebuildsDamaged = rebuildsDamaged;
        _reader = reader;
        _writer = writer;
        _chunkCount = chunkCount;
        _rootLevel = TreeNode.RootLevel(chunkCount);
        _baseRoot = baseRoot;
        _path = new OpenNode[_rootLevel + 1];
        for (int level = 0; level <= _rootLevel; level++)
        {
            _path[level] = new OpenNode();
        }
    }

    /// <summary>Sets one chunk. Chunks are set in ascending order.</summary>
    /// <returns>Whether it differs from the base.</returns>
    public async ValueTask<bool> SetAsync(long chunk, ChunkId id, CancellationToken cancellationToken)
    {
        Advance(chunk, 1);
        OpenNode leaf = _path[0];
        if (!leaf.Holds(chunk, TreeNode.SpanChunks(0)))
        {
            await OpenAsync(chunk, 0, cancellationToken);
        }

        return leaf.Set((int)(chunk & (TreeNode.Slots - 1)), id);
    }

    /// <summary>Sets a run of chunks to zeros; whole subtrees at once, without reading them.</summary>
    /// <returns>Whether anything of it was not zero in the base.</returns>
    public async ValueTask<bool> SetZerosAsync(long firstChunk, long count, CancellationToken cancellationToken)
    {
        Advance(firstChunk, count);
        if (_baseRoot.IsZero)
        {
            return false;
        }

        bool changed = false;
        while (count > 0)
        {
            int level = 0;
            while (level < _rootLevel && (firstChunk & (TreeNode.SlotChunks(level + 1) - 1)) == 0
                && (count >= TreeNode.SlotChunks(level + 1) || firstChunk + count == _chunkCount))
            {
                level++;
            }

            await OpenAsync(firstChunk, level, cancellationToken);
            long slotChunks = TreeNode.SlotChunks(level);
            changed |= _path[level].Set((int)((firstChunk / slotChunks) & (TreeNode.Slots - 1)), ChunkId.Zero);
            long covered = Math.Min(slotChunks, count);
            firstChunk += covered;
            count -= covered;
        }

        return changed;
    }

    /// <summary>Closes every node.</summary>
    /// <param name="chunkCount">Chunks of the disk: as given at the start, or fewer for a stream whose end was not known then.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The id of the root.</returns>
    public async ValueTask<ChunkId> CompleteAsync(long chunkCount, CancellationToken cancellationToken)
    {
        // All chunks of a shorter disk lie under the first node of the level that covers it, which is still open.
        int rootLevel = TreeNode.RootLevel(chunkCount);
        for (int level = 0; level < rootLevel; level++)
        {
            await CloseAsync(level, cancellationToken);
        }

        OpenNode root = _path[rootLevel];
        return root.IsDirty ? await StoreAsync(rootLevel, cancellationToken) : _baseRoot;
    }

    private void Advance(long chunk, long count)
    {
        if (chunk < _next || count < 1 || chunk + count > _chunkCount)
        {
            throw new InvalidOperationException($"Chunk {chunk} + {count} is out of order or beyond {_chunkCount}.");
        }

        _next = chunk + count;
    }

    /// <summary>Makes the node of <paramref name="level"/> that holds <paramref name="chunk"/> the open one, with all above it.</summary>
    private async ValueTask OpenAsync(long chunk, int level, CancellationToken cancellationToken)
    {
        // :: 1. Close what lies below, and what is open at or above the level and holds other chunks.
        for (int below = 0; below < level; below++)
        {
            await CloseAsync(below, cancellationToken);
        }

        for (int at = level; at < _rootLevel && !_path[at].Holds(chunk, TreeNode.SpanChunks(at)); at++)
        {
            await CloseAsync(at, cancellationToken);
        }

        // :: 3. Open from the top.
        for (int at = _rootLevel; at >= level; at--)
        {
            if (_path[at].Holds(chunk, TreeNode.SpanChunks(at)))
            {
                continue;
            }

            ChunkId id = at == _rootLevel
                ? _baseRoot
                : _path[at + 1].Slots[(int)((chunk / TreeNode.SlotChunks(at + 1)) & (TreeNode.Slots - 1))];
            _path[at].Open(chunk - (chunk % TreeNode.SpanChunks(at)));
            if (!id.IsZero)
            {
                await ReadAsync(id, at, cancellationToken);
            }
        }
    }

    private async ValueTask ReadAsync(ChunkId id, int level, CancellationToken cancellationToken)
    {
        try
        {
            await _reader.ReadNodeAsync(id, level, _path[level].Slots, cancellationToken);
        }
        catch (IntegrityException) when (_rebuildsDamaged)
        {
            _path[level].BeginAnew();
        }
    }

    /// <summary>:: 2. Stores the open node of a level if it changed, and tells its parent.</summary>
    private async ValueTask CloseAsync(int level, CancellationToken cancellationToken)
    {
        OpenNode node = _path[level];
        if (!node.IsOpen)
        {
            return;
        }

        if (node.IsDirty)
        {
            ChunkId id = await StoreAsync(level, cancellationToken);
            _path[level + 1].Set((int)((node.FirstChunk / TreeNode.SlotChunks(level + 1)) & (TreeNode.Slots - 1)), id);
        }

        node.Close();
    }

    private async ValueTask<ChunkId> StoreAsync(int level, CancellationToken cancellationToken)
    {
        int length = TreeNode.Encode(level, _path[level].Slots, _encoded);
        return length == 0 ? ChunkId.Zero : await _writer.WriteNodeAsync(_encoded.AsMemory(0, length), cancellationToken);
    }

    private sealed class OpenNode
    {
        public ChunkId[] Slots { get; } = new ChunkId[TreeNode.Slots];

        public long FirstChunk { get; private set; } = -1;

        public bool IsOpen => FirstChunk >= 0;

        public bool IsDirty { get; private set; }

        public bool Holds(long chunk, long spanChunks) => IsOpen && chunk >= FirstChunk && chunk - FirstChunk < spanChunks;

        public void Open(long firstChunk)
        {
            FirstChunk = firstChunk;
            IsDirty = false;
            Array.Clear(Slots);
        }

        public void BeginAnew()
        {
            Array.Clear(Slots);
            IsDirty = true;
        }

        public void Close() => FirstChunk = -1;

        public bool Set(int slot, ChunkId id)
        {
            bool differs = Slots[slot] != id;
            Slots[slot] = id;
            IsDirty |= differs;
            return differs;
        }
    }
}
