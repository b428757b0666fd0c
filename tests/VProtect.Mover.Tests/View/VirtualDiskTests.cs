using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.View;

namespace VProtect.Mover.Tests.View;

public sealed class VirtualDiskTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reads_at_any_place_by_several_readers_give_the_disks_bytes(bool encrypt)
    {
        byte[] content = SparseDisk.Create(seed: 1, (24 << 20) + 1234);
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt);
        RestorePoint point = await repository.BackUpAsync(content);
        var cache = new ViewCache(new ViewOptions { CacheBytes = 16 << 20 });
        await using VirtualDisk disk = await OpenAsync(repository, point, cache);
        Assert.Equal(content.Length, disk.SizeBytes);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(reader => Task.Run(async () =>
        {
            var random = new Random(reader);
            byte[] buffer = new byte[3 << 20];
            for (int i = 0; i < 60; i++)
            {
                int length = 1 + random.Next(i % 10 == 0 ? buffer.Length : 20_000);
                int offset = random.Next(content.Length - length + 1);
                await disk.ReadAsync(offset, buffer.AsMemory(0, length), None);
                Assert.True(content.AsSpan(offset, length).SequenceEqual(buffer.AsSpan(0, length)));
            }
        })));
        Assert.InRange(cache.HeldBytes, 1, 48 << 20);
    }

    [Fact]
    public async Task A_sequential_reader_gets_every_byte_and_finds_most_of_it_ready()
    {
        byte[] content = new byte[12 << 20];
        new Random(2).NextBytes(content);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using TestRepository view = await repository.OpenAgainAsync(new CountingStore(repository.Store));
        await IndexSync.SynchronizeAsync(view.Repository, view.Index, progress: null, None);
        await using VirtualDisk disk = await OpenAsync(view, point, new ViewCache(new ViewOptions()));
        var reads = (CountingStore)view.Repository.Store;
        reads.Reset();
        byte[] buffer = new byte[4096];
        for (int at = 0; at < content.Length; at += buffer.Length)
        {
            await disk.ReadAsync(at, buffer, None);
            Assert.True(content.AsSpan(at, buffer.Length).SequenceEqual(buffer));
        }

        Assert.InRange(reads.Reads.Count, 1, content.Length / TestRepository.ChunkBytes / 4);
    }

    [Fact]
    public async Task Holes_are_told_without_reading_data()
    {
        byte[] content = new byte[40 << 20];
        content.AsSpan(0, 100_000).Fill(1);
        content.AsSpan(30 << 20, 5000).Fill(2);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using TestRepository view = await repository.OpenAgainAsync(new CountingStore(repository.Store));
        await IndexSync.SynchronizeAsync(view.Repository, view.Index, progress: null, None);
        await using VirtualDisk disk = await OpenAsync(view, point, new ViewCache(new ViewOptions()));
        var reads = (CountingStore)view.Repository.Store;
        reads.Reset();
        var extents = new List<Extent>();
        await disk.GetExtentsAsync(0, content.Length, 100, extents, None);
        int chunk = TestRepository.ChunkBytes;
        Assert.Equal(
            [
                new Extent(0, 7 * chunk, ExtentKind.Data), new Extent(7 * chunk, (30 << 20) - (7 * chunk), ExtentKind.Zero),
                new Extent(30 << 20, chunk, ExtentKind.Data), new Extent((30 << 20) + chunk, (10 << 20) - chunk, ExtentKind.Zero),
            ],
            extents);
        Assert.InRange(reads.Reads.Count, 0, 6); // nodes and the header of their pack
        extents.Clear();
        await disk.GetExtentsAsync(50_000, 20 << 20, 1, extents, None);
        Assert.Equal([new Extent(50_000, (7 * chunk) - 50_000, ExtentKind.Data)], extents);
    }

    [Fact]
    public async Task A_disk_of_64_TiB_opens_by_reading_one_node()
    {
        const long Size = 64L << 40;
        await using TestRepository repository = await TestRepository.CreateAsync();
        await using var source = new MemoryDisk(new byte[1]);
        RestorePoint point = await new BackupPipeline(repository.Chunks, new BackupOptions { BufferBytes = 8 << 20 }, new BackupCounters(), TimeProvider.System)
            .RunAsync(new BackupRequest { Machine = "huge", Disks = [new BackupDisk("disk0", new IslandSource(Size))] }, None);
        await using TestRepository view = await repository.OpenAgainAsync(new CountingStore(repository.Store));
        await IndexSync.SynchronizeAsync(view.Repository, view.Index, progress: null, None);
        var reads = (CountingStore)view.Repository.Store;
        reads.Reset();
        await using VirtualDisk disk = await OpenAsync(view, point, new ViewCache(new ViewOptions()));
        Assert.InRange(reads.Reads.Count, 1, 6);
        byte[] buffer = new byte[8192];
        await disk.ReadAsync(Size - buffer.Length, buffer, None);
        Assert.Equal(IslandSource.Byte, buffer[^1]);
        await disk.ReadAsync(Size / 2, buffer, None);
        Assert.Equal(-1, buffer.AsSpan().IndexOfAnyExcept((byte)0));
        var extents = new List<Extent>();
        await disk.GetExtentsAsync(0, Size, 10, extents, None);
        Assert.Equal(3, extents.Count);
    }

    [Fact]
    public async Task Damage_fails_the_reads_that_touch_it_and_is_told_once()
    {
        byte[] content = new byte[2 << 20];
        new Random(4).NextBytes(content);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await repository.TamperAsync(await repository.LargestPackAsync(), pack =>
        {
            pack[400_000] ^= 1;
            return pack;
        });
        await using VirtualDisk disk = await OpenAsync(repository, point, new ViewCache(new ViewOptions()));
        var told = new List<DamagedRange>();
        disk.Damaged += told.Add;
        int failed = 0;
        for (int round = 0; round < 2; round++)
        {
            for (int at = 0; at < content.Length; at += 8192)
            {
                byte[] buffer = new byte[8192];
                try
                {
                    await disk.ReadAsync(at, buffer, None);
                    Assert.True(content.AsSpan(at, buffer.Length).SequenceEqual(buffer));
                }
                catch (IntegrityException)
                {
                    Assert.Equal(told[0].OffsetBytes, at / TestRepository.ChunkBytes * TestRepository.ChunkBytes);
                    failed++;
                }
            }
        }

        Assert.Equal(2 * TestRepository.ChunkBytes / 8192, failed);
        Assert.Single(told);
    }

    [Theory]
    [InlineData("Unmounted")]
    [InlineData("Failing")]
    [InlineData("Hanging")]
    public async Task While_the_repository_is_away_reads_wait_and_then_go_on(string how)
    {
        (TestRepository repository, RestorePoint point, FickleStore store, TestRepository view, byte[] content) = await NewFickleAsync();
        await using VirtualDisk disk = await OpenAsync(view, point, new ViewCache(new ViewOptions { ReadAheadBytesMax = 0 }));
        store.Become(Enum.Parse<FickleStore.Mood>(how));
        byte[] buffer = new byte[200_000];
        Task reading = disk.ReadAsync(300_000, buffer, None).AsTask();
        while (store.Refused == 0)
        {
            await Task.Delay(5);
        }

        Assert.False(reading.IsCompleted);
        store.Become(FickleStore.Mood.Here);
        await reading;
        Assert.True(content.AsSpan(300_000, buffer.Length).SequenceEqual(buffer));
        await view.DisposeAsync();
        await repository.DisposeAsync();
    }

    [Theory]
    [InlineData("Unmounted")]
    [InlineData("Failing")]
    [InlineData("Hanging")]
    public async Task A_repository_that_stays_away_fails_reads_by_the_deadline_and_is_not_called_damaged(string how)
    {
        (TestRepository repository, RestorePoint point, FickleStore store, TestRepository view, byte[] content) = await NewFickleAsync();
        await using VirtualDisk disk = await OpenAsync(
            view, point, new ViewCache(new ViewOptions { ReadAheadBytesMax = 0, StallMax = TimeSpan.FromMilliseconds(300) }));
        bool wasToldDamage = false;
        disk.Damaged += _ => wasToldDamage = true;
        store.Become(Enum.Parse<FickleStore.Mood>(how));
        byte[] buffer = new byte[20_000];
        VProtectException e = await Assert.ThrowsAsync<VProtectException>(async () => await disk.ReadAsync(500_000, buffer, None));
        Assert.Equal((ErrorCode.StoreFailed, RetryAdvice.Later), (e.Code, e.Retry));
        store.Become(FickleStore.Mood.Here);
        Exception? failure;
        do
        {
            // A read that hung may still be the one others wait for.
            failure = await Record.ExceptionAsync(async () => await disk.ReadAsync(500_000, buffer, None));
        }
        while (failure is VProtectException);

        Assert.Null(failure);
        Assert.True(content.AsSpan(500_000, buffer.Length).SequenceEqual(buffer));
        Assert.False(wasToldDamage);
        await view.DisposeAsync();
        await repository.DisposeAsync();
    }

    [Fact]
    public async Task A_read_that_hangs_is_not_waited_for_by_the_next_mount()
    {
        (TestRepository repository, RestorePoint point, FickleStore store, TestRepository view, byte[] content) = await NewFickleAsync();
        using var cache = new ViewCache(new ViewOptions { ReadAheadBytesMax = 0 });
        byte[] buffer = new byte[20_000];
        await using (VirtualDisk hung = await OpenAsync(view, point, cache))
        {
            cache.StallMax = TimeSpan.FromMilliseconds(300); // holds for a disk that is open, too
            store.Become(FickleStore.Mood.Hanging);
            await Assert.ThrowsAsync<VProtectException>(async () => await hung.ReadAsync(500_000, buffer, None));
        }

        await using (VirtualDisk next = await OpenAsync(repository, point, cache))
        {
            while (await Record.ExceptionAsync(async () => await next.ReadAsync(500_000, buffer, None)) is VProtectException)
            {
                // Slow, perhaps.
            }
        }

        Assert.True(content.AsSpan(500_000, buffer.Length).SequenceEqual(buffer));
        Assert.Equal(2 * TestRepository.ChunkBytes, cache.HeldBytes);
        await view.DisposeAsync();
        await repository.DisposeAsync();
    }

    [Fact]
    public async Task Two_restore_points_share_what_they_have_in_common()
    {
        byte[] content = new byte[4 << 20];
        new Random(9).NextBytes(content);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint first = await repository.BackUpAsync(content);
        content[5]++;
        RestorePoint second = await repository.BackUpAsync(content);
        var cache = new ViewCache(new ViewOptions());
        await using VirtualDisk one = await OpenAsync(repository, first, cache);
        await using VirtualDisk other = await OpenAsync(repository, second, cache);
        byte[] buffer = new byte[content.Length];
        await one.ReadAsync(0, buffer, None);
        await other.ReadAsync(0, buffer, None);
        Assert.Equal(content, buffer);
        Assert.Equal(content.Length + TestRepository.ChunkBytes, cache.HeldBytes);
        long all = content.Length / TestRepository.ChunkBytes;
        Assert.Equal((all - 1, 0, all + 1), (cache.ChunksFromMemory, cache.ChunksFromFile, cache.ChunksFromStores));
        await other.ReadAsync(7, buffer.AsMemory(0, 2 * TestRepository.ChunkBytes), None);
        Assert.Equal((all + 2, 0, all + 1), (cache.ChunksFromMemory, cache.ChunksFromFile, cache.ChunksFromStores));
    }

    internal static Task<VirtualDisk> OpenAsync(TestRepository repository, RestorePoint point, ViewCache cache) =>
        VirtualDisk.OpenAsync(repository.Chunks, point, point.Disks[0], cache, NullLogger.Instance, TimeProvider.System, None);

    private static async Task<(TestRepository Repository, RestorePoint Point, FickleStore Store, TestRepository View, byte[] Content)> NewFickleAsync()
    {
        byte[] content = new byte[1 << 20];
        new Random(6).NextBytes(content);
        TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        var store = new FickleStore(repository.Store);
        TestRepository view = await repository.OpenAgainAsync(store);
        await IndexSync.SynchronizeAsync(view.Repository, view.Index, progress: null, None);
        return (repository, point, store, view, content);
    }

    /// <summary>A huge disk with a little data at its beginning and its end.</summary>
    private sealed class IslandSource(long sizeBytes) : IBlockSource
    {
        public const byte Byte = 0xAB;
        private const int IslandBytes = 64 << 10;

        public string Name => "islands";

        public long? SizeBytes => sizeBytes;

        public bool IsSequential => false;

        public int ReadsInFlightMax => 1;

        public async IAsyncEnumerable<Extent> GetExtentsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield return new Extent(0, IslandBytes, ExtentKind.Data);
            yield return new Extent(IslandBytes, sizeBytes - (2 * IslandBytes), ExtentKind.Zero);
            yield return new Extent(sizeBytes - IslandBytes, IslandBytes, ExtentKind.Data);
        }

        public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) =>
            ValueTask.FromResult<ChangedBlocks>(new ChangedBlocks.MustFull("a test"));

        public ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            buffer.Span.Fill(Byte);
            return ValueTask.FromResult(buffer.Length);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
