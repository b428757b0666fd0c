using VProtect.Nbd.Tests.Testing;

namespace VProtect.Nbd.Tests.Interop;

public sealed class NbdkitTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Goal: what is read is what was written, whatever the alignment, the block sizes and the number in flight.
    /// Method: tasks own disjoint stripes of a memory disk, each compared with a byte array of its own all the time.</summary>
    [Theory]
    [InlineData(1, "")]
    [InlineData(2, "blocksize-minimum=512 blocksize-preferred=4096 blocksize-maximum=8192 blocksize-error-policy=error")]
    [InlineData(3, "blocksize-minimum=4096 blocksize-preferred=65536 blocksize-maximum=1M blocksize-error-policy=error")]
    public async Task Random_requests_agree_with_a_model(int seed, string policy)
    {
        const int Stripe = 256 * 1024, Stripes = 12;
        string[] arguments = policy.Length == 0 ? ["memory"] : ["--filter=blocksize-policy", "memory"];
        using ServerProcess server = ServerProcess.Nbdkit([.. arguments, $"size={Stripe * Stripes}", .. policy.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        await using NbdClient client = await NbdClient.ConnectAsync(
            server.Uri, new NbdConnectOptions { MetaContexts = [NbdMetaContext.BaseAllocation], RequestsInFlightMax = 4 }, None);
        Assert.Equal(4, client.ConnectionCount);
        byte[][] model = await Task.WhenAll(Enumerable.Range(0, Stripes).Select(stripe => Task.Run(async () =>
        {
            var random = new Random((seed * 1000) + stripe);
            byte[] mine = new byte[Stripe];
            long start = (long)stripe * Stripe;
            for (int step = 0; step < 120; step++)
            {
                int at = random.Next(Stripe), length = random.Next(1 + Math.Min(Stripe - at, step % 8 == 0 ? Stripe : 20_000));
                switch (random.Next(6))
                {
                    case 0 or 1:
                        random.NextBytes(mine.AsSpan(at, length));
                        await client.WriteAsync(start + at, mine.AsMemory(at, length), fua: step % 10 == 0, None);
                        break;
                    case 2:
                        mine.AsSpan(at, length).Clear();
                        await client.WriteZeroesAsync(start + at, length, (NbdWriteZeroesFlags)(random.Next(4)), None);
                        break;
                    case 3 when step % 5 == 0:
                        await client.FlushAsync(None);
                        await client.CacheAsync(start + at, length, None);
                        break;
                    default:
                        byte[] read = new byte[length];
                        await client.ReadAsync(start + at, read, None);
                        Assert.True(mine.AsSpan(at, length).SequenceEqual(read));
                        break;
                }
            }

            return mine;
        })));
        byte[] whole = new byte[Stripe * Stripes];
        await client.ReadAsync(0, whole, None);
        Assert.True(whole.AsSpan().SequenceEqual(model.SelectMany(bytes => bytes).ToArray()));
        await AssertExtentsHoldAsync(client, whole);
    }

    [Fact]
    public async Task Every_byte_of_a_pattern_comes_from_its_place()
    {
        using ServerProcess server = ServerProcess.Nbdkit("pattern", "size=64M");
        await using NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions(), None);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
        {
            byte[] buffer = new byte[(1 << 20) - (i * 8)];
            long offset = ((long)i << 20) + (i * 8);
            await client.ReadAsync(offset, buffer, None);
            for (int at = 0; at < buffer.Length; at += 8)
            {
                Assert.Equal(offset + at, System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(buffer.AsSpan(at)));
            }
        }));
    }

    [Fact]
    public async Task A_read_longer_than_any_request_is_split()
    {
        using ServerProcess server = ServerProcess.Nbdkit("pattern", "size=100M");
        await using NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions(), None);
        byte[] buffer = new byte[100 << 20];
        await client.ReadAsync(0, buffer, None);
        Assert.Equal(buffer.Length - 8, System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(buffer.AsSpan(buffer.Length - 8)));
        Assert.Equal(64 << 20, System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(buffer.AsSpan(64 << 20)));
    }

    [Fact]
    public async Task Refused_requests_leave_the_rest_alone()
    {
        using ServerProcess server = ServerProcess.Nbdkit(
            "--filter=error", "pattern", "size=16M", "error-pread=EIO", "error-pread-rate=30%");
        await using NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions(), None);
        int refused = 0;
        await Task.WhenAll(Enumerable.Range(0, 256).Select(async i =>
        {
            try
            {
                await client.ReadAsync(i * 65_536L, new byte[65_536], None);
            }
            catch (NbdException e)
            {
                Assert.Equal((NbdErrorKind.ServerError, 5), (e.Kind, e.ServerErrno));
                Interlocked.Increment(ref refused);
            }
        }));
        Assert.InRange(refused, 1, 255);
        Assert.Equal(4, client.ConnectionCount);
    }

    [Fact]
    public async Task Reads_cancelled_in_flight_never_touch_their_buffers_again()
    {
        using ServerProcess server = ServerProcess.Nbdkit("--filter=delay", "pattern", "size=64M", "rdelay=20ms");
        await using NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions { ConnectionsMax = 2 }, None);
        for (int round = 0; round < 10; round++)
        {
            using var stop = new CancellationTokenSource();
            byte[][] buffers = [.. Enumerable.Range(0, 48).Select(_ => new byte[512 * 1024])];
            Task[] reads = [.. buffers.Select((buffer, i) => client.ReadAsync(i << 19, buffer, stop.Token).AsTask())];
            await Task.Delay(18 + round);
            await stop.CancelAsync();
            for (int i = 0; i < reads.Length; i++)
            {
                await Task.WhenAny(reads[i]);
                Assert.True(reads[i].IsCanceled || reads[i].IsCompletedSuccessfully);
                buffers[i].AsSpan().Fill(0xa5);
            }

            await client.ReadAsync(0, new byte[512 * 1024], None); // the rest has passed by now, or most of it
            await Task.Delay(20);
            Assert.All(buffers, buffer => Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)0xa5)));
        }

        Assert.Equal(2, client.ConnectionCount);
    }

    /// <summary>The shell is killed first, whereupon nbdkit gets SIGTERM (see ServerProcess) a moment before its own SIGKILL: in
    /// between it refuses what it delays with ESHUTDOWN. Both are a server that went away, and callers may try again.</summary>
    [Fact]
    public async Task A_killed_server_ends_all_requests()
    {
        using ServerProcess server = ServerProcess.Nbdkit("--filter=delay", "memory", "size=64M", "delay-read=200ms");
        await using NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions(), None);
        Task[] requests =
        [
            .. Enumerable.Range(0, 100).Select(i => client.ReadAsync(i << 18, new byte[1 << 18], None).AsTask()),
            .. Enumerable.Range(0, 100).Select(i => client.WriteAsync(i << 18, new byte[1 << 18], fua: false, None).AsTask()),
        ];
        server.Kill();
        foreach (Task request in requests)
        {
            await Task.WhenAny(request);
            if (request.Exception?.InnerException is NbdException e)
            {
                Assert.True(e.Kind == NbdErrorKind.Disconnected || e.ServerErrno == 108, e.Message);
                Assert.True(e.IsTransient);
            }
        }

        Assert.Contains(requests, request => request.IsFaulted);
    }

    [Fact]
    public async Task What_the_server_lacks_is_said()
    {
        using ServerProcess server = ServerProcess.Nbdkit("-r", "pattern", "size=1M");
        await using NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions(), None);
        Assert.True(client.Flags.HasFlag(NbdExportFlags.ReadOnly));

        // Those that come late join late.
        for (int i = 0; i < 600 && client.ConnectionCount < 4; i++)
        {
            await Task.Delay(50);
        }

        Assert.Equal(4, client.ConnectionCount);
        foreach (Func<ValueTask> request in new Func<ValueTask>[]
        {
            () => client.WriteAsync(0, new byte[1], fua: false, None),
            () => client.TrimAsync(0, 1, None),
            () => client.WriteZeroesAsync(0, 1, NbdWriteZeroesFlags.None, None),
        })
        {
            var e = await Assert.ThrowsAsync<NbdException>(async () => await request());
            Assert.Equal(NbdErrorKind.Unsupported, e.Kind);
        }

        Assert.Throws<NbdException>(() => client.GetExtentsAsync("base:allocation", 0, 1, None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.ReadAsync(1 << 20, new byte[1], None));
    }

    [Fact]
    public async Task A_steady_stream_of_reads_allocates_next_to_nothing()
    {
        using ServerProcess server = ServerProcess.Nbdkit("memory", "size=16M");
        await using NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions { ConnectionsMax = 1 }, None);
        byte[] buffer = new byte[64 * 1024];

        // Other tests run in this process at the same time and allocate as they please: the least of several rounds counts. A buffer per request would be 250 MB in each.
        long least = long.MaxValue;
        for (int round = 0; round < 20 && least > 200_000_000; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 4000; i++)
            {
                await client.ReadAsync(0, buffer, None);
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.InRange(least, 0, 200_000_000);
    }

    private static async Task AssertExtentsHoldAsync(NbdClient client, byte[] disk)
    {
        long at = 0;
        NbdExtent? previous = null;
        await foreach (NbdExtent extent in client.GetExtentsAsync(NbdMetaContext.BaseAllocation, 0, client.SizeBytes, None))
        {
            Assert.Equal(at, extent.OffsetBytes);
            Assert.NotEqual(previous?.Flags, extent.Flags);
            if ((extent.Flags & NbdMetaContext.Zero) != 0)
            {
                Assert.False(disk.AsSpan((int)at, (int)extent.LengthBytes).ContainsAnyExcept((byte)0));
            }

            at = extent.EndBytes;
            previous = extent;
        }

        Assert.Equal(disk.Length, at);
        NbdExtent first = await client.GetFirstExtentAsync(NbdMetaContext.BaseAllocation, 777, 100, None);
        Assert.Equal(777, first.OffsetBytes);
        Assert.InRange(first.LengthBytes, 1, 100);
    }
}
