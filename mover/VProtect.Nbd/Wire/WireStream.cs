using System.Net.Sockets;

namespace VProtect.Nbd.Wire;

/// <summary>A connected socket, in clear or under TLS. One reader and one writer at a time.
/// <para>In clear, data is received by a non-blocking call after a wait for readability that holds no buffer, so a
/// buffer lent for receiving is only ever written within <see cref="TryReceive"/>, never between calls.</para></summary>
internal sealed class WireStream : IDisposable
{
    private readonly Socket _socket;
    private Stream _stream;

    public WireStream(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true); // wants a blocking socket, so first
        _socket.Blocking = false; // only for the synchronous calls; the asynchronous ones never block
    }

    public bool IsEncrypted { get; private set; }

    /// <summary>The stream to lay TLS over.</summary>
    public Stream Inner => _stream;

    public void Encrypt(Stream tls)
    {
        _stream = tls;
        IsEncrypted = true;
    }

    public ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken ct) => _stream.ReadAsync(target, ct);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken ct) => _stream.WriteAsync(source, ct);

    /// <summary>Receives what is there: bytes received, 0 at the end, -1 when nothing is there yet. In clear only.</summary>
    public int TryReceive(Span<byte> target)
    {
        int received = _socket.Receive(target, SocketFlags.None, out SocketError error);
        return error switch
        {
            SocketError.Success => received,
            SocketError.WouldBlock => -1,
            _ => throw new SocketException((int)error),
        };
    }

    /// <summary>Waits until something can be received, or the end is reached.</summary>
    public ValueTask<int> WaitReadableAsync() => _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);

    /// <summary>Says that we will not write again; under TLS with the alert that belongs to it.</summary>
    public async Task ShutdownAsync()
    {
        if (_stream is System.Net.Security.SslStream tls)
        {
            await tls.ShutdownAsync();
        }

        _socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Closes at once; reads and writes under way fail.</summary>
    public void Dispose()
    {
        // Not through TLS: SslStream is not safe against disposal while reads and writes are under way.
        _socket.Dispose();
    }

    /// <summary>Frees what TLS holds, once reads and writes have ended.</summary>
    public void Release() => _stream.Dispose();
}
