using System.Net.Sockets;

namespace VProtect.Nbd.Tests.Testing;

/// <summary>A server that does to each connection what a script says, in real bytes over a unix socket.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"vpn-{Guid.NewGuid():N}.sock");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _accepted = [];
    private readonly Func<FakePeer, Task> _script;
    private readonly Task _loop;
    private readonly List<Exception> _faults = [];

    public FakeServer(Func<FakePeer, Task> script)
    {
        _script = script;
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(16);
        _loop = AcceptAsync();
    }

    public NbdUri Uri => NbdUri.Unix(_path, "disk");

    /// <summary>What scripts threw that was not the client going away.</summary>
    public IReadOnlyList<Exception> Faults => _faults;

    public int Accepted { get; private set; }

    public Task<NbdClient> ConnectAsync(NbdConnectOptions? options = null) =>
        NbdClient.ConnectAsync(Uri, options ?? new NbdConnectOptions { ConnectionsMax = 1 }, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        lock (_accepted)
        {
            _accepted.ForEach(socket => socket.Dispose());
        }

        await _loop;
        File.Delete(_path);
    }

    private async Task AcceptAsync()
    {
        var scripts = new List<Task>();
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync();
                lock (_accepted)
                {
                    _accepted.Add(socket);
                    Accepted++;
                }

                scripts.Add(Task.Run(() => RunAsync(socket)));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }

        await Task.WhenAll(scripts);
    }

    private async Task RunAsync(Socket socket)
    {
        try
        {
            using var stream = new NetworkStream(socket, ownsSocket: true);
            await _script(new FakePeer(stream));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or EndOfStreamException)
        {
        }
        catch (Exception e)
        {
            lock (_faults)
            {
                _faults.Add(e);
            }
        }
    }
}
