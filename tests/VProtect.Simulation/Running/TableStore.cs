using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Simulation.Running;

/// <summary>The table as a store that answers at once, truly, and without faults: what the oracle looks through.</summary>
internal sealed class TableStore(ObjectTable table) : IObjectStore
{
    public string Name => "table";

    public StoreProperties Properties { get; } = new() { ObjectBytesMax = int.MaxValue, ListIsConsistent = true, CanRetain = false };

    public ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        new(table.TryCreate(key, content.ToArray()));

    public ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (table.Find(key) is not { } content)
        {
            return new(-1);
        }

        int length = (int)Math.Clamp(content.Length - offsetBytes, 0, buffer.Length);
        content.AsMemory((int)Math.Min(offsetBytes, content.Length), length).CopyTo(buffer);
        return new(length);
    }

    public ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken) => new(table.Find(key)?.LongLength);

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        foreach (ObjectInfo item in table.List(prefix, lag: 0, Random.Shared))
        {
            yield return item;
        }
    }

    public ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) => new((StoreSpace?)null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
