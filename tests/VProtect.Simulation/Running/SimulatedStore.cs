using System.Runtime.CompilerServices;
using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.Faulty;

namespace VProtect.Simulation.Running;

/// <summary>
/// The store as one simulated process sees it: every call waits until the simulator completes it. A process that was killed waits for ever.
/// </summary>
internal sealed class SimulatedStore(Simulator simulator, SimulatedProcess process) : IObjectStore
{
    public string Name => "simulation";

    public StoreProperties Properties { get; } = new() { ObjectBytesMax = int.MaxValue, ListIsConsistent = false, CanRetain = false };

    public ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken) =>
        CallAsync(StoreOperation.Create, key, () => (IObjectWriter)new Writer(this, key), cancellationToken);

    public ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        byte[] bytes = content.ToArray();
        return CallAsync(StoreOperation.Put, key, () => simulator.Put(process, key, bytes), cancellationToken);
    }

    public ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        CallAsync(
            StoreOperation.Read,
            key,
            () =>
            {
                if (simulator.Find(process, key) is not { } content)
                {
                    return -1;
                }

                int length = (int)Math.Clamp(content.Length - offsetBytes, 0, buffer.Length);
                content.AsMemory((int)Math.Min(offsetBytes, content.Length), length).CopyTo(buffer);
                return length;
            },
            cancellationToken);

    public ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken) =>
        CallAsync(StoreOperation.Size, key, () => (long?)simulator.Find(process, key)?.LongLength, cancellationToken);

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (ObjectInfo item in await CallAsync(StoreOperation.List, prefix, () => simulator.List(prefix), cancellationToken))
        {
            yield return item;
        }
    }

    public ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken) =>
        CallAsync(StoreOperation.Delete, key, () => simulator.Table.Remove(key), cancellationToken);

    public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) => new((StoreSpace?)null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ValueTask<T> CallAsync<T>(StoreOperation operation, string key, Func<T> effect, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = new StoreCall<T>(process, operation, key, effect);
        simulator.Enqueue(call);
        return new ValueTask<T>(call.Answer);
    }

    private sealed class Writer(SimulatedStore store, string key) : IObjectWriter
    {
        private readonly MemoryStream _content = new();

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            // The bytes are the caller's again when the call returns, and not before.
            return new ValueTask(store.CallAsync(
                StoreOperation.Write,
                key,
                () =>
                {
                    _content.Write(bytes.Span);
                    return true;
                },
                cancellationToken).AsTask());
        }

        public ValueTask<bool> CommitAsync(CancellationToken cancellationToken) =>
            store.CallAsync(StoreOperation.Commit, key, () => store.Put(key, _content.ToArray()), cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private bool Put(string key, byte[] content) => simulator.Put(process, key, content);
}
