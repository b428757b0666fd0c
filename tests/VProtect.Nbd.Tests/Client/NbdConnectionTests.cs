using VProtect.Nbd.Tests.Testing;
using VProtect.Nbd.Wire;
using static VProtect.Nbd.Tests.Testing.FakePeer;

namespace VProtect.Nbd.Tests.Client;

public sealed class NbdConnectionTests
{
    private const int Length = 64 * 1024;
    private static readonly NbdConnectOptions One = new() { ConnectionsMax = 1, MetaContexts = ["base:allocation", "qemu:dirty-bitmap:b"] };

    public static TheoryData<string> ReadLies =>
    [
        "wrong magic", "extended magic unasked", "unknown cookie", "cookie of the slot but not of the request",
        "chunk before the request", "chunk behind the request", "chunk longer than the request", "chunk without data",
        "overlap", "gap", "hole of zero length", "hole beyond", "unknown chunk type", "status for a read", "none without done",
        "none with payload", "error without number", "error too short", "error gigantic", "error text longer than its chunk",
        "simple reply although structured", "answered twice", "oversized data",
    ];

    public static TheoryData<string> StatusLies =>
    [
        "simple success", "unknown context", "context twice", "context missing", "empty", "half an extent", "zero length",
        "behind the request", "beyond the export", "gigantic", "extended form", "data for a status",
    ];

