using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// Walks down trees as far as it is told to, with many nodes being read at once, since a read waits for the store. What is found is
/// told in the caller's task, one node after the other. Nodes that wait are taken last first, so no more than a few
/// thousand wait: memory is below 1 MiB, however large the trees.
/// </summary>
internal sealed class NodeWalk(ChunkStore chunks)
{
    /// <summary>Nodes being read at once.</summary>
    private const int ReadsMax = 32;

    /// <summary>The level of a node whose level is not known: as the node itself says.</summary>
    public const int AnyLevel = -1;

    /// <summary>Told of each present slot of each node entered.</summary>
    /// <param name="id">Of a node or a chunk.</param>
    /// <param name="isChunk">Whether it is a chunk, which leads no further.</param>
    /// <returns>Whether to enter that node; of no meaning for a chunk.</returns>
    public delegate bool SlotVisitor(in ChunkId id, bool isChunk);

    /// <summary>Nodes read so far.</summary>
    public long NodesRead { get; private set; }

    /// <summary>Told after each node; may be null.</summary>
    public Action? OnNode { get; init; }

    /// <summary>Walks.</summary>
    /// <param name="roots">Nodes to enter, with their levels or <see cref="AnyLevel"/>.</param>
    /// <param name="visit">Told of what they lead to.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IntegrityException">A node is missing or damaged.</exception>
    public async Task RunAsync(IEnumerable<(ChunkId Id, int Level)> roots, SlotVisitor visit, CancellationToken cancellationToken)
    {
        var waiting = new Stack<(ChunkId Id, int Level)>(roots);
        var reading = new Queue<(ChunkId Id, int Level, Task<byte[]> Bytes)>();
        var slots = new ChunkId[TreeNode.Slots];
        try
        {
            while (waiting.Count + reading.Count > 0)
            {
                while (reading.Count < ReadsMax && waiting.TryPop(out (ChunkId Id, int Level) next))
                {
                    reading.Enqueue((next.Id, next.Level, chunks.ReadAsync(PackKind.Nodes, next.Id, cancellationToken).AsTask()));
                }

                (ChunkId id, int wanted, Task<byte[]> bytes) = reading.Dequeue();
                int level = Decode(id, await bytes, wanted, slots);
                NodesRead++;
                OnNode?.Invoke();
                foreach (ChunkId child in slots)
                {
                    if (!child.IsZero && visit(child, isChunk: level == 0) && level > 0)
                    {
                        waiting.Push((child, level - 1));
                    }
                }
            }
        }
        finally
        {
            foreach ((_, _, Task<byte[]> abandoned) in reading)
            {
                await ((Task)abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static int Decode(ChunkId id, byte[] node, int wanted, ChunkId[] slots)
    {
        int level = wanted == AnyLevel && node.Length >= TreeNode.HeaderBytes ? node[4] : wanted;
        return level is >= 0 and <= TreeNode.LevelMax && TreeNode.TryDecode(node, level, slots)
            ? level
            : throw new IntegrityException($"Tree node {id.ToString()[..16]}… is not a node of {(wanted == AnyLevel ? "any level" : $"level {wanted}")}.");
    }
}
