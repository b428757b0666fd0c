using System.Buffers.Binary;
using VProtect.Nbd.Server;
using VProtect.Nbd.Tests.Testing;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Tests.Server;

/// <summary>Requests as no well-behaved client makes them.</summary>
public sealed class TransmissionTests : IAsyncLifetime, IAsyncDisposable
{
    private const uint Invalid = 22;
    private readonly MemoryExport _disk = new(1 << 20);
    private readonly TestServer _server;

    public TransmissionTests() => _server = new TestServer(_disk);

    [Theory]
    [InlineData((int)CommandType.Read, 0, 0u, 0, 22u)]
    [InlineData((int)CommandType.Read, (1 << 20) - 5, 10u, 0, 22u)]
    [InlineData((int)CommandType.Read, -1, 10u, 0, 22u)]
    [InlineData((int)CommandType.Read, 0, 512u, 128, 22u)]
    [InlineData((int)CommandType.Read, 0, 512u, 2, 22u)]
    [InlineData((int)CommandType.Flush, 1, 0u, 0, 22u)]
    [InlineData((int)CommandType.Trim, 0, uint.MaxValue, 0, 28u)]
    [InlineData((int)CommandType.WriteZeroes, 1 << 20, 1u, 0, 28u)]
    [InlineData((int)CommandType.Cache, 0, uint.MaxValue, 0, 22u)]
    [InlineData((int)CommandType.BlockStatus, 0, 0u, 0, 22u)]
    [InlineData((int)CommandType.BlockStatus, 0, uint.MaxValue, 0, 22u)]
    [InlineData(8, 0, 1u << 21, 0, 22u)] // a resize: exports keep their size
    [InlineData(999, 0, 1u, 0, 22u)]
    public void A_request_that_cannot_be_is_refused_and_the_next_one_served(int type, long offset, uint length, ushort flags, uint error)
    {
        using RawClient client = RawClient.Entered(_server, structured: true, "base:allocation");
        client.Request((CommandType)type, 1, offset, length, (CommandFlags)flags);
        (ulong cookie, uint answered, _) = client.Reply();
        Assert.Equal((1ul, error), (cookie, answered));
        client.Request(CommandType.Read, 2, 0, 16);
        Assert.Equal((2ul, 0u), (client.Reply() is var next ? (next.Cookie, next.Error) : default));
        Assert.Equal(["read 0+16"], _disk.Calls);
    }

    [Fact]
    public async Task Reads_longer_than_a_request_may_be_are_refused_and_writes_too()
    {
        await using var large = new TestServer(new MemoryExport(80 << 20));
        using RawClient client = RawClient.Entered(large);
        client.Request(CommandType.Read, 1, 0, (32 << 20) + 1);
        Assert.Equal(75u, client.Reply().Error);
        client.Request(CommandType.Write, 2, 0, (32 << 20) + 1, payload: new byte[(32 << 20) + 1]);
        Assert.Equal(75u, client.Reply().Error);
        client.Request(CommandType.Write, 3, 0, uint.MaxValue);
        Assert.True(client.IsAtEnd());
    }

    [Fact]
    public async Task A_read_only_export_takes_no_writes_and_stays_in_step()
    {
        await using var server = new TestServer(new MemoryExport(1 << 20, NbdExportFlags.ReadOnly));
        using RawClient client = RawClient.Entered(server, structured: false);
        client.Request(CommandType.Write, 1, 0, 5000, payload: new byte[5000]);
        Assert.Equal((1ul, 1u), (client.Reply() is var reply ? (reply.Cookie, reply.Error) : default));
        client.Request(CommandType.Flush, 2, 0, 0);
        Assert.Equal(Invalid, client.Reply().Error);
        client.Request(CommandType.Trim, 3, 0, 4096);
        Assert.Equal(1u, client.Reply().Error);
        client.Request(CommandType.Read, 4, 0, 100);
        Assert.Equal(100, client.Reply(100).Chunks[0].Payload.Length);
    }

    [Fact]
    public void A_write_beyond_the_end_is_refused_and_its_payload_is_not_taken_for_requests()
    {
        using RawClient client = RawClient.Entered(_server);
        byte[] trap = FakePeer.Big(Magic.Request, (ushort)0, (ushort)CommandType.Trim, 66ul, 0ul, 1u << 20);
        client.Request(CommandType.Write, 1, (1 << 20) - 4, (uint)trap.Length, payload: trap);
        Assert.Equal(28u, client.Reply().Error);
        client.Request(CommandType.Read, 2, 0, 1);
        Assert.Equal(2ul, client.Reply().Cookie);
        Assert.Equal(["read 0+1"], _disk.Calls);
    }

