using System.Buffers.Binary;
using System.Net.Sockets;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Tests.Testing;

/// <summary>A client's end of one connection: says what it is told to, right or wrong.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public RawClient(TestServer server)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(server.Socket));
        _socket.ReceiveTimeout = 20_000;
        Receive(18);
    }

    public static RawClient Entered(TestServer server, bool structured = true, params string[] contexts)
    {
        var client = new RawClient(server);
        client.Send(3u);
        if (structured)
        {
            Assert.Equal(OptionReplyType.Ack, client.Option(OptionCode.StructuredReply)[^1].Type);
        }

        if (contexts.Length > 0)
        {
            object[] queries = [.. contexts.SelectMany(context => new object[] { (uint)context.Length, context })];
            client.Option(OptionCode.SetMetaContext, FakePeer.Big([4u, "disk", (uint)contexts.Length, .. queries]));
        }

        Assert.Equal(OptionReplyType.Ack, client.Go("disk")[^1].Type);
        return client;
    }

    public void Send(params object[] numbers) => _socket.Send(FakePeer.Big(numbers));

    public byte[] Receive(int count)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int got = _socket.Receive(bytes.AsSpan(at));
            at += got > 0 ? got : throw new EndOfStreamException();
        }

        return bytes;
    }

    /// <summary>Whether the server has hung up: nothing more comes.</summary>
    public bool IsAtEnd()
    {
        try
        {
            return _socket.Receive(new byte[1]) == 0;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return true;
        }
    }

    public List<(OptionReplyType Type, byte[] Data)> Option(OptionCode code, params byte[] data)
    {
        Send(Magic.Newstyle, (uint)code, (uint)data.Length, data);
        return Replies(code);
    }

    public List<(OptionReplyType Type, byte[] Data)> Replies(OptionCode code)
    {
        var replies = new List<(OptionReplyType, byte[])>();
        while (true)
        {
            Assert.True(OptionReplyHeader.TryRead(Receive(OptionReplyHeader.Bytes), out OptionReplyHeader head));
            Assert.Equal(code, head.Code);
            replies.Add((head.Type, Receive((int)head.Length)));
            if (head.IsError || head.Type == OptionReplyType.Ack)
            {
                return replies;
            }
        }
    }

    public List<(OptionReplyType Type, byte[] Data)> Go(string name, params InfoType[] wanted) =>
        Option(OptionCode.Go, FakePeer.Big([(uint)name.Length, name, (ushort)wanted.Length, .. wanted.Select(info => (object)(ushort)info)]));

    public void Request(CommandType type, ulong cookie, long offset, uint length, CommandFlags flags = CommandFlags.None, byte[]? payload = null) =>
        Send(Magic.Request, (ushort)flags, (ushort)type, cookie, (ulong)offset, length, payload ?? []);

    /// <summary>The next reply, whole: its cookie, its error, and the types of its chunks with their payloads.</summary>
    public (ulong Cookie, uint Error, List<(ChunkType Type, byte[] Payload)> Chunks) Reply(int simpleBytes = 0)
    {
        var chunks = new List<(ChunkType, byte[])>();
        while (true)
        {
            byte[] magic = Receive(4);
            if (BinaryPrimitives.ReadUInt32BigEndian(magic) == Magic.SimpleReply)
            {
                SimpleReplyHeader head = SimpleReplyHeader.Read([.. magic, .. Receive(SimpleReplyHeader.Bytes - 4)]);
                return (head.Cookie, head.Error, [(ChunkType.None, head.Error == 0 ? Receive(simpleBytes) : [])]);
            }

            Assert.Equal(Magic.StructuredReply, BinaryPrimitives.ReadUInt32BigEndian(magic));
            ChunkHeader chunk = ChunkHeader.Read([.. magic, .. Receive(ChunkHeader.StructuredBytes - 4)], extended: false);
            byte[] payload = Receive((int)chunk.Length);
            chunks.Add((chunk.Type, payload));
            if (chunk.IsDone)
            {
                return (chunk.Cookie, chunk.IsError ? BinaryPrimitives.ReadUInt32BigEndian(payload) : 0, chunks);
            }
        }
    }

    /// <summary>Says that nothing more will come.</summary>
    public void End() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.Dispose();
}
