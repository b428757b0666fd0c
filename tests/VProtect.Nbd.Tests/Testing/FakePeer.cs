using System.Buffers.Binary;
using System.Text;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Tests.Testing;

/// <summary>The server's end of one connection: says what it is told to, right or wrong.</summary>
internal sealed class FakePeer(Stream stream)
{
    public const long DefaultSize = 1 << 20;

    public bool Extended { get; private set; }

    public Task RawAsync(params byte[] bytes) => stream.WriteAsync(bytes).AsTask();

    public async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }

    public static byte[] Big(params object[] numbers)
    {
        var bytes = new List<byte>();
        foreach (object number in numbers)
        {
            byte[] raw = number switch
            {
                ushort n => [(byte)(n >> 8), (byte)n],
                uint n => BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(n)),
                ulong n => BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(n)),
                byte[] b => b,
                string s => Encoding.UTF8.GetBytes(s),
                _ => throw new ArgumentException("unsized number"),
            };
            bytes.AddRange(raw);
        }

        return [.. bytes];
    }

    public async Task GreetAsync(ushort flags = 3)
    {
        await RawAsync(Big(Magic.Initial, Magic.Newstyle, flags));
        await ReadAsync(4);
    }

    public async Task<(OptionCode Code, byte[] Data)> ReadOptionAsync()
    {
        Assert.True(OptionHeader.TryRead(await ReadAsync(OptionHeader.Bytes), out OptionHeader head));
        return (head.Code, await ReadAsync((int)head.Length));
    }

    public async Task ReplyAsync(OptionCode option, OptionReplyType type, params byte[] payload)
    {
        byte[] head = new byte[OptionReplyHeader.Bytes];
        new OptionReplyHeader(option, type, (uint)payload.Length).Write(head);
        await RawAsync([.. head, .. payload]);
    }

    /// <summary>An honest handshake, from the greeting to transmission.</summary>
    public async Task NegotiateAsync(
        long size = DefaultSize, NbdExportFlags flags = NbdExportFlags.HasFlags, bool structured = true, bool extended = false, byte[]? blockSizes = null)
    {
        await GreetAsync();
        while (true)
        {
            (OptionCode code, byte[] data) = await ReadOptionAsync();
            switch (code)
            {
                case OptionCode.ExtendedHeaders when extended:
                    Extended = true;
                    await ReplyAsync(code, OptionReplyType.Ack);
                    break;
                case OptionCode.StructuredReply when structured:
                    await ReplyAsync(code, OptionReplyType.Ack);
                    break;
                case OptionCode.SetMetaContext:
                    uint id = 7;
                    foreach (string query in Queries(data))
                    {
                        await ReplyAsync(code, OptionReplyType.MetaContext, Big(id++, query));
                    }

                    await ReplyAsync(code, OptionReplyType.Ack);
                    break;
                case OptionCode.Go:
                    await ReplyAsync(code, OptionReplyType.Info, Big((ushort)InfoType.Export, (ulong)size, (ushort)flags));
                    if (blockSizes is not null)
                    {
                        await ReplyAsync(code, OptionReplyType.Info, Big((ushort)InfoType.BlockSize, blockSizes));
                    }

                    await ReplyAsync(code, OptionReplyType.Ack);
                    return;
                default:
                    await ReplyAsync(code, OptionReplyType.ErrorUnsupported);
                    break;
            }
        }
    }

    public async Task<RequestHeader> ReadRequestAsync()
    {
        byte[] bytes = await ReadAsync(Extended ? RequestHeader.ExtendedBytes : RequestHeader.CompactBytes);
        Assert.True(RequestHeader.TryRead(bytes, Extended, out RequestHeader request));
        return request;
    }

    public Task ChunkAsync(RequestHeader request, ChunkType type, bool done, params byte[] payload) =>
        ChunkHeadAsync(request, type, done, (ulong)payload.Length, payload);

    public Task ChunkHeadAsync(RequestHeader request, ChunkType type, bool done, ulong length, params byte[] payload)
    {
        byte[] head = new byte[ChunkHeader.ExtendedBytes];
        int written = new ChunkHeader(done ? ReplyFlags.Done : ReplyFlags.None, type, request.Cookie, request.Offset, length).Write(head, Extended);
        return RawAsync([.. head.AsSpan(0, written), .. payload]);
    }

    public Task SimpleAsync(RequestHeader request, uint error, params byte[] payload)
    {
        byte[] head = new byte[SimpleReplyHeader.Bytes];
        new SimpleReplyHeader(error, request.Cookie).Write(head);
        return RawAsync([.. head, .. payload]);
    }

    /// <summary>Answers a read as an honest server would.</summary>
    public Task DataAsync(RequestHeader request, byte fill, bool done = true)
    {
        byte[] payload = new byte[sizeof(ulong) + (int)request.Length];
        payload.AsSpan(sizeof(ulong)).Fill(fill);
        BinaryPrimitives.WriteUInt64BigEndian(payload, request.Offset);
        return ChunkAsync(request, ChunkType.OffsetData, done, payload);
    }

    /// <summary>Until the client hangs up.</summary>
    public async Task DrainAsync()
    {
        byte[] rest = new byte[4096];
        while (await stream.ReadAsync(rest) > 0)
        {
        }
    }

    private static List<string> Queries(byte[] data)
    {
        int at = 4 + (int)BinaryPrimitives.ReadUInt32BigEndian(data);
        int count = (int)BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(at));
        at += 4;
        var queries = new List<string>();
        for (int i = 0; i < count; i++)
        {
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(at));
            queries.Add(Encoding.UTF8.GetString(data, at + 4, length));
            at += 4 + length;
        }

        return queries;
    }
}
