namespace VProtect.Nbd.Server;

/// <summary>A number of bytes that may be held at a time. Who wants more waits, in order, so that a long request is not
/// overtaken for ever by short ones.</summary>
internal sealed class ByteBudget(long capacityBytes)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private long _freeBytes = capacityBytes;

    public long FreeBytes
    {
        get
        {
            lock (_gate)
            {
                return _freeBytes;
            }
        }
    }

    /// <summary>Takes bytes, at most the whole capacity. After cancellation nothing is held.</summary>
    public ValueTask TakeAsync(long bytes, CancellationToken ct)
    {
        lock (_gate)
        {
            if (_waiters.Count == 0 && _freeBytes >= bytes)
            {
                _freeBytes -= bytes;
                return ValueTask.CompletedTask;
            }

            var waiter = new Waiter(bytes);
            LinkedListNode<Waiter> node = _waiters.AddLast(waiter);
            return new ValueTask(WaitAsync(waiter, node, ct));
        }
    }

    public void Return(long bytes)
    {
        lock (_gate)
        {
            _freeBytes += bytes;
            Serve();
        }
    }

    private async Task WaitAsync(Waiter waiter, LinkedListNode<Waiter> node, CancellationToken ct)
    {
        using CancellationTokenRegistration registration = ct.Register(() =>
        {
            lock (_gate)
            {
                if (waiter.Granted.TrySetCanceled(ct))
                {
                    _waiters.Remove(node);
                    Serve();
                }
            }
        });
        await waiter.Granted.Task;
    }

    private void Serve()
    {
        while (_waiters.First is { } first && _freeBytes >= first.Value.Bytes)
        {
            _waiters.RemoveFirst();
            _freeBytes -= first.Value.Bytes;
            first.Value.Granted.TrySetResult();
        }
    }

    private sealed class Waiter(long bytes)
    {
        public long Bytes => bytes;

        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