    [Fact]
    public async Task Whatever_is_cut_off_in_the_middle_leaves_nothing_held()
    {
        byte[] write = FakePeer.Big(Magic.Request, (ushort)0, (ushort)CommandType.Write, 1ul, 0ul, 500_000u, new byte[500_000]);
        foreach (int cut in new[] { 1, 4, 27, 28, 29, 100_000, write.Length - 1 })
        {
            using RawClient client = RawClient.Entered(_server);
            client.Send(write[..cut]);
            client.End();
            Assert.True(client.IsAtEnd());
        }

        await _server.AssertNothingHeldAsync();
        Assert.Empty(_disk.Calls);
    }

    [Fact]
    public void A_wrong_magic_number_ends_the_connection()
    {
        using RawClient client = RawClient.Entered(_server);
        client.Send(Magic.ExtendedRequest, new byte[28]);
        Assert.True(client.IsAtEnd());
    }

    [Fact]
    public async Task Overlapping_requests_all_end_and_the_disk_holds_one_of_them_whole()
    {
        using RawClient client = RawClient.Entered(_server);
        for (byte i = 1; i <= 40; i++)
        {
            byte[] data = new byte[10_000];
            data.AsSpan().Fill(i);
            client.Request(CommandType.Write, i, 5000, 10_000, payload: data);
            client.Request(CommandType.Read, 100u + i, 4000, 12_000);
        }

        var cookies = new HashSet<ulong>();
        for (int i = 0; i < 80; i++)
        {
            Assert.True(cookies.Add(client.Reply().Cookie));
        }

        Assert.Single(_disk.Content[5000..15_000].Distinct());
        client.Dispose();
        await _server.AssertNothingHeldAsync();
    }

    [Fact]
    public async Task Requests_of_one_client_at_work_are_limited_and_all_are_answered()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var disk = new MemoryExport(1 << 20) { OnRequest = _ => gate.Task };
        await using var server = new TestServer(disk, new NbdServerOptions { RequestsInFlightMax = 4 });
        using RawClient client = RawClient.Entered(server);
        for (uint i = 0; i < 20; i++)
        {
            client.Request(CommandType.Read, i, i * 100, 100);
        }

        while (disk.InFlight < 4)
        {
            await Task.Delay(2);
        }

