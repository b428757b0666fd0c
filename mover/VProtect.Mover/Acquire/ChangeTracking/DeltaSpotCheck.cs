using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.Acquire.ChangeTracking;

/// <summary>
/// Holds a delta against the disk before it is trusted: reads a few chunks that it calls unchanged and compares their ids with
/// the parent's. A bitmap that belongs to another disk, another restore point or an earlier life of the machine is nearly
/// always found out this way, for a few MiB of reading. Chunks are drawn at random among those that hold data in the parent.
/// </summary>
internal static class DeltaSpotCheck
{
    /// <summary>
    /// If a part p of the disk's data differs without being marked, it goes unseen with probability (1 − p)^24: below 1 in 1000 from p = 25 %.
    /// </summary>
    private const int Samples = 24;

    /// <summary>A reason not to trust the delta, or null.</summary>
    public static async ValueTask<string?> FindContradictionAsync(
        ChunkStore chunks, IBlockSource source, RestorePointDisk parent, IReadOnlyList<Extent> changed, Random random,
        CancellationToken cancellationToken)
    {
        if (parent.Root.IsZero)
        {
            return null;
        }

        int chunkBytes = chunks.Repository.ChunkBytes;
        int level = TreeNode.RootLevel((parent.SizeBytes + chunkBytes - 1) / chunkBytes);
        byte[] buffer = new byte[chunkBytes];
        for (int i = 0; i < Samples; i++)
        {
            (long chunk, ChunkId id) = await DrawAsync(chunks, parent.Root, level, random, cancellationToken);
            long offset = chunk * chunkBytes;
            int length = (int)Math.Min(chunkBytes, parent.SizeBytes - offset);
            if (!Touches(changed, offset, length)
                && (await source.ReadAsync(offset, buffer.AsMemory(0, length), cancellationToken) != length
                    || chunks.Repository.Keys.ChunkIdOf(buffer.AsSpan(0, length)) != id))
            {
                return $"the bitmap calls byte {offset} unchanged, but it differs from the previous restore point: the bitmap belongs to another one";
            }
        }

        return null;
    }

    /// <summary>A random way down the tree, through slots that are present.</summary>
    private static async ValueTask<(long Chunk, ChunkId Id)> DrawAsync(
        INodeReader nodes, ChunkId root, int level, Random random, CancellationToken cancellationToken)
    {
        var slots = new ChunkId[TreeNode.Slots];
        ChunkId id = root;
        long first = 0;
        for (; level >= 0; level--)
        {
            await nodes.ReadNodeAsync(id, level, slots, cancellationToken);
            int slot = random.Next(TreeNode.Slots);
            while (slots[slot].IsZero)
            {
                slot = (slot + 1) % TreeNode.Slots;
            }

            id = slots[slot];
            first += slot * TreeNode.SlotChunks(level);
        }

        return (first, id);
    }

    private static bool Touches(IReadOnlyList<Extent> changed, long offset, long length)
    {
        int low = 0;
        int high = changed.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (changed[middle].EndBytes <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < changed.Count && changed[low].OffsetBytes < offset + length;
    }
}
