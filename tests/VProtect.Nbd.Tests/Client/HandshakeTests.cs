using VProtect.Nbd.Tests.Testing;
using VProtect.Nbd.Wire;
using static VProtect.Nbd.Tests.Testing.FakePeer;

namespace VProtect.Nbd.Tests.Client;

public sealed class HandshakeTests
{
    private static readonly byte[] Text = "no such thing"u8.ToArray();

    public static TheoryData<string, NbdErrorKind> Lies => new()
    {
        { "hangs up at once", NbdErrorKind.HandshakeFailed },
        { "hangs up within the greeting", NbdErrorKind.HandshakeFailed },
        { "is a web server", NbdErrorKind.ProtocolViolation },
        { "is oldstyle", NbdErrorKind.Unsupported },
        { "hangs up at the first option", NbdErrorKind.HandshakeFailed },
        { "wrong magic in an option reply", NbdErrorKind.ProtocolViolation },
        { "answers another option", NbdErrorKind.ProtocolViolation },
        { "gigantic option reply", NbdErrorKind.ProtocolViolation },
        { "yes and no to structured replies", NbdErrorKind.ProtocolViolation },
        { "no such export", NbdErrorKind.ExportNotFound },
        { "not allowed", NbdErrorKind.HandshakeFailed },
        { "wants tls", NbdErrorKind.TlsFailed },
        { "shuts down", NbdErrorKind.Disconnected },
        { "go without a size", NbdErrorKind.ProtocolViolation },
        { "negative size", NbdErrorKind.ProtocolViolation },
        { "size zero", NbdErrorKind.Unsupported },
        { "info too short", NbdErrorKind.ProtocolViolation },
        { "block size not a power of two", NbdErrorKind.ProtocolViolation },
        { "block size of a megabyte", NbdErrorKind.ProtocolViolation },
        { "maximum below minimum", NbdErrorKind.ProtocolViolation },
        { "context nobody asked for", NbdErrorKind.ProtocolViolation },
        { "context twice", NbdErrorKind.ProtocolViolation },
        { "hangs up after go", NbdErrorKind.HandshakeFailed },
        { "export name only, and hangs up", NbdErrorKind.ExportNotFound },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lying_server_ends_the_connection_with_one_kind(string lie, NbdErrorKind kind)
    {
        await using var server = new FakeServer(peer => LieAsync(peer, lie));
        var options = new NbdConnectOptions { ConnectionsMax = 1, MetaContexts = ["base:allocation"] };
        var e = await Assert.ThrowsAsync<NbdException>(() => server.ConnectAsync(options));
        Assert.Equal(kind, e.Kind);
        Assert.Empty(server.Faults);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_stalling_server_times_out(int stage)
    {
        await using var server = new FakeServer(async peer =>
        {
            if (stage >= 1)
            {
                await peer.GreetAsync();
            }

            if (stage >= 2)
            {
                await peer.ReadOptionAsync();
                await peer.RawAsync(1, 2, 3);
            }

            await peer.DrainAsync();
        });
        var options = new NbdConnectOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(100) };
        var e = await Assert.ThrowsAsync<NbdException>(() => server.ConnectAsync(options));
        Assert.Equal(NbdErrorKind.TimedOut, e.Kind);
        Assert.True(e.IsTransient);
    }

    [Fact]
    public async Task Connecting_can_be_cancelled()
    {
        await using var server = new FakeServer(peer => peer.DrainAsync());
        using var stop = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions(), stop.Token));
    }

    [Fact]
    public async Task Nobody_listening_is_a_failure_to_connect()
    {
        var e = await Assert.ThrowsAsync<NbdException>(() =>
            NbdClient.ConnectAsync(NbdUri.Unix("/nonexistent/socket"), new NbdConnectOptions(), CancellationToken.None));
        Assert.Equal(NbdErrorKind.ConnectFailed, e.Kind);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public async Task Without_go_export_name_is_used(ushort greeting)
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.GreetAsync(greeting);
            while (true)
            {
                (OptionCode code, byte[] data) = await peer.ReadOptionAsync();
                if (code == OptionCode.ExportName)
                {
                    Assert.Equal("disk"u8.ToArray(), data);
                    break;
                }

                Assert.True((greeting & 1) != 0, "only fixed newstyle knows options");
                await peer.ReplyAsync(code, OptionReplyType.ErrorUnsupported, Text);
            }

            await peer.RawAsync([.. Big(4096ul, (ushort)1), .. new byte[(greeting & 2) != 0 ? 0 : 124]]);
            RequestHeader request = await peer.ReadRequestAsync();
            await peer.SimpleAsync(request, 0, Enumerable.Repeat((byte)9, 4096).ToArray());
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync();
        Assert.Equal(4096, client.SizeBytes);
        byte[] buffer = new byte[4096];
        await client.ReadAsync(0, buffer, CancellationToken.None);
        Assert.All(buffer, value => Assert.Equal(9, value));
        Assert.Empty(server.Faults);
    }

    [Fact]
    public async Task A_shrunken_export_is_not_the_disk_it_was()
    {
        await using var server = new FakeServer(peer => peer.NegotiateAsync(size: 512));
        var e = await Assert.ThrowsAsync<NbdException>(() => server.ConnectAsync(new NbdConnectOptions { ExpectedSizeBytes = 1024 }));
        Assert.Equal(NbdErrorKind.ProtocolViolation, e.Kind);
    }

    [Fact]
    public async Task What_a_server_says_reaches_people_without_control_characters()
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.GreetAsync();
            while (true)
            {
                (OptionCode code, _) = await peer.ReadOptionAsync();
                await peer.ReplyAsync(code, code == OptionCode.Go ? OptionReplyType.ErrorPolicy : OptionReplyType.ErrorUnsupported, "bell\u0007\u001b[31m\nend"u8.ToArray());
            }
        });
        var e = await Assert.ThrowsAsync<NbdException>(() => server.ConnectAsync());
        Assert.Contains("bell", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, char.IsControl);
    }

    [Fact]
    public async Task Options_without_sense_are_refused_before_anything_is_sent()
    {
        foreach (NbdConnectOptions options in new NbdConnectOptions[]
        {
            new() { ConnectionsMax = 0 }, new() { RequestsInFlightMax = 5000 }, new() { InactivityTimeout = TimeSpan.Zero }, new() { MetaContexts = ["x"] },
        })
        {
            var e = await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(NbdUri.Unix("/x"), options, CancellationToken.None));
            Assert.Equal(NbdErrorKind.InvalidArgument, e.Kind);
        }
    }

    private static async Task LieAsync(FakePeer peer, string lie)
    {
        byte[] export = Big((ushort)0, 4096ul, (ushort)1);
        byte[] Sizes(uint min, uint preferred, uint max) => Big((ushort)3, min, preferred, max);
        switch (lie)
        {
            case "hangs up at once":
                return;
            case "hangs up within the greeting":
                await peer.RawAsync(Big(Magic.Initial, 5u));
                return;
            case "is a web server":
                await peer.RawAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
                return;
            case "is oldstyle":
                await peer.RawAsync(Big(Magic.Initial, Magic.Oldstyle, new byte[136]));
                return;
        }

        await peer.GreetAsync();
        while (true)
        {
            (OptionCode code, _) = await peer.ReadOptionAsync();
            switch (code, lie)
            {
                case (_, "hangs up at the first option"):
                    return;
                case (_, "wrong magic in an option reply"):
                    await peer.RawAsync(Big(Magic.OptionReply + 1, (uint)code, 1u, 0u));
                    break;
                case (_, "answers another option"):
                    await peer.ReplyAsync(OptionCode.List, OptionReplyType.Ack);
                    break;
                case (_, "gigantic option reply"):
                    await peer.RawAsync(Big(Magic.OptionReply, (uint)code, 1u, uint.MaxValue));
                    break;
                case (_, "yes and no to structured replies"):
                    await peer.ReplyAsync(code, OptionReplyType.Server);
                    break;
                case (OptionCode.StructuredReply, _) when lie.StartsWith("context", StringComparison.Ordinal):
                    await peer.ReplyAsync(code, OptionReplyType.Ack);
                    break;
                case (OptionCode.SetMetaContext, "context nobody asked for"):
                    await peer.ReplyAsync(code, OptionReplyType.MetaContext, Big(1u, "other:thing"));
                    break;
                case (OptionCode.SetMetaContext, "context twice"):
                    await peer.ReplyAsync(code, OptionReplyType.MetaContext, Big(1u, "base:allocation"));
                    await peer.ReplyAsync(code, OptionReplyType.MetaContext, Big(2u, "base:allocation"));
                    break;
                case (OptionCode.Go, "no such export"):
                    await peer.ReplyAsync(code, OptionReplyType.ErrorUnknown, Text);
                    break;
                case (OptionCode.Go, "not allowed"):
                    await peer.ReplyAsync(code, OptionReplyType.ErrorPolicy, Text);
                    break;
                case (OptionCode.ExtendedHeaders, "wants tls"):
                    await peer.ReplyAsync(code, OptionReplyType.ErrorTlsRequired);
                    break;
                case (OptionCode.Go, "shuts down"):
                    await peer.ReplyAsync(code, OptionReplyType.ErrorShutdown);
                    break;
                case (OptionCode.Go, "go without a size"):
                    await peer.ReplyAsync(code, OptionReplyType.Ack);
                    break;
                case (OptionCode.Go, "negative size"):
                    await peer.ReplyAsync(code, OptionReplyType.Info, Big((ushort)0, ulong.MaxValue, (ushort)1));
                    break;
                case (OptionCode.Go, "size zero"):
                    await peer.ReplyAsync(code, OptionReplyType.Info, Big((ushort)0, 0ul, (ushort)1));
                    await peer.ReplyAsync(code, OptionReplyType.Ack);
                    break;
                case (OptionCode.Go, "info too short"):
                    await peer.ReplyAsync(code, OptionReplyType.Info, export[..9]);
                    break;
                case (OptionCode.Go, "block size not a power of two"):
                    await peer.ReplyAsync(code, OptionReplyType.Info, Sizes(513, 4096, 1 << 20));
                    break;
                case (OptionCode.Go, "block size of a megabyte"):
                    await peer.ReplyAsync(code, OptionReplyType.Info, Sizes(1 << 20, 1 << 20, 1 << 20));
                    break;
                case (OptionCode.Go, "maximum below minimum"):
                    await peer.ReplyAsync(code, OptionReplyType.Info, Sizes(4096, 4096, 512));
                    break;
                case (OptionCode.Go, "hangs up after go"):
                    return;
                case (OptionCode.ExportName, "export name only, and hangs up"):
                    return;
                default:
                    await peer.ReplyAsync(code, OptionReplyType.ErrorUnsupported);
                    break;
            }
        }
    }
}
