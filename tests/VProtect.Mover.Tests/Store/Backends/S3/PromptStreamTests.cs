using System.Net;
using System.Net.Sockets;
using VProtect.Mover.Store.Backends.S3;

namespace VProtect.Mover.Tests.Store.Backends.S3;

public sealed class PromptStreamTests
{
    private const int Tcp = 6;
    private const int TcpQuickAck = 12;

    [Fact]
    public async Task What_was_read_is_acknowledged_at_once_request_after_request()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<Socket> accepting = listener.AcceptSocketAsync();
        await using PromptStream stream = await PromptStream.ConnectAsync(listener.LocalEndpoint, default);
        using Socket service = await accepting;
        byte[] buffer = new byte[4096];
        int atOnce = 0;
        for (int request = 0; request < 50; request++)
        {
            await stream.WriteAsync("GET"u8.ToArray());
            Assert.Equal(3, await service.ReceiveAsync(buffer));
            await service.SendAsync("head"u8.ToArray());
            Assert.Equal(4, await stream.ReadAsync(buffer));
            atOnce += IsAcknowledgedAtOnce(stream.Socket) ? 1 : 0;
        }

        // By itself the system would begin to put off after a few.
        Assert.Equal(50, atOnce);
    }

    [Fact]
    public async Task A_connection_that_is_refused_says_so()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        EndPoint gone = listener.LocalEndpoint;
        listener.Stop();
        await Assert.ThrowsAsync<SocketException>(() => PromptStream.ConnectAsync(gone, default));
    }

    private static bool IsAcknowledgedAtOnce(Socket socket)
    {
        byte[] value = new byte[4];
        socket.GetRawSocketOption(Tcp, TcpQuickAck, value);
        return BitConverter.ToInt32(value) != 0;
    }
}
