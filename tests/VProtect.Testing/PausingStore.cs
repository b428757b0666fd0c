using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>
/// A store that holds back one call until a test says so, so that the test can put other processes' steps in between. The call
/// waits before it has any effect.
/// </summary>
public sealed class PausingStore(IObjectStore inner) : StoreDecorator(inner)
{
    private readonly Lock _lock = new();
    private Func<StoreCall, string, bool>? _which;
    private TaskCompletionSource _reached = new();
    private TaskCompletionSource _released = new();

    /// <summary>The next call that fits is held back, once.</summary>
    /// <returns>Completes when it is being held back.</returns>
    public Task PauseAt(Func<StoreCall, string, bool> which)
    {
        lock (_lock)
        {
            _which = which;
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reached.Task;
        }
    }

    /// <summary>Lets the call go on.</summary>
    public void Resume() => _released.SetResult();

    public override async ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken)
    {
        await PassAsync(StoreCall.Create, key);
        return await Inner.CreateAsync(key, cancellationToken);
    }

    public override async ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await PassAsync(StoreCall.Put, key);
        return await Inner.PutIfAbsentAsync(key, content, cancellationToken);
    }

    public override async ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await PassAsync(StoreCall.Read, key);
        return await Inner.ReadAsync(key, offsetBytes, buffer, cancellationToken);
    }

    public override async ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken)
    {
        await PassAsync(StoreCall.Size, key);
        return await Inner.GetSizeAsync(key, cancellationToken);
    }

    public override async ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await PassAsync(StoreCall.Delete, key);
        return await Inner.DeleteAsync(key, cancellationToken);
    }

    private Task PassAsync(StoreCall call, string key)
    {
        lock (_lock)
        {
            if (_which?.Invoke(call, key) != true)
            {
                return Task.CompletedTask;
            }

            _which = null;
            _reached.SetResult();
            return _released.Task;
        }
    }
}

/// <summary>Calls that <see cref="PausingStore"/> can hold back.</summary>
public enum StoreCall
{
    Create,
    Put,
    Read,
    Size,
    Delete,
}
