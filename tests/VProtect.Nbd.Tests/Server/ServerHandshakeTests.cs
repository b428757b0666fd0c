using VProtect.Nbd.Server;
using VProtect.Nbd.Tests.Testing;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Tests.Server;

/// <summary>Clients that negotiate in ways real ones do not.</summary>
public sealed class ServerHandshakeTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly TestServer _server = new(new MemoryExport(1 << 20));

    [Fact]
    public void An_unknown_option_is_refused_and_the_handshake_goes_on()
    {
        using RawClient client = New();
        Assert.Equal(OptionReplyType.ErrorUnsupported, client.Option((OptionCode)4711, 1, 2, 3)[0].Type);
        Assert.Equal(OptionReplyType.ErrorUnsupported, client.Option(OptionCode.ExtendedHeaders)[0].Type);
        Assert.Equal(OptionReplyType.Ack, client.Go("disk")[^1].Type);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0, 0, 0, 9, 1 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 2, 0, 1 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 2, 0xc3, 0x28, 0, 0 })]
    public void Data_that_does_not_add_up_is_refused(byte[] data)
    {
        using RawClient client = New();
        Assert.Equal(OptionReplyType.ErrorInvalid, client.Option(OptionCode.Go, data)[0].Type);
        Assert.Equal(OptionReplyType.Ack, client.Option(OptionCode.StructuredReply)[0].Type);
        Assert.Equal(OptionReplyType.ErrorInvalid, client.Option(OptionCode.SetMetaContext, data)[0].Type);
        Assert.Equal(OptionReplyType.ErrorInvalid, client.Option(OptionCode.List, 1)[0].Type);
        Assert.Equal(OptionReplyType.ErrorInvalid, client.Option(OptionCode.StructuredReply, 1)[0].Type);
        Assert.Equal(OptionReplyType.ErrorPolicy, client.Option(OptionCode.StartTls)[0].Type);
        Assert.Equal(OptionReplyType.Ack, client.Go("disk")[^1].Type);
    }

    [Fact]
    public void An_option_too_long_is_skipped_and_one_without_end_ends_it()
    {
        using RawClient client = New();
        Assert.Equal(OptionReplyType.ErrorTooBig, client.Option(OptionCode.Go, new byte[100_000])[0].Type);
        Assert.Equal(OptionReplyType.ErrorUnknown, client.Go("other")[0].Type);
        client.Send(Magic.Newstyle, (uint)OptionCode.Go, uint.MaxValue);
        Assert.True(client.IsAtEnd());
    }

    [Fact]
    public void Wrong_magic_numbers_and_flags_end_it()
    {
        using (RawClient client = New())
        {
            client.Send(Magic.Oldstyle, 1u, 0u);
            Assert.True(client.IsAtEnd());
        }

        using RawClient other = new(_server);
        other.Send(0x80000003u);
        Assert.True(other.IsAtEnd());
    }

    [Fact]
    public void More_options_than_anybody_needs_end_it()
    {
        using RawClient client = New();
        for (int i = 0; i < 256; i++)
        {
            client.Option(OptionCode.List);
        }

        Assert.True(client.IsAtEnd());
    }

    [Fact]
    public void The_old_way_in_still_works_with_and_without_padding()
    {
        using RawClient client = New();
        client.Send(Magic.Newstyle, (uint)OptionCode.ExportName, 4u, "disk");
        Assert.Equal(1u << 20, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(client.Receive(10)));
        client.Request(CommandType.Read, 5, 0, 512);
        Assert.Equal(512, client.Reply(512).Chunks[0].Payload.Length);

        using RawClient padded = new(_server);
        padded.Send(0u, Magic.Newstyle, (uint)OptionCode.ExportName, 0u);
        padded.Receive(10 + 124);
        padded.Request(CommandType.Read, 5, 0, 512);
        Assert.Equal(512, padded.Reply(512).Chunks[0].Payload.Length);

        using RawClient lost = New();
        lost.Send(Magic.Newstyle, (uint)OptionCode.ExportName, 5u, "other");
        Assert.True(lost.IsAtEnd());
    }

    [Fact]
    public void Contexts_chosen_for_another_export_do_not_count()
    {
        _server.Server.AddExport("second", new MemoryExport(1 << 20));
        using RawClient client = New();
        client.Option(OptionCode.StructuredReply);
        Assert.Equal(
            OptionReplyType.MetaContext, client.Option(OptionCode.SetMetaContext, FakePeer.Big(6u, "second", 1u, 15u, "base:allocation"))[0].Type);
        client.Go("disk");
        client.Request(CommandType.BlockStatus, 9, 0, 4096);
        Assert.Equal(22u, client.Reply().Error);
    }

    [Fact]
    public void Contexts_are_listed_by_namespace_and_set_only_by_name()
    {
        using RawClient client = New();
        byte[] wild = FakePeer.Big(4u, "disk", 1u, 9u, "vprotect:");
        Assert.Equal(OptionReplyType.ErrorInvalid, client.Option(OptionCode.ListMetaContext, wild)[0].Type);
        client.Option(OptionCode.StructuredReply);
        Assert.Equal(2, client.Option(OptionCode.ListMetaContext, wild).Count);
        Assert.Equal(3, client.Option(OptionCode.ListMetaContext, FakePeer.Big(4u, "disk", 0u)).Count);
        Assert.Single(client.Option(OptionCode.SetMetaContext, wild));
        Assert.Equal(2, client.Option(OptionCode.SetMetaContext, FakePeer.Big(4u, "disk", 2u, 16u, "vprotect:overlay", 5u, "qemu:")).Count);
    }

    [Fact]
    public async Task A_minimum_block_size_is_told_to_those_who_ask_and_the_others_stay_out()
    {
        await using var server = new TestServer(new MemoryExport(1 << 20) { MinimumBlockBytes = 4096 });
        using var client = new RawClient(server);
        client.Send(3u);
        Assert.Equal(OptionReplyType.ErrorBlockSizeRequired, client.Go("disk")[^1].Type);
        Assert.Equal(OptionReplyType.Ack, client.Go("disk", InfoType.BlockSize)[^1].Type);
        client.Request(CommandType.Read, 1, 512, 4096);
        Assert.Equal(22u, client.Reply().Error);
        client.Request(CommandType.Read, 2, 4096, 4096);
        Assert.Equal(0u, client.Reply(4096).Error);
    }

    [Fact]
    public async Task Who_does_not_end_the_handshake_is_cut_off()
    {
        await using var server = new TestServer(new MemoryExport(1 << 20), new NbdServerOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(50) });
        using var client = new RawClient(server);
        client.Send(3u, Magic.Newstyle);
        Assert.True(client.IsAtEnd());
    }

    [Fact]
    public async Task Connections_are_limited_and_room_comes_back()
    {
        await using var server = new TestServer(new MemoryExport(1 << 20), new NbdServerOptions { ConnectionsPerClientMax = 2 });
        using RawClient first = RawClient.Entered(server);
        RawClient second = RawClient.Entered(server);
        Assert.ThrowsAny<Exception>(() => new RawClient(server));
        second.Dispose();
        while (server.Server.Clients.Count > 1)
        {
            await Task.Delay(5);
        }

        using RawClient third = RawClient.Entered(server);
    }

    [Fact]
    public async Task A_socket_left_by_a_killed_server_is_replaced_and_one_in_use_is_not()
    {
        NbdException e = Assert.Throws<NbdException>(() => _server.Server.Listen(_server.Socket));
        Assert.Equal(NbdErrorKind.ListenFailed, e.Kind);
        string path = _server.NewFile("left");
        using (var left = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            left.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
        }

        _server.Server.Listen(path);
        ServerProcess.Run("nbdinfo", $"nbd+unix:///disk?socket={path}");
        await File.WriteAllTextAsync(_server.NewFile("file"), "kept");
        Assert.Throws<NbdException>(() => _server.Server.Listen(_server.NewFile("file")));
        Assert.Equal("kept", await File.ReadAllTextAsync(_server.NewFile("file")));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _server.DisposeAsync().AsTask();

    ValueTask IAsyncDisposable.DisposeAsync() => _server.DisposeAsync();

    private RawClient New()
    {
        var client = new RawClient(_server);
        client.Send(3u);
        return client;
    }
}
