using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace VProtect.Catalog;

/// <summary>
/// Tells those who listen in this process what has been committed by it, in the order of commits. Nobody waits for a slow listener: when its
/// queue is full, what it misses is replaced by one <see cref="CatalogChangeKind.Reset"/>. Changes of other processes are not told.
/// </summary>
public sealed class CatalogChanges
{
    /// <summary>Changes that wait for one listener, at most: about 40 KiB.</summary>
    public const int QueuedMax = 1024;

    private readonly ConcurrentDictionary<Listener, byte> _listeners = new();

    /// <summary>All changes from now on, until cancelled. Listening begins with this call, not with the first read.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IAsyncEnumerable<CatalogChange> Listen(CancellationToken cancellationToken)
    {
        var listener = new Listener();
        _listeners[listener] = 0;
        return Read(listener, cancellationToken);
    }

    internal void Publish(IReadOnlyCollection<CatalogChange> changes)
    {
        foreach (Listener listener in _listeners.Keys)
        {
            listener.Add(changes);
        }
    }

    private async IAsyncEnumerable<CatalogChange> Read(Listener listener, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                yield return await listener.NextAsync(cancellationToken);
            }
        }
        finally
        {
            _listeners.TryRemove(listener, out _);
        }
    }

    private sealed class Listener
    {
        private readonly Channel<CatalogChange> _queue = Channel.CreateBounded<CatalogChange>(
            new BoundedChannelOptions(QueuedMax) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

        private int _missed;

        public void Add(IReadOnlyCollection<CatalogChange> changes)
        {
            foreach (CatalogChange change in changes)
            {
                if (!_queue.Writer.TryWrite(change))
                {
                    Volatile.Write(ref _missed, 1);
                }
            }
        }

        public async ValueTask<CatalogChange> NextAsync(CancellationToken cancellationToken)
        {
            // What was missed is told first: the listener reads the tables again, and what is still queued is then old news but harmless.
            if (Interlocked.Exchange(ref _missed, 0) != 0)
            {
                return new CatalogChange("", Guid.Empty, CatalogChangeKind.Reset);
            }

            return await _queue.Reader.ReadAsync(cancellationToken);
        }
    }
}
