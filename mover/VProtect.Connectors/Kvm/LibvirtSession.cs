using VProtect.Abstractions;
using VProtect.Connectors.Kvm.Hosts;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// The connector's one connection to its host: opened with the first call, opened again when it broke. Calls block, so each gets a
/// thread that is not the pool's, a few at a time; a host that is gone ends them through keep-alive.
/// </summary>
internal sealed class LibvirtSession(KvmOptions options, Lazy<SshIdentity?> identity) : IAsyncDisposable
{
    private const int CallsMax = 8;

    private readonly SemaphoreSlim _slots = new(CallsMax);
    private readonly SemaphoreSlim _opening = new(1);
    private LibvirtApi? _api;
    private bool _isDisposed;

    /// <summary>Told of each new connection, before its first call; on the thread of that call.</summary>
    internal Action<LibvirtApi>? Opened { get; set; }

    /// <summary>
    /// A call that only looks: cancellation leaves it to end by itself. Failures come as <see cref="VProtectException"/>, begun by
    /// <paramref name="doing"/>.
    /// </summary>
    internal async Task<T> ReadAsync<T>(string doing, Func<LibvirtApi, T> call, CancellationToken cancellationToken) =>
        await RunAsync(doing, call, cancellationToken).WaitAsync(cancellationToken);

    /// <summary>A call that changes something: once begun it is waited for, so that it is known what is there to undo.</summary>
    internal Task<T> ChangeAsync<T>(string doing, Func<LibvirtApi, T> call, CancellationToken cancellationToken) =>
        RunAsync(doing, call, cancellationToken);

    /// <inheritdoc cref="ChangeAsync{T}"/>
    internal Task ChangeAsync(string doing, Action<LibvirtApi> call, CancellationToken cancellationToken) =>
        RunAsync(
            doing,
            api =>
            {
                call(api);
                return true;
            },
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        // Closing says good-bye to the host, which may hang.
        LibvirtApi? api = Interlocked.Exchange(ref _api, null);
        if (api is not null)
        {
            await Task.Factory.StartNew(api.Dispose, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    private async Task<T> RunAsync<T>(string doing, Func<LibvirtApi, T> call, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return await Task.Factory.StartNew(
                () => Run(doing, call), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _slots.Release();
        }
    }

    private T Run<T>(string doing, Func<LibvirtApi, T> call)
    {
        try
        {
            return call(Open());
        }
        catch (LibvirtException exception)
        {
            throw Errors.From(exception, doing);
        }
        catch (DllNotFoundException exception)
        {
            throw Errors.NoLibrary(exception);
        }
    }

    private LibvirtApi Open()
    {
        _opening.Wait();
        try
        {
            if (_api is { IsAlive: true } api)
            {
                return api;
            }

            _api?.Dispose();
            _api = null;
            api = LibvirtApi.Connect(options.ToLibvirtUri(identity.Value), options.Login, options.Password);
            Opened?.Invoke(api);
            _api = api;
            return api;
        }
        finally
        {
            _opening.Release();
        }
    }
}
