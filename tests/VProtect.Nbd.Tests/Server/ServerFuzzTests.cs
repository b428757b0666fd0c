using System.Net.Sockets;
using VProtect.Nbd.Tests.Testing;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Tests.Server;

/// <summary>Goal: no stream of bytes ends the server, holds on to its memory, or gets it out of step with its other clients.
/// Method: random and mutated conversations, cut off anywhere; an honest client after each batch. More with VPROTECT_FUZZ, elsewhere with
/// VPROTECT_SEED.</summary>
public sealed class ServerFuzzTests
{
    [Fact]
    public async Task No_stream_of_bytes_does_harm()
    {
        int rounds = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_FUZZ") ?? "300", System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(int.Parse(Environment.GetEnvironmentVariable("VPROTECT_SEED") ?? "1", System.Globalization.CultureInfo.InvariantCulture));
        await using var server = new TestServer(new MemoryExport(1 << 20));
        for (int round = 0; round < rounds; round++)
        {
            await TalkAsync(server, Mutate(Conversation(random), random), random);
            if (round % 25 == 0)
            {
                using RawClient honest = RawClient.Entered(server, structured: true, "base:allocation");
                honest.Request(CommandType.Read, 77, 0, 4096);
                Assert.Equal((77ul, 0u), (honest.Reply() is var reply ? (reply.Cookie, reply.Error) : default));
            }
        }

        await server.AssertNothingHeldAsync();
    }

    private static byte[] Conversation(Random random)
    {
        if (random.Next(20) == 0)
        {
            byte[] noise = new byte[random.Next(2000)];
            random.NextBytes(noise);
            return noise;
        }

        var bytes = new List<byte>(FakePeer.Big(3u));
        for (int options = random.Next(4); options > 0; options--)
        {
            byte[] data = random.Next(3) switch
            {
                0 => FakePeer.Big(4u, "disk", 2u, 15u, "base:allocation", 9u, "vprotect:"),
                1 => FakePeer.Big(4u, "disk", (ushort)2, (ushort)3, (ushort)random.Next(5)),
                _ => new byte[random.Next(40)],
            };
            bytes.AddRange(FakePeer.Big(Magic.Newstyle, (uint)random.Next(1, 13), (uint)data.Length, data));
        }

        bytes.AddRange(FakePeer.Big(Magic.Newstyle, (uint)OptionCode.StructuredReply, 0u, Magic.Newstyle, (uint)OptionCode.Go, 10u, 4u, "disk", (ushort)0));
        for (int requests = random.Next(30); requests > 0; requests--)
        {
            int type = random.Next(10);
            uint length = random.Next(8) == 0 ? (uint)random.NextInt64(1L << 32) : (uint)random.Next(20_000);
            ulong offset = random.Next(8) == 0 ? (ulong)random.NextInt64() : (ulong)random.Next(1 << 20);
            bytes.AddRange(FakePeer.Big(Magic.Request, (ushort)(random.Next(3) == 0 ? random.Next(64) : 0), (ushort)type, (ulong)random.NextInt64(), offset, length));
            bytes.AddRange(new byte[type == (int)CommandType.Write ? Math.Min(length, 20_000) : 0]);
        }

        return [.. bytes];
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        for (int flips = random.Next(3) == 0 ? random.Next(6) : 0; flips > 0 && bytes.Length > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        }

        return random.Next(3) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes;
    }

    private static async Task TalkAsync(TestServer server, byte[] bytes, Random random)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(server.Socket));
        int piecesMax = random.Next(1, 5);
        bool reads = random.Next(4) > 0;
        Task reading = reads ? DrainAsync(socket) : Task.CompletedTask;
        try
        {
            for (int at = 0; at < bytes.Length;)
            {
                int piece = Math.Min(bytes.Length - at, 1 + random.Next((bytes.Length / piecesMax) + 1));
                await socket.SendAsync(bytes.AsMemory(at, piece));
                at += piece;
            }

            if (random.Next(2) == 0)
            {
                socket.Shutdown(SocketShutdown.Send);
                await reading;
            }
        }
        catch (SocketException)
        {
            // It has hung up, as it may.
        }
    }

    private static async Task DrainAsync(Socket socket)
    {
        try
        {
            byte[] rest = new byte[65_536];
            while (await socket.ReceiveAsync(rest) > 0)
            {
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }
}
