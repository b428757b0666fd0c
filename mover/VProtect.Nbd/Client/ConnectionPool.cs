namespace VProtect.Nbd.Client;

/// <summary>The connections of one client. The first decides what the export is; the others join it when they agree
/// with it, and are done without when the server does not want them.</summary>
internal sealed class ConnectionPool : IAsyncDisposable
{
    /// <summary>How long opening waits for the further connections. A server that takes one at a time leaves the others
    /// unanswered in its queue; those that get through later still join.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly NbdConnection _first;
    private NbdConnection[] _connections;
    private Task _joining = Task.CompletedTask;

    private ConnectionPool(NbdConnection first)
    {
        _first = first;
        _connections = [first];
    }

    public ExportTerms Terms => _first.Terms;

    public int Count => Volatile.Read(ref _connections).Count(connection => connection.Failure is null);

    public static async Task<ConnectionPool> OpenAsync(NbdUri uri, NbdConnectOptions options, CancellationToken ct)
    {
        NbdConnection first = await Connector.ConnectAsync(uri, options, ct);
        var pool = new ConnectionPool(first);
        try
        {
            CheckSize(first.Terms, options);
            bool shareable = (first.Terms.Flags & (NbdExportFlags.CanMultiConnection | NbdExportFlags.ReadOnly)) != 0;
            if (shareable && options.ConnectionsMax > 1)
            {
                Task[] joining = new Task[options.ConnectionsMax - 1];
                for (int i = 0; i < joining.Length; i++)
                {
                    joining[i] = pool.JoinAsync(uri, options);
                }

                pool._joining = Task.WhenAll(joining);
                await Task.WhenAny(pool._joining, Task.Delay(Patience, options.TimeProvider, ct));
                ct.ThrowIfCancellationRequested();
            }

            return pool;
        }
        catch
        {
            await pool.DisposeAsync();
            throw;
        }
    }

    /// <summary>The least loaded connection that works.</summary>
    /// <exception cref="NbdException">None works any more: the failure of the last to go.</exception>
    public NbdConnection Pick()
    {
        NbdConnection? best = null;
        int least = int.MaxValue;
        NbdException? failure = null;
        foreach (NbdConnection connection in Volatile.Read(ref _connections))
        {
            int load = connection.Outstanding;
            if (connection.Failure is { } reason)
            {
                failure = reason;
            }
            else if (load < least)
            {
                (best, least) = (connection, load);
            }
        }

        return best ?? throw failure!.ForRequest();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _joining;
        foreach (NbdConnection connection in _connections)
        {
            await connection.DisposeAsync();
        }

        _closing.Dispose();
    }

    private static void CheckSize(ExportTerms terms, NbdConnectOptions options)
    {
        if (options.ExpectedSizeBytes is { } expected && expected != terms.SizeBytes)
        {
            throw NbdException.Violation($"the export had {expected} bytes before and has {terms.SizeBytes} now, so it is not the same disk");
        }

        if (terms.SizeBytes == 0)
        {
            throw NbdException.Unsupported("The NBD export is empty (0 bytes). Check that the server exports the right disk.");
        }
    }

    private async Task JoinAsync(NbdUri uri, NbdConnectOptions options)
    {
        NbdConnection connection;
        try
        {
            connection = await Connector.ConnectAsync(uri, options, _closing.Token);
        }
        catch (Exception e) when (e is NbdException or OperationCanceledException)
        {
            return; // fewer connections are slower, not wrong
        }

        if (!IsSameExport(connection.Terms, Terms))
        {
            await connection.DisposeAsync();
            NbdException failure = NbdException.Violation("two connections to one export see different sizes or abilities");
            foreach (NbdConnection joined in Volatile.Read(ref _connections))
            {
                joined.Fail(failure);
            }

            return;
        }

        lock (_gate)
        {
            Volatile.Write(ref _connections, [.. _connections, connection]);
        }
    }

    private static bool IsSameExport(ExportTerms a, ExportTerms b) =>
        a.SizeBytes == b.SizeBytes && a.Flags == b.Flags && a.Sizes == b.Sizes && a.IsStructured == b.IsStructured
        && a.IsExtended == b.IsExtended && a.Contexts.Values.ToHashSet().SetEquals(b.Contexts.Values);
}
