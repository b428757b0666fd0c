using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VProtect.Nbd.Server;

/// <summary>A socket that is listened on, and the loop that accepts.</summary>
internal sealed class Listener : IDisposable
{
    private const int Backlog = 128;
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);
    private readonly Socket _socket;
    private readonly string? _path;
    private volatile bool _isDisposed;

    private Listener(Socket socket, string? path) => (_socket, _path) = (socket, path);

    public EndPoint EndPoint => _socket.LocalEndPoint!;

    public Task Ended { get; private set; } = Task.CompletedTask;

    public static Listener Tcp(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new Listener(socket, path: null);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw Failed(endPoint.ToString(), e);
        }
    }

    public static Listener Unix(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Encoding.UTF8.GetByteCount(path) > 107)
        {
            throw NbdException.Invalid("The path of the unix socket is longer than 107 bytes. Use a shorter path.");
        }

        RemoveStale(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bool isOurs = false;
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            isOurs = true;

            // Before it listens: nobody gets in by the permissions it was made with.
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Listen(Backlog);
            return new Listener(socket, path);
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            if (isOurs)
            {
                File.Delete(path);
            }

            throw Failed(path, e);
        }
    }

    public void Run(Action<Socket> accept, Action<Exception> failed) => Ended = Task.Run(() => AcceptAsync(accept, failed));

    public void Dispose()
    {
        _isDisposed = true;
        _socket.Dispose();
        if (_path is not null)
        {
            File.Delete(_path);
        }
    }

    private async Task AcceptAsync(Action<Socket> accept, Action<Exception> failed)
    {
        while (!_isDisposed)
        {
            try
            {
                accept(await _socket.AcceptAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (_isDisposed)
                {
                    return;
                }

                // A client that left while it waited, or no descriptors for now: neither may end the listening.
                failed(e);
                await Task.Delay(AfterFailure);
            }
        }
    }

    private static void RemoveStale(string path)
    {
        if (!File.Exists(path) || (File.GetAttributes(path) & (FileAttributes.Directory | FileAttributes.ReparsePoint)) != 0)
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && new FileInfo(path).Length == 0)
        {
            // The socket of a server that was killed. (An ordinary file refuses in the same way: it is left alone unless it is empty.)
            File.Delete(path);
        }
        catch (SocketException)
        {
        }
    }

    private static NbdException Failed(string where, Exception e) => new(
        NbdErrorKind.ListenFailed,
        $"The NBD server cannot listen on {where} ({(e as SocketException)?.SocketErrorCode.ToString() ?? e.Message}). Choose another address, or end whoever uses it.",
        e);
}
