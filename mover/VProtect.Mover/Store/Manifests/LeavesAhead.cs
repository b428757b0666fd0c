using VProtect.Abstractions;

namespace VProtect.Mover.Store.Manifests;

/// <summary>
/// Reads the leaves below one node after another, of each node all that are not zeros and in their order, and has the next ones on their way meanwhile. Used by one task;
/// when it is disposed, no read of it is under way any more.
/// </summary>
internal sealed class LeavesAhead(INodeReader reader, int aheadMax, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private readonly Queue<Task<ChunkId[]>> _reading = new();
    private int _begunTo;

    /// <summary>The slots of a leaf. They are the caller's.</summary>
    /// <param name="siblings">The slots of the node above it.</param>
    /// <param name="slot">Which of them it is; not zeros.</param>
    /// <exception cref="IntegrityException">It is missing or damaged.</exception>
    public async ValueTask<ChunkId[]> ReadAsync(ChunkId[] siblings, int slot)
    {
        if (_reading.Count == 0)
        {
            _begunTo = slot;
        }

        for (; _begunTo < TreeNode.Slots && _reading.Count <= aheadMax; _begunTo++)
        {
            if (!siblings[_begunTo].IsZero)
            {
                _reading.Enqueue(ReadAsync(siblings[_begunTo]));
            }
        }

        return await _reading.Dequeue();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)Task.WhenAll(_reading)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<ChunkId[]> ReadAsync(ChunkId leaf)
    {
        var slots = new ChunkId[TreeNode.Slots];
        await reader.ReadNodeAsync(leaf, level: 0, slots, _stop.Token);
        return slots;
    }
}
