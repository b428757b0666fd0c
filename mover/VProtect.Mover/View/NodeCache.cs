using VProtect.Abstractions;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.View;

/// <summary>Slots of tree nodes by id, a bounded number, each read once however many want it. Safe from several threads.</summary>
internal sealed class NodeCache(int nodesMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ChunkId, Entry> _nodes = [];
    private readonly Queue<ChunkId> _inOrder = new();

    /// <summary>The slots of a node that is there; null when it must be read.</summary>
    public ChunkId[]? TryGet(in ChunkId id)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(id, out Entry? entry) && entry.Reading.IsCompletedSuccessfully)
            {
                entry.IsHot = true;
                return entry.Reading.Result;
            }
        }

        return null;
    }

    /// <summary>The slots of a node. Nobody changes them.</summary>
    public Task<ChunkId[]> GetAsync(INodeReader reader, ChunkId id, int level)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(id, out Entry? entry))
            {
                entry.IsHot = true;
                return entry.Reading;
            }

            while (_nodes.Count >= nodesMax)
            {
                ChunkId oldest = _inOrder.Dequeue();
                if (_nodes.TryGetValue(oldest, out Entry? candidate) && candidate.IsHot)
                {
                    candidate.IsHot = false;
                    _inOrder.Enqueue(oldest);
                }
                else
                {
                    _nodes.Remove(oldest);
                }
            }

            Task<ChunkId[]> reading = Task.Run(() => ReadAsync(reader, id, level));
            _nodes[id] = new Entry(reading);
            _inOrder.Enqueue(id);
            return reading;
        }
    }

    /// <summary>Gives up all of them.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _nodes.Clear();
            _inOrder.Clear();
        }
    }

    private async Task<ChunkId[]> ReadAsync(INodeReader reader, ChunkId id, int level)
    {
        try
        {
            var slots = new ChunkId[TreeNode.Slots];

            // Nobody's cancellation: others may wait for the same node.
            await reader.ReadNodeAsync(id, level, slots, CancellationToken.None);
            return slots;
        }
        catch
        {
            lock (_gate)
            {
                _nodes.Remove(id);
            }

            throw;
        }
    }

    private sealed class Entry(Task<ChunkId[]> reading)
    {
        public Task<ChunkId[]> Reading => reading;

        public bool IsHot { get; set; }
    }
}
