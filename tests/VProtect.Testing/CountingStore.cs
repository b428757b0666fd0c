using System.Collections.Concurrent;
using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>A store that counts reads by the first segment of their keys, and notes which objects they were of.</summary>
public sealed class CountingStore(IObjectStore inner) : StoreDecorator(inner)
{
    private readonly ConcurrentQueue<string> _reads = new();

    /// <summary>Keys of all reads since the last <see cref="Reset"/>.</summary>
    public IReadOnlyCollection<string> Reads => _reads;

    /// <summary>Begins to count anew.</summary>
    public void Reset() => _reads.Clear();

    public override ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _reads.Enqueue(key);
        return Inner.ReadAsync(key, offsetBytes, buffer, cancellationToken);
    }
}
