using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.Memory;

namespace VProtect.Mover.Store.Backends.Null;

/// <summary>
/// Swallows the bytes of objects that are written piece by piece (packs) and remembers only their size; small objects are
/// kept in memory, so that a repository can be opened on it. For measuring everything before the store.
/// </summary>
internal sealed class NullStore : IObjectStore
{
    private readonly MemoryStore _small = new();
    private readonly ConcurrentDictionary<string, long> _swallowed = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Name => "null";

    /// <inheritdoc/>
    public StoreProperties Properties { get; } = new()
    {
        ObjectBytesMax = long.MaxValue,
        ListIsConsistent = true,
        CanRetain = false,
    };

    /// <summary>Bytes of all swallowed objects.</summary>
    internal long SwallowedBytes => _swallowed.Values.Sum();

    public ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        return ValueTask.FromResult<IObjectWriter>(new Writer(this, key));
    }

    public ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        _small.PutIfAbsentAsync(key, content, cancellationToken);

    public ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _swallowed.ContainsKey(key)
            ? throw new NotSupportedException($"'{key}' was swallowed.")
            : _small.ReadAsync(key, offsetBytes, buffer, cancellationToken);

    public async ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken) =>
        _swallowed.TryGetValue(key, out long sizeBytes) ? sizeBytes : await _small.GetSizeAsync(key, cancellationToken);

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach ((string key, long sizeBytes) in _swallowed)
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return new ObjectInfo(key, sizeBytes);
            }
        }

        await foreach (ObjectInfo info in _small.ListAsync(prefix, cancellationToken))
        {
            yield return info;
        }
    }

    public async ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken) =>
        _swallowed.TryRemove(key, out _) || await _small.DeleteAsync(key, cancellationToken);

    public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<StoreSpace?>(null);

    public ValueTask DisposeAsync() => _small.DisposeAsync();

    private sealed class Writer(NullStore store, string key) : IObjectWriter
    {
        private long _lengthBytes;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            _lengthBytes += bytes.Length;
            return ValueTask.CompletedTask;
        }

        public ValueTask<bool> CommitAsync(CancellationToken cancellationToken) =>
            ValueTask.FromResult(store._swallowed.TryAdd(key, _lengthBytes));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
