using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace VProtect.Nbd.Server;

/// <summary>
/// Serves exports over TCP and unix sockets: newstyle with TLS, structured replies, block status, several connections to an export.
/// <code>
///  listener ─► allowed? room? ─► ServerHandshake ─► Transmission ─┬─ requests ─► INbdExport
///                                (TLS, GO)                        └─ ReplySender ◄─┘   replies in any order
/// </code>
/// <para>Nothing a client sends ends anything but its own connection, or costs more than <see cref="NbdServerOptions"/> says.</para>
/// <para>All members are safe to call from several threads.</para>
/// </summary>
public sealed partial class NbdServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ServedExport> _exports = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, ServerConnection> _connections = new();
    private readonly Dictionary<string, int> _connectionsOf = new(StringComparer.Ordinal);
    private readonly List<Listener> _listeners = [];
    private readonly Lock _gate = new();
    private readonly ITimer _watch;
    private long _lastNumber;
    private bool _isStopping;

    /// <summary>Makes a server that listens nowhere yet and has no exports.</summary>
    /// <param name="options">See there.</param>
    /// <param name="log">Who came, went, was refused, and which requests failed.</param>
    /// <param name="time">For time-outs.</param>
    /// <exception cref="NbdException">An option makes no sense.</exception>
    public NbdServer(NbdServerOptions options, ILogger<NbdServer> log, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        (Options, Logger, Time) = (options, log, time);
        Budget = new ByteBudget(options.BytesInFlightOfAllMax);
        var second = TimeSpan.FromSeconds(1);
        _watch = time.CreateTimer(static server => ((NbdServer)server!).CheckDeadlines(), this, second, second);
    }

    /// <summary>Who is connected now.</summary>
    public IReadOnlyList<NbdClientInfo> Clients => [.. _connections.Values.Select(connection => connection.Describe()).OrderBy(client => client.Number)];

    /// <summary>A client begins to use an export. Handlers are called one connection's after the other, and must neither wait nor throw.</summary>
    public event Action<NbdClientInfo>? ClientArrived;

    /// <summary>A client that had arrived uses its export no more, whoever ended it. As <see cref="ClientArrived"/>.</summary>
    public event Action<NbdClientInfo>? ClientLeft;

    /// <summary>Names of the exports there are.</summary>
    public IReadOnlyList<string> ExportNames => [.. _exports.Keys.Order(StringComparer.Ordinal)];

    internal NbdServerOptions Options { get; }

    internal ILogger<NbdServer> Logger { get; }

    internal TimeProvider Time { get; }

    internal ByteBudget Budget { get; }

    internal PayloadPool Payloads { get; } = new(keptBytesMax: 32L << 20);

    internal IEnumerable<KeyValuePair<string, ServedExport>> Exports => _exports.OrderBy(export => export.Key, StringComparer.Ordinal);

    /// <summary>Offers an export. A client that names none gets the one named "", or the only one there is.</summary>
    /// <exception cref="NbdException">There is one of that name, or its size or block sizes make no sense.</exception>
    public void AddExport(string name, INbdExport export)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(export);
        var served = new ServedExport(name, export);
        if (!_exports.TryAdd(name, served))
        {
            throw NbdException.Invalid($"The NBD server has an export '{name}' already. Choose another name.");
        }
    }

    /// <summary>Withdraws an export: its clients are disconnected, and when this returns the export is not used any more.</summary>
    /// <returns>False when there was none of that name.</returns>
    public async Task<bool> RemoveExportAsync(string name)
    {
        if (!_exports.TryRemove(name, out ServedExport? export))
        {
            return false;
        }

        await Task.WhenAll(_connections.Values.Where(connection => connection.Export == export).Select(connection => connection.StopAsync(Options.StallTimeout)));
        return true;
    }

    /// <summary>Listens on TCP.</summary>
    /// <param name="endPoint">Address and port; port 0 takes a free one.</param>
    /// <returns>The address of the default export, with the port that was taken.</returns>
    /// <exception cref="NbdException"><see cref="NbdErrorKind.ListenFailed"/></exception>
    public NbdUri Listen(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        IPEndPoint bound = (IPEndPoint)Start(Listener.Tcp(endPoint)).EndPoint;
        string host = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any) ? Dns.GetHostName() : bound.Address.ToString();
        return NbdUri.Tcp(host, bound.Port) with { UseTls = Options.Tls is not null };
    }

    /// <summary>Listens on a unix socket that only this user may connect to. A socket there that nobody listens on is replaced.</summary>
    /// <returns>The address of the default export.</returns>
    /// <exception cref="NbdException"><see cref="NbdErrorKind.ListenFailed"/></exception>
    public NbdUri Listen(string socketPath)
    {
        Start(Listener.Unix(socketPath));
        return NbdUri.Unix(socketPath);
    }

    /// <summary>Ends: nobody new is let in; what is being worked on may end and be answered, requests that wait are refused as
    /// shutting down, then connections close. Exports are not used any more afterwards.</summary>
    /// <param name="grace">How long work may take before it is cut off.</param>
    public async Task StopAsync(TimeSpan grace)
    {
        lock (_gate)
        {
            _isStopping = true;
        }

        foreach (Listener listener in _listeners)
        {
            listener.Dispose();
        }

        await Task.WhenAll(_listeners.Select(listener => listener.Ended));
        await Task.WhenAll(_connections.Values.Select(connection => connection.StopAsync(grace)));
    }

    /// <summary>As <see cref="StopAsync"/>, at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        await _watch.DisposeAsync();
    }

    internal void TellArrival(NbdClientInfo client) => ClientArrived?.Invoke(client);

    internal void TellLeaving(NbdClientInfo client) => ClientLeft?.Invoke(client);

    /// <summary>The export a client means; null when there is none of that name.</summary>
    internal ServedExport? Find(string name)
    {
        if (_exports.TryGetValue(name, out ServedExport? export))
        {
            return export;
        }

        return name.Length == 0 && _exports.Count == 1 ? _exports.Values.FirstOrDefault() : null;
    }

    private Listener Start(Listener listener)
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                listener.Dispose();
                throw new NbdException(NbdErrorKind.ListenFailed, "The NBD server is ending and listens nowhere any more. Make a new one.");
            }

            _listeners.Add(listener);
        }

        listener.Run(Accept, e => Log.AcceptFailed(Logger, e));
        return listener;
    }

    private void Accept(Socket socket)
    {
        string client = "unix";
        string address = client;
        if (socket.RemoteEndPoint is IPEndPoint remote)
        {
            IPAddress ip = remote.Address.IsIPv4MappedToIPv6 ? remote.Address.MapToIPv4() : remote.Address;
            client = ip.ToString();
            address = new IPEndPoint(ip, remote.Port).ToString();
            if (Options.AllowedClients.Count > 0 && !Options.AllowedClients.Any(network => network.Contains(ip)))
            {
                Log.RefusedAddress(Logger, address);
                socket.Dispose();
                return;
            }
        }

        ServerConnection connection;
        lock (_gate)
        {
            int ofClient = _connectionsOf.GetValueOrDefault(client);
            if (_isStopping || _connections.Count >= Options.ConnectionsMax || ofClient >= Options.ConnectionsPerClientMax)
            {
                Log.RefusedForRoom(Logger, address, ofClient, _connections.Count);
                socket.Dispose();
                return;
            }

            _connectionsOf[client] = ofClient + 1;
            connection = new ServerConnection(this, socket, ++_lastNumber, address);
            _connections[connection.Number] = connection;
        }

        connection.Start(() =>
        {
            lock (_gate)
            {
                _connections.TryRemove(connection.Number, out _);
                if (--_connectionsOf[client] == 0)
                {
                    _connectionsOf.Remove(client);
                }
            }
        });
    }

    private void CheckDeadlines()
    {
        foreach (ServerConnection connection in _connections.Values)
        {
            connection.CheckDeadline();
        }
    }
}
