using System.Net.Sockets;
using System.Text;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

/// <summary>Makes the socket an address asks for.</summary>
internal static class Dialer
{
    /// <summary>
    /// A server makes its unix socket and only then listens on it; between the two it refuses. That takes less than a scheduler's turn or two, so a
    /// socket that nobody listens on any more costs its caller a fifth of a second.
    /// </summary>
    private const int RefusalsMax = 20;
    private static readonly TimeSpan _afterRefusal = TimeSpan.FromMilliseconds(10);

    public static async Task<WireStream> DialAsync(NbdUri uri, CancellationToken ct)
    {
        Socket? socket = null;
        try
        {
            if (uri.Transport == NbdTransport.Unix)
            {
                string path = uri.SocketPath ?? "";
                if (path.Length == 0 || Encoding.UTF8.GetByteCount(path) > 107)
                {
                    throw NbdException.Invalid("The path of the unix socket is empty or longer than 107 bytes. Use a shorter path.");
                }

                socket = await DialUnixAsync(new UnixDomainSocketEndPoint(path), ct);
            }
            else
            {
                socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(uri.Host, uri.Port, ct);
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            }

            return new WireStream(socket);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new NbdException(
                NbdErrorKind.ConnectFailed,
                $"Cannot connect to the NBD server at {uri} ({e.SocketErrorCode}). Check that it runs, listens there, and is "
                + "not blocked by a firewall or by permissions.",
                e);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    private static async Task<Socket> DialUnixAsync(UnixDomainSocketEndPoint endPoint, CancellationToken ct)
    {
        for (int refusals = 0; ; refusals++)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(endPoint, ct);
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && refusals < RefusalsMax)
            {
                socket.Dispose();
                await Task.Delay(_afterRefusal, ct);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