        gate.SetResult();
        Assert.Equal(20, Enumerable.Range(0, 20).Select(_ => client.Reply().Cookie).Distinct().Count());
        Assert.Equal(4, disk.InFlightMost);
    }

    [Fact]
    public async Task Bytes_of_one_client_at_work_are_limited()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var disk = new MemoryExport(64 << 20) { OnRequest = _ => gate.Task };
        await using var server = new TestServer(disk, new NbdServerOptions { BytesInFlightMax = 32 << 20 });
        using RawClient client = RawClient.Entered(server, structured: false); // else the holes would not even be read
        for (uint i = 0; i < 6; i++)
        {
            client.Request(CommandType.Read, i, 0, 16 << 20);
        }

        while (disk.InFlight < 2)
        {
            await Task.Delay(2);
        }

        gate.SetResult();
        for (int i = 0; i < 6; i++)
        {
            Assert.Equal(0u, client.Reply(16 << 20).Error);
        }

        Assert.Equal(2, disk.InFlightMost);
        client.Dispose();
        await server.AssertNothingHeldAsync();
    }

    [Fact]
    public async Task Who_takes_no_replies_is_cut_off_and_its_room_is_free_again()
    {
        await using var server = new TestServer(new MemoryExport(64 << 20), new NbdServerOptions { StallTimeout = TimeSpan.FromMilliseconds(100) });
        using RawClient client = RawClient.Entered(server, structured: false);
        for (uint i = 0; i < 8; i++)
        {
            client.Request(CommandType.Read, i, 0, 32 << 20);
        }

        await server.AssertNothingHeldAsync();
    }

    [Fact]
    public async Task Who_sends_half_a_request_or_none_is_cut_off_in_time()
    {
        await using var server = new TestServer(
            new MemoryExport(1 << 20), new NbdServerOptions { StallTimeout = TimeSpan.FromMilliseconds(100), IdleTimeout = TimeSpan.FromMilliseconds(200) });
        using RawClient half = RawClient.Entered(server);
        using RawClient idle = RawClient.Entered(server);
        half.Request(CommandType.Write, 1, 0, 1000, payload: new byte[10]);
        Assert.True(half.IsAtEnd());
        Assert.True(idle.IsAtEnd());
    }

    [Fact]
    public void An_export_that_fails_fails_one_request()
    {
        _disk.OnRequest = offset => offset switch
        {
            0 => throw new NbdExportException(NbdFault.NoSpace, "full up"),
            1 => throw new InvalidOperationException("a bug"),
            _ => Task.CompletedTask,
        };
        using RawClient client = RawClient.Entered(_server);
        client.Request(CommandType.Write, 1, 0, 1, payload: [1]);
        (_, uint error, List<(ChunkType Type, byte[] Payload)> chunks) = client.Reply();
        Assert.Equal(28u, error);
        Assert.Equal("full up", System.Text.Encoding.UTF8.GetString(chunks[0].Payload.AsSpan(6)));
        client.Request(CommandType.Read, 2, 1, 1);
        Assert.Equal(5u, client.Reply().Error);
        client.Request(CommandType.Read, 3, 2, 1);
        Assert.Equal(0u, client.Reply().Error);
    }

    [Fact]
    public async Task Stopping_lets_work_end_and_says_that_it_did()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _disk.OnRequest = _ => gate.Task;
        using RawClient client = RawClient.Entered(_server);
        client.Request(CommandType.Write, 7, 0, 3, payload: [1, 2, 3]);
        while (_disk.InFlight == 0)
        {
            await Task.Delay(2);
        }

        Task stopping = _server.Server.StopAsync(TimeSpan.FromSeconds(30));
        Assert.False(stopping.IsCompleted);
        gate.SetResult();
        await stopping;
        Assert.Equal((7ul, 0u), (client.Reply() is var reply ? (reply.Cookie, reply.Error) : default));
        Assert.True(client.IsAtEnd());
        Assert.Equal([1, 2, 3], _disk.Content[..3]);
        Assert.False(File.Exists(_server.Socket));
    }

    [Fact]
    public async Task An_export_that_is_withdrawn_is_not_used_any_more()
    {
        using RawClient client = RawClient.Entered(_server);
        Assert.True(await _server.Server.RemoveExportAsync("disk"));
        Assert.True(client.IsAtEnd());
        using var other = new RawClient(_server);
        other.Send(3u);
        Assert.Equal(OptionReplyType.ErrorUnknown, other.Go("disk")[0].Type);
        Assert.False(await _server.Server.RemoveExportAsync("disk"));
    }

    [Fact]
    public async Task Holes_are_not_sent_unless_the_read_must_be_whole()
    {
        await _disk.WriteAsync(64 << 10, new byte[] { 9 }, fua: false, default);
        using RawClient client = RawClient.Entered(_server);
        client.Request(CommandType.Read, 1, 0, 256 << 10);
        List<(ChunkType Type, byte[] Payload)> chunks = client.Reply().Chunks;
        Assert.Equal([ChunkType.OffsetHole, ChunkType.OffsetData, ChunkType.OffsetHole], chunks.Select(chunk => chunk.Type));
        Assert.Equal(64u << 10, BinaryPrimitives.ReadUInt32BigEndian(chunks[0].Payload.AsSpan(8)));
        Assert.Equal(8 + 4096, chunks[1].Payload.Length);
        client.Request(CommandType.Read, 2, 0, 256 << 10, CommandFlags.DontFragment);
        Assert.Equal([ChunkType.OffsetData], client.Reply().Chunks.Select(chunk => chunk.Type));
    }

    [Fact]
    public async Task Extents_come_in_parts_when_there_are_many()
    {
        var disk = new MemoryExport(128 << 20);
        for (int page = 0; page < disk.SizeBytes / 4096; page += 2)
        {
            await disk.WriteAsync(page * 4096L, new byte[] { 1 }, fua: false, default);
        }

        await using var server = new TestServer(disk);
        using RawClient client = RawClient.Entered(server, structured: true, "base:allocation", "vprotect:overlay");
        client.Request(CommandType.BlockStatus, 1, 0, 128 << 20);
        Assert.All(client.Reply().Chunks, chunk => Assert.Equal(4 + (8192 * 8), chunk.Payload.Length));
        client.Request(CommandType.BlockStatus, 2, 4096, 128 << 10, CommandFlags.RequestOne);
        Assert.All(client.Reply().Chunks, chunk => Assert.Equal(12, chunk.Payload.Length));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _server.DisposeAsync().AsTask();

    ValueTask IAsyncDisposable.DisposeAsync() => _server.DisposeAsync();
}
