using VProtect.Abstractions;

namespace VProtect.RepositoryScale;

/// <summary>A store that counts what is asked of it.</summary>
internal sealed class CountingStore(IObjectStore store) : IObjectStore
{
    private long _reads;
    private long _readBytes;
    private long _sizes;
    private long _listed;
    private long _puts;
    private long _deletes;

    public string Name => store.Name;

    public StoreProperties Properties => store.Properties;

    public string Summary =>
        $"{_reads:n0} reads of {_readBytes >> 20:n0} MiB, {_sizes:n0} sizes, {_listed:n0} listed, {_puts:n0} written, {_deletes:n0} removed";

    public ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _puts);
        return store.CreateAsync(key, cancellationToken);
    }

    public ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _puts);
        return store.PutIfAbsentAsync(key, content, cancellationToken);
    }

    public async ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await store.ReadAsync(key, offsetBytes, buffer, cancellationToken);
        Interlocked.Increment(ref _reads);
        Interlocked.Add(ref _readBytes, Math.Max(0, read));
        return read;
    }

    public ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _sizes);
        return store.GetSizeAsync(key, cancellationToken);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (ObjectInfo item in store.ListAsync(prefix, cancellationToken))
        {
            _listed++;
            yield return item;
        }
    }

    public ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _deletes);
        return store.DeleteAsync(key, cancellationToken);
    }

    public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) => store.GetSpaceAsync(cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
