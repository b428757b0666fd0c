using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Backends.Memory;

/// <summary>Objects in memory: for tests, and the model that other backends are held against.</summary>
internal sealed class MemoryStore : IObjectStore
{
    private readonly ConcurrentDictionary<string, byte[]> _objects = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <inheritdoc/>
    public string Name => "memory";

    /// <inheritdoc/>
    public StoreProperties Properties { get; } = new()
    {
        ObjectBytesMax = Array.MaxLength,
        ListIsConsistent = true,
        CanRetain = false,
    };

    public ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        return ValueTask.FromResult<IObjectWriter>(new Writer(this, key));
    }

    public ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        return ValueTask.FromResult(_objects.TryAdd(key, content.ToArray()));
    }

    public ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        if (!_objects.TryGetValue(key, out byte[]? content))
        {
            return ValueTask.FromResult(-1);
        }

        int length = (int)Math.Clamp(content.Length - offsetBytes, 0, buffer.Length);
        content.AsMemory((int)Math.Min(offsetBytes, content.Length), length).CopyTo(buffer);
        return ValueTask.FromResult(length);
    }

    public ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        return ValueTask.FromResult(_objects.TryGetValue(key, out byte[]? content) ? content.LongLength : (long?)null);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ObjectKey.ValidatePrefix(prefix);
        await Task.Yield();
        foreach ((string key, byte[] content) in _objects)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (key.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return new ObjectInfo(key, content.Length);
            }
        }
    }

    public ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        return ValueTask.FromResult(_objects.TryRemove(key, out _));
    }

    public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<StoreSpace?>(null);

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return ValueTask.CompletedTask;
    }

    private void Check(string key, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ObjectKey.Validate(key);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private sealed class Writer(MemoryStore store, string key) : IObjectWriter
    {
        private MemoryStream? _content = new();

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_content is null, this);
            cancellationToken.ThrowIfCancellationRequested();
            _content.Write(bytes.Span);
            return ValueTask.CompletedTask;
        }

        public ValueTask<bool> CommitAsync(CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_content is null, this);
            cancellationToken.ThrowIfCancellationRequested();
            byte[] content = _content.ToArray();
            _content = null;
            return ValueTask.FromResult(store._objects.TryAdd(key, content));
        }

        public ValueTask DisposeAsync()
        {
            _content = null;
            return ValueTask.CompletedTask;
        }
    }
}