    [Theory]
    [MemberData(nameof(ReadLies))]
    public async Task A_lie_about_a_read_ends_every_request(string lie)
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            RequestHeader first = await peer.ReadRequestAsync();
            await peer.ReadRequestAsync();
            await LieAboutReadAsync(peer, first, lie);
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync();
        Task first = client.ReadAsync(Length, new byte[Length], CancellationToken.None).AsTask();
        Task second = client.ReadAsync(0, new byte[Length], CancellationToken.None).AsTask();
        await AssertViolationAsync(second);
        await Task.WhenAny(first);
        Assert.True(first.IsFaulted || lie == "answered twice");
        await AssertViolationAsync(client.ReadAsync(0, new byte[1], CancellationToken.None).AsTask());
        Assert.Equal(0, client.ConnectionCount);
        Assert.Empty(server.Faults);
    }

    [Theory]
    [MemberData(nameof(StatusLies))]
    public async Task A_lie_about_block_status_is_a_violation(string lie)
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            RequestHeader request = await peer.ReadRequestAsync();
            uint length = (uint)request.Length;
            Task Status(uint id, bool done, params uint[] numbers) =>
                peer.ChunkAsync(request, ChunkType.BlockStatus, done, [.. Big(id), .. numbers.SelectMany(n => Big(n))]);
            await (lie switch
            {
                "simple success" => peer.SimpleAsync(request, 0),
                "unknown context" => Status(99, true, length, 0),
                "context twice" => Status(7, false, length, 0).ContinueWith(_ => Status(7, true, length, 0), TaskScheduler.Default).Unwrap(),
                "context missing" => Status(7, true, length, 0),
                "empty" => Status(7, true),
                "half an extent" => Status(7, true, length, 0, 5),
                "zero length" => Status(7, true, 512, 0, 0, 1),
                "behind the request" => Status(7, true, length, 0, 512, 1),
                "beyond the export" => Status(7, true, length + 512, 0),
                "gigantic" => peer.ChunkHeadAsync(request, ChunkType.BlockStatus, true, 0xfffffffc),
                "extended form" => peer.ChunkAsync(request, ChunkType.BlockStatusExtended, true, Big(7u, 1u, (ulong)length, 0ul)),
                "data for a status" => peer.DataAsync(request, 1),
                _ => throw new ArgumentException(lie),
            });
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync(One);
        await AssertViolationAsync(client.GetExtentsAsync("base:allocation", DefaultSize - Length, Length, CancellationToken.None).ToListAsync());
        Assert.Empty(server.Faults);
    }

    [Fact]
    public async Task Chunks_may_come_in_any_order_with_holes_between_replies_of_others()
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            RequestHeader a = await peer.ReadRequestAsync(), b = await peer.ReadRequestAsync();
            await peer.ChunkAsync(a, ChunkType.OffsetData, false, Big(a.Offset + 3000, Filled(1000, 4)));
            await peer.DataAsync(b, 7);
            await peer.ChunkAsync(a, ChunkType.OffsetHole, false, Big(a.Offset + 1000, 2000u));
            await peer.ChunkAsync(a, ChunkType.OffsetData, false, Big(a.Offset, Filled(1000, 2)));
            await peer.ChunkAsync(a, ChunkType.OffsetData, false, Big(a.Offset + 4000, Filled(Length - 4000, 5)));
            await peer.ChunkAsync(a, ChunkType.None, true);
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync();
        byte[] a = Filled(Length, 0xee), b = new byte[10];
        Task first = client.ReadAsync(512, a, CancellationToken.None).AsTask();
        await client.ReadAsync(0, b, CancellationToken.None);
        await first;
        Assert.Equal([.. Filled(1000, 2), .. new byte[2000], .. Filled(1000, 4), .. Filled(Length - 4000, 5)], a);
        Assert.Equal(Filled(10, 7), b);
    }

    [Theory]
    [InlineData(108u, true)]
    [InlineData(5u, false)]
    public async Task A_server_that_is_shutting_down_may_be_tried_again(uint errno, bool isTransient)
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync(structured: false);
            await peer.SimpleAsync(await peer.ReadRequestAsync(), errno);
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync();
        var e = await Assert.ThrowsAsync<NbdException>(() => client.ReadAsync(0, new byte[100], CancellationToken.None).AsTask());
        Assert.Equal((NbdErrorKind.ServerError, (int)errno, isTransient), (e.Kind, e.ServerErrno, e.IsTransient));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_error_concerns_one_request(bool structured)
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync(structured: structured);
            RequestHeader request = await peer.ReadRequestAsync();
            await (structured
                ? peer.ChunkAsync(request, ChunkType.ErrorOffset, true, Big(28u, (ushort)4, "full", request.Offset))
                : peer.SimpleAsync(request, 28));
            request = await peer.ReadRequestAsync();
            await (structured ? peer.DataAsync(request, 3) : peer.SimpleAsync(request, 0, Filled(100, 3)));
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync();
        byte[] buffer = new byte[100];
        var e = await Assert.ThrowsAsync<NbdException>(() => client.ReadAsync(0, buffer, CancellationToken.None).AsTask());
        Assert.Equal((NbdErrorKind.ServerError, 28), (e.Kind, e.ServerErrno));
        await client.ReadAsync(0, buffer, CancellationToken.None);
        Assert.Equal(Filled(100, 3), buffer);
    }

    /// <summary>Goal: a cancelled buffer is never written again and the connection lives on. Method: the server sends
    /// half, the client cancels, the server sends the rest of the payload, then answers another read.</summary>
    [Fact]
    public async Task After_cancellation_the_buffer_is_left_alone_and_the_connection_lives()
    {
        using var half = new SemaphoreSlim(0);
        using var rest = new SemaphoreSlim(0);
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            RequestHeader first = await peer.ReadRequestAsync();
            await peer.ChunkHeadAsync(first, ChunkType.OffsetData, true, Length + 8, [.. Big(first.Offset), .. Filled(Length / 2, 1)]);
            half.Release();
            await rest.WaitAsync();
            await peer.RawAsync(Filled(Length / 2, 2));
            await peer.DataAsync(await peer.ReadRequestAsync(), 3);
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync();
        byte[] buffer = new byte[Length];
        using var stop = new CancellationTokenSource();
        Task read = client.ReadAsync(0, buffer, stop.Token).AsTask();
        await half.WaitAsync();
        await stop.CancelAsync();
        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.Equal(stop.Token, e.CancellationToken);
        buffer.AsSpan().Fill(0xcc);
        rest.Release();
        byte[] other = new byte[Length];
        await client.ReadAsync(0, other, CancellationToken.None);
        Assert.Equal(Filled(Length, 3), other);
        Assert.Equal(Filled(Length, 0xcc), buffer);
        Assert.Empty(server.Faults);
    }

    [Fact]
    public async Task Requests_beyond_the_limit_wait_and_can_be_cancelled_unsent()
    {
        using var go = new SemaphoreSlim(0);
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            RequestHeader first = await peer.ReadRequestAsync();
            await go.WaitAsync();
            await peer.DataAsync(first, 1);
            RequestHeader third = await peer.ReadRequestAsync();
            Assert.Equal(1024u, third.Offset); // the second, at 512, was cancelled while it waited
            await peer.DataAsync(third, 3);
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 1, RequestsInFlightMax = 1 });
        using var stop = new CancellationTokenSource();
        byte[] buffer = new byte[512];
        Task first = client.ReadAsync(0, new byte[512], CancellationToken.None).AsTask();
        Task second = client.ReadAsync(512, new byte[512], stop.Token).AsTask();
        Task third = client.ReadAsync(1024, buffer, CancellationToken.None).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        go.Release();
        await first;
        await third;
        Assert.Equal(Filled(512, 3), buffer);
        Assert.Empty(server.Faults);
    }

    [Theory]
    [InlineData("before the reply")]
    [InlineData("within the head")]
    [InlineData("within the payload")]
    public async Task A_silent_server_times_out_every_request(string when)
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            RequestHeader request = await peer.ReadRequestAsync();
            await peer.ReadRequestAsync();
            await (when switch
            {
                "within the head" => peer.RawAsync(0x66, 0x8e, 0x33),
                "within the payload" => peer.ChunkHeadAsync(request, ChunkType.OffsetData, true, Length + 8, [.. Big(request.Offset), .. new byte[100]]),
                _ => Task.CompletedTask,
            });
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 1, InactivityTimeout = TimeSpan.FromMilliseconds(150) });
        Task[] reads = [.. Enumerable.Range(0, 40).Select(i => client.ReadAsync(0, new byte[Length], CancellationToken.None).AsTask())];
        foreach (Task read in reads)
        {
            var e = await Assert.ThrowsAsync<NbdException>(() => read);
            Assert.Equal(NbdErrorKind.TimedOut, e.Kind);
        }
    }

    [Fact]
    public async Task A_server_that_does_not_read_times_out_a_write()
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync(size: 1 << 26);
            await Task.Delay(Timeout.Infinite, new CancellationTokenSource(TimeSpan.FromSeconds(2)).Token).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 1, InactivityTimeout = TimeSpan.FromMilliseconds(150) });
        var e = await Assert.ThrowsAsync<NbdException>(() => client.WriteAsync(0, new byte[1 << 25], fua: false, CancellationToken.None).AsTask());
        Assert.Equal(NbdErrorKind.TimedOut, e.Kind);
    }

    [Fact]
    public async Task An_idle_connection_does_not_time_out()
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            await peer.DataAsync(await peer.ReadRequestAsync(), 1);
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 1, InactivityTimeout = TimeSpan.FromMilliseconds(50) });
        await Task.Delay(250);
        await client.ReadAsync(0, new byte[512], CancellationToken.None);
    }

    [Fact]
    public async Task Disposal_says_goodbye()
    {
        var heard = new TaskCompletionSource<RequestHeader>();
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            heard.SetResult(await peer.ReadRequestAsync());
        });
        NbdClient client = await server.ConnectAsync();
        await client.DisposeAsync();
        Assert.Equal(CommandType.Disconnect, (await heard.Task).Type);
        var e = await Assert.ThrowsAsync<NbdException>(() => client.ReadAsync(0, new byte[1], CancellationToken.None).AsTask());
        Assert.Equal(NbdErrorKind.Disconnected, e.Kind);
    }

    [Fact]
    public async Task Disposal_with_requests_outstanding_ends_them()
    {
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync();
            await peer.DrainAsync();
        });
        NbdClient client = await server.ConnectAsync();
        Task[] reads = [.. Enumerable.Range(0, 20).Select(_ => client.ReadAsync(0, new byte[512], CancellationToken.None).AsTask())];
        await client.DisposeAsync();
        foreach (Task read in reads)
        {
            Assert.Equal(NbdErrorKind.Disconnected, (await Assert.ThrowsAsync<NbdException>(() => read)).Kind);
        }
    }

    [Fact]
    public async Task One_connection_lost_leaves_the_others()
    {
        int next = 0;
        await using var server = new FakeServer(async peer =>
        {
            bool mortal = Interlocked.Increment(ref next) == 1;
            await peer.NegotiateAsync(flags: NbdExportFlags.HasFlags | NbdExportFlags.CanMultiConnection);
            while (true)
            {
                RequestHeader request = await peer.ReadRequestAsync();
                if (mortal)
                {
                    return;
                }

                await (request.Type == CommandType.Read ? peer.DataAsync(request, 1) : Task.CompletedTask);
            }
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 3 });
        Assert.Equal(3, client.ConnectionCount);
        int lost = 0;
        for (int i = 0; i < 20; i++)
        {
            try
            {
                await client.ReadAsync(0, new byte[512], CancellationToken.None);
            }
            catch (NbdException e)
            {
                Assert.Equal(NbdErrorKind.Disconnected, e.Kind);
                lost++;
            }
        }

        Assert.Equal((1, 2), (lost, client.ConnectionCount));
    }

    [Fact]
    public async Task Further_connections_that_are_refused_are_done_without()
    {
        int next = 0;
        await using var server = new FakeServer(async peer =>
        {
            if (Interlocked.Increment(ref next) > 2)
            {
                return;
            }

            await peer.NegotiateAsync(flags: NbdExportFlags.HasFlags | NbdExportFlags.ReadOnly);
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 5 });
        Assert.Equal(2, client.ConnectionCount);
    }

    [Fact]
    public async Task Further_connections_to_another_size_end_the_client()
    {
        int next = 0;
        await using var server = new FakeServer(async peer =>
        {
            await peer.NegotiateAsync(size: 4096 * Interlocked.Increment(ref next), flags: NbdExportFlags.HasFlags | NbdExportFlags.CanMultiConnection);
            await peer.DrainAsync();
        });
        await using NbdClient client = await server.ConnectAsync(new NbdConnectOptions { ConnectionsMax = 2 });
        await AssertViolationAsync(client.ReadAsync(0, new byte[1], CancellationToken.None).AsTask());
    }

    private static async Task LieAboutReadAsync(FakePeer peer, RequestHeader request, string lie)
    {
        ulong start = request.Offset;
        Task Data(ulong offset, int length, bool done = true) => peer.ChunkAsync(request, ChunkType.OffsetData, done, Big(offset, new byte[length]));
        switch (lie)
        {
            case "wrong magic":
                await peer.RawAsync(new byte[64]);
                break;
            case "extended magic unasked":
                await peer.RawAsync(Big(Magic.ExtendedReply, (ushort)1, (ushort)0, request.Cookie, start, 0ul));
                break;
            case "unknown cookie":
                await peer.DataAsync(request with { Cookie = 4000 }, 1);
                break;
            case "cookie of the slot but not of the request":
                await peer.DataAsync(request with { Cookie = request.Cookie + (1 << 16) + (1 << 20) }, 1);
                break;
            case "chunk before the request":
                await Data(start - 1, Length);
                break;
            case "chunk behind the request":
                await Data(start + Length, 1);
                break;
            case "chunk longer than the request":
                await Data(start, Length + 1);
                break;
            case "chunk without data":
                await Data(start, 0);
                break;
            case "overlap":
                await Data(start, 1000, done: false);
                await Data(start + 999, Length - 999);
                break;
            case "gap":
                await Data(start, Length - 1);
                break;
            case "hole of zero length":
                await peer.ChunkAsync(request, ChunkType.OffsetHole, true, Big(start, 0u));
                break;
            case "hole beyond":
                await peer.ChunkAsync(request, ChunkType.OffsetHole, true, Big(start + 1, uint.MaxValue));
                break;
            case "unknown chunk type":
                await peer.ChunkAsync(request, (ChunkType)77, true);
                break;
            case "status for a read":
                await peer.ChunkAsync(request, ChunkType.BlockStatus, true, Big(7u, 512u, 0u));
                break;
            case "none without done":
                await peer.ChunkAsync(request, ChunkType.None, false);
                break;
            case "none with payload":
                await peer.ChunkAsync(request, ChunkType.None, true, 1, 2, 3);
                break;
            case "error without number":
                await peer.ChunkAsync(request, ChunkType.Error, true, Big(0u, (ushort)0));
                break;
            case "error too short":
                await peer.ChunkAsync(request, ChunkType.Error, true, Big(5u));
                break;
            case "error gigantic":
                await peer.ChunkHeadAsync(request, ChunkType.Error, true, 1 << 20);
                break;
            case "error text longer than its chunk":
                await peer.ChunkAsync(request, ChunkType.Error, true, Big(5u, (ushort)9, "short"));
                break;
            case "simple reply although structured":
                await peer.SimpleAsync(request, 0, new byte[Length]);
                break;
            case "answered twice":
                await peer.DataAsync(request, 1);
                await peer.DataAsync(request, 1);
                break;
            case "oversized data":
                await peer.ChunkHeadAsync(request, ChunkType.OffsetData, true, uint.MaxValue, Big(start));
                break;
            default:
                throw new ArgumentException(lie);
        }
    }

    private static async Task AssertViolationAsync(Task task)
    {
        var e = await Assert.ThrowsAsync<NbdException>(() => task);
        Assert.Equal(NbdErrorKind.ProtocolViolation, e.Kind);
    }

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
