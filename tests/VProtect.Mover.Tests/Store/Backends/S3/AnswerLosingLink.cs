using System.Net;
using System.Net.Sockets;

namespace VProtect.Mover.Tests.Store.Backends.S3;

/// <summary>A way to a server on which an answer can be lost: the request arrives, and the connection ends at the answer's first byte.</summary>
internal sealed class AnswerLosingLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _server;
    private readonly Task _accepting;
    private volatile bool _losesNextAnswer;

    public AnswerLosingLink(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>False again when one was lost.</summary>
    public bool LosesNextAnswer
    {
        get => _losesNextAnswer;
        set => _losesNextAnswer = value;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _server);
                _ = CarryAsync(client, server, isAnswer: false);
                _ = CarryAsync(server, client, isAnswer: true);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(TcpClient from, TcpClient to, bool isAnswer)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            // "100 Continue" is no answer yet.
            for (int read; (read = await from.GetStream().ReadAsync(buffer)) > 0;)
            {
                if (isAnswer && _losesNextAnswer && !buffer.AsSpan(0, read).StartsWith("HTTP/1.1 100"u8))
                {
                    _losesNextAnswer = false;
                    break;
                }

                await to.GetStream().WriteAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One of them has gone.
        }

        from.Dispose();
        to.Dispose();
    }
}
