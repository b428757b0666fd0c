using VProtect.Nbd.Tests.Testing;
using VProtect.Nbd.Wire;
using static VProtect.Nbd.Tests.Testing.FakePeer;

namespace VProtect.Nbd.Tests.Client;

/// <summary>Servers with extended headers are not at hand, so the specification stands in for one.</summary>
public sealed class ExtendedHeadersTests
{
    private const long Huge = 64L << 40;
    private const NbdExportFlags Able = NbdExportFlags.HasFlags | NbdExportFlags.SendWriteZeroes | NbdExportFlags.SendTrim;

    [Fact]
    public async Task Reads_writes_and_errors_use_the_long_form()
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync(size: Huge, flags: Able, extended: true);
            await peer.DataAsync(await peer.ReadRequestAsync(), 5);
            RequestHeader write = await peer.ReadRequestAsync();
            Assert.Equal((CommandType.Write, CommandFlags.PayloadLength), (write.Type, write.Flags));
            Assert.Equal(new byte[] { 1, 2, 3 }, await peer.ReadAsync(3));
            await peer.ChunkAsync(write, ChunkType.Error, true, Big(5u, (ushort)3, "bad"));
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync();
        Assert.True(client.HasExtendedHeaders);
        byte[] buffer = new byte[3];
        await client.ReadAsync(Huge - 3, buffer, CancellationToken.None);
        Assert.Equal(new byte[] { 5, 5, 5 }, buffer);
        var e = await Assert.ThrowsAsync<NbdException>(() => client.WriteAsync(0, new byte[] { 1, 2, 3 }, fua: false, CancellationToken.None).AsTask());
        Assert.Equal(5, e.ServerErrno);
        Assert.Empty(server.Faults);
    }

    [Fact]
    public async Task Block_status_covers_tebibytes_in_one_request()
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync(size: Huge, extended: true);
            RequestHeader request = await peer.ReadRequestAsync();
            Assert.Equal((ulong)Huge, request.Length);
            await peer.ChunkAsync(request, ChunkType.BlockStatusExtended, true, Big(7u, 2u, 1ul << 40, 0ul, (ulong)Huge - (1ul << 40), 3ul));
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 1, MetaContexts = ["base:allocation"] });
        List<NbdExtent> extents = await client.GetExtentsAsync("base:allocation", 0, Huge, CancellationToken.None).ToListAsync();
        Assert.Equal([new(0, 1L << 40, 0), new(1L << 40, Huge - (1L << 40), 3)], extents);
        Assert.Empty(server.Faults);
    }

    [Theory]
    [InlineData("another offset")]
    [InlineData("short form reply")]
    [InlineData("simple reply")]
    [InlineData("wrong count")]
    [InlineData("flags too wide")]
    [InlineData("length beyond a long")]
    public async Task Lies_in_the_long_form_are_violations(string lie)
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync(size: Huge, extended: true);
            RequestHeader request = await peer.ReadRequestAsync();
            ulong length = request.Length;
            await (lie switch
            {
                "another offset" => peer.ChunkAsync(request with { Offset = 1 }, ChunkType.BlockStatusExtended, true, Big(7u, 1u, length, 0ul)),
                "short form reply" => peer.RawAsync(Big(Magic.StructuredReply, (ushort)1, (ushort)0, request.Cookie, 0u)),
                "simple reply" => peer.SimpleAsync(request, 5),
                "wrong count" => peer.ChunkAsync(request, ChunkType.BlockStatusExtended, true, Big(7u, 2u, length, 0ul)),
                "flags too wide" => peer.ChunkAsync(request, ChunkType.BlockStatusExtended, true, Big(7u, 1u, length, 1ul << 32)),
                _ => peer.ChunkAsync(request, ChunkType.BlockStatusExtended, true, Big(7u, 1u, ulong.MaxValue, 0ul)),
            });
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 1, MetaContexts = ["base:allocation"] });
        var e = await Assert.ThrowsAsync<NbdException>(() => client.GetExtentsAsync("base:allocation", 0, Huge, CancellationToken.None).ToListAsync());
        Assert.Equal(NbdErrorKind.ProtocolViolation, e.Kind);
        Assert.Empty(server.Faults);
    }
}
