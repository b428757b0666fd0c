using System.Net;
using System.Net.Sockets;

namespace VProtect.Mover.Store.Backends.S3;

/// <summary>
/// A connection that acknowledges what it has read at once. Services that write an answer in pieces without TCP_NODELAY (Ceph as it comes) hold its last piece back until
/// what went before is acknowledged, and Linux puts that off for 40 ms: every request would take so long, whatever its size. The system falls back to putting off by itself
/// (tcp(7), TCP_QUICKACK), so it is told again whenever a read has emptied the connection.
/// </summary>
internal sealed class PromptStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    // linux/tcp.h; .NET has no name for it.
    private const int TcpQuickAck = 12;
    private static readonly byte[] s_on = BitConverter.GetBytes(1);

    /// <summary>Connects, as <see cref="SocketsHttpHandler.ConnectCallback"/> wants it.</summary>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken) =>
        await ConnectAsync(context.DnsEndPoint, cancellationToken);

    /// <summary>Connects to a service.</summary>
    public static async Task<PromptStream> ConnectAsync(EndPoint service, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(service, cancellationToken);
            return new PromptStream(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await base.ReadAsync(buffer, cancellationToken);
        if (read > 0 && read < buffer.Length)
        {
            AcknowledgeNow();
        }

        return read;
    }

    private void AcknowledgeNow()
    {
        try
        {
            Socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpQuickAck, s_on);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed meanwhile: whoever reads next is told.
        }
    }
}
