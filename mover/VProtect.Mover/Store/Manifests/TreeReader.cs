using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Manifests;

/// <summary>Walks a disk's tree in disk order, paging nodes in as it goes. Memory: 8 KiB per level and walk, and for each leaf read ahead.</summary>
internal static class TreeReader
{
    /// <summary>The chunks that are not zeros, ascending: number and id.</summary>
    /// <param name="reader">Of nodes.</param>
    /// <param name="root">Of the tree.</param>
    /// <param name="chunkCount">Chunks of the disk.</param>
    /// <param name="leavesAhead">Leaves on their way beside the one that is wanted: 0 unless the reads wait for a network.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IntegrityException">A node is missing or damaged.</exception>
    public static async IAsyncEnumerable<TreeChunk> WalkAsync(
        INodeReader reader, ChunkId root, long chunkCount, int leavesAhead, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (root.IsZero)
        {
            yield break;
        }

        int level = TreeNode.RootLevel(chunkCount);
        var slots = new ChunkId[level + 1][];
        int[] position = new int[level + 1];
        long[] first = new long[level + 1];
        int top = level;
        await using var leaves = new LeavesAhead(reader, leavesAhead, cancellationToken);
        slots[top] = new ChunkId[TreeNode.Slots];
        await reader.ReadNodeAsync(root, top, slots[top], cancellationToken);
        while (level <= top)
        {
            if (position[level] == TreeNode.Slots)
            {
                level++;
                continue;
            }

            int slot = position[level]++;
            ChunkId id = slots[level][slot];
            if (id.IsZero)
            {
                continue;
            }

            long chunk = first[level] + (slot * TreeNode.SlotChunks(level));
            if (chunk >= chunkCount)
            {
                throw new IntegrityException($"A tree names chunk {chunk} of a disk that has {chunkCount}.");
            }

            if (level == 0)
            {
                yield return new TreeChunk(chunk, id);
                continue;
            }

            level--;
            first[level] = chunk;
            position[level] = 0;
            if (level == 0 && leavesAhead > 0)
            {
                slots[0] = await leaves.ReadAsync(slots[1], slot);
                continue;
            }

            slots[level] ??= new ChunkId[TreeNode.Slots];
            await reader.ReadNodeAsync(id, level, slots[level], cancellationToken);
        }
    }

    /// <summary>Chunks that differ between two trees of disks of one size; equal subtrees are not read.</summary>
    public static async IAsyncEnumerable<TreeChange> DiffAsync(
        INodeReader reader, ChunkId oldRoot, ChunkId newRoot, long chunkCount, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pending = new Stack<(ChunkId Old, ChunkId New, int Level, long First)>();
        pending.Push((oldRoot, newRoot, TreeNode.RootLevel(chunkCount), 0));
        while (pending.TryPop(out (ChunkId Old, ChunkId New, int Level, long First) node))
        {
            if (node.Old == node.New)
            {
                continue;
            }

            ChunkId[] oldSlots = await ReadOrZerosAsync(reader, node.Old, node.Level, cancellationToken);
            ChunkId[] newSlots = await ReadOrZerosAsync(reader, node.New, node.Level, cancellationToken);
            if (node.Level == 0)
            {
                for (int slot = 0; slot < TreeNode.Slots; slot++)
                {
                    if (oldSlots[slot] != newSlots[slot])
                    {
                        yield return new TreeChange(node.First + slot, oldSlots[slot], newSlots[slot]);
                    }
                }

                continue;
            }

            // Pushed backwards, so that the stack gives them in disk order.
            for (int slot = TreeNode.Slots - 1; slot >= 0; slot--)
            {
                if (oldSlots[slot] != newSlots[slot])
                {
                    pending.Push((oldSlots[slot], newSlots[slot], node.Level - 1, node.First + (slot * TreeNode.SlotChunks(node.Level))));
                }
            }
        }
    }

    private static async ValueTask<ChunkId[]> ReadOrZerosAsync(INodeReader reader, ChunkId id, int level, CancellationToken cancellationToken)
    {
        var slots = new ChunkId[TreeNode.Slots];
        if (!id.IsZero)
        {
            await reader.ReadNodeAsync(id, level, slots, cancellationToken);
        }

        return slots;
    }
}

/// <summary>A chunk of a disk.</summary>
internal readonly record struct TreeChunk(long Chunk, ChunkId Id);

/// <summary>A chunk of a disk that differs between two trees; zero ids are zeros.</summary>
internal readonly record struct TreeChange(long Chunk, ChunkId Old, ChunkId New);
