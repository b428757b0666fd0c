using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>An object store that does as another does: what tests derive from to change one thing. Does not own the other.</summary>
public abstract class StoreDecorator(IObjectStore inner) : IObjectStore
{
    public string Name => inner.Name;

    public virtual StoreProperties Properties => inner.Properties;

    protected IObjectStore Inner => inner;

    public virtual ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken) => inner.CreateAsync(key, cancellationToken);

    public virtual ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        inner.PutIfAbsentAsync(key, content, cancellationToken);

    public virtual ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        inner.ReadAsync(key, offsetBytes, buffer, cancellationToken);

    public virtual ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken) => inner.GetSizeAsync(key, cancellationToken);

    public virtual IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    public virtual ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

    public virtual ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) => inner.GetSpaceAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
