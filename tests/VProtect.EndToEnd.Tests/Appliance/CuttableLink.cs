using System.Net;
using System.Net.Sockets;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>A way to a server that can be cut: every connection through it ends at once with a reset, and the next ones are carried again.</summary>
internal sealed class CuttableLink : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _server;
    private readonly Lock _gate = new();
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private bool _isDown;

    /// <param name="server">Where it leads.</param>
    /// <param name="at">Address at which it is entered; by default the loopback's.</param>
    public CuttableLink(IPEndPoint server, IPAddress? at = null)
    {
        _server = server;
        _listener = new TcpListener(at ?? IPAddress.Loopback, 0);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The port to connect to instead.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections carried so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Resets all connections, at both ends, and those to come until <see cref="Mend"/>.</summary>
    public void CutForLong()
    {
        lock (_gate)
        {
            _isDown = true;
        }

        Cut();
    }

    /// <summary>Carries again.</summary>
    public void Mend()
    {
        lock (_gate)
        {
            _isDown = false;
        }
    }

    /// <summary>Resets all connections, at both ends.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            foreach (Socket socket in _sockets)
            {
                try
                {
                    socket.LingerState = new LingerOption(true, 0);
                }
                catch (ObjectDisposedException)
                {
                    // It had ended by itself.
                }

                socket.Dispose();
            }

            _sockets.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        Cut();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            var server = new Socket(_server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await server.ConnectAsync(_server);
            }
            catch (SocketException)
            {
                client.Dispose();
                server.Dispose();
                continue;
            }

            lock (_gate)
            {
                if (_isDown)
                {
                    client.Dispose();
                    server.Dispose();
                    continue;
                }

                _sockets.AddRange([client, server]);
                Connections++;
            }

            _ = CarryAsync(client, server);
            _ = CarryAsync(server, client);
        }
    }

    private static async Task CarryAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[256 << 10];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
            {
                for (int sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut, or one of them has gone.
            from.Dispose();
            to.Dispose();
        }
    }
}
