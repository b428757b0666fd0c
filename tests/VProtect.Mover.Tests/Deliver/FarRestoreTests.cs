using VProtect.Mover.Store;

namespace VProtect.Mover.Tests.Deliver;

/// <summary>Restores from a store where every read waits for a network: the waiting must be side by side, within bounds.</summary>
public sealed class FarRestoreTests
{
    private const int Chunk = TestRepository.ChunkBytes;
    private const int Record = Chunk + 1024;

    [Fact]
    public async Task Long_spans_are_read_several_at_once_and_few_in_all()
    {
        byte[] content = Noise(44 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using TestRepository far = await OpenFarAsync(repository);
        var store = (GatheringStore)far.Repository.Store;
        store.Gather(6, bytesMin: Chunk);
        byte[] restored = await far.RestoreAsync(point);
        Assert.True(content.AsSpan().SequenceEqual(restored));
        // 11 packs of about 4 MiB; where one holds a little more than a long span does, a short one follows.
        Assert.InRange(store.NowMax, 6, 48);
        Assert.InRange(store.Reads, 6, 30);
        Assert.InRange(store.ReadBytes, content.Length, content.Length + (8 << 20));
    }

    [Fact]
    public async Task Short_spans_are_read_many_at_once()
    {
        // The second disk has the first one's chunks in another order: a stream, which keeps disk order, finds no neighbours.
        byte[] content = Noise(16 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        await repository.BackUpAsync(content);
        byte[] shuffled = Shuffled(content);
        RestorePoint point = await repository.BackUpAsync(shuffled);
        await using TestRepository far = await OpenFarAsync(repository);
        var store = (GatheringStore)far.Repository.Store;
        store.Gather(20, bytesMin: Chunk);
        await using var target = new MemoryDisk([]) { IsSequential = true };
        await new RestorePipeline(far.Chunks, new RestoreOptions(), new RestoreCounters()).RunAsync(point.Disks[0], target, differential: false, default);
        Assert.True(shuffled.AsSpan().SequenceEqual(target.Content));
        Assert.InRange(store.NowMax, 20, 48);
    }

    [Fact]
    public async Task What_is_read_along_is_no_more_than_what_is_wanted()
    {
        // Every eighth chunk of the first disk, one after the other.
        byte[] content = Noise(16 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        await repository.BackUpAsync(content);
        byte[] some = new byte[content.Length / 8];
        for (int at = 0; at < some.Length; at += Chunk)
        {
            content.AsSpan(at * 8, Chunk).CopyTo(some.AsSpan(at));
        }

        RestorePoint point = await repository.BackUpAsync(some, "other");
        await using TestRepository far = await OpenFarAsync(repository);
        var store = (GatheringStore)far.Repository.Store;
        store.Gather(0, bytesMin: Chunk);
        byte[] restored = await far.RestoreAsync(point);
        Assert.True(some.AsSpan().SequenceEqual(restored));
        int spans = store.Reads;
        Assert.InRange(spans, 1, some.Length / Chunk / 2);
        Assert.InRange(store.ReadBytes, some.Length, (some.Length / Chunk * (long)Record) + (spans * (260L << 10)) + (1 << 20));
    }

    [Fact]
    public async Task One_worker_reads_one_long_span_at_a_time()
    {
        byte[] content = Noise(12 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using TestRepository far = await OpenFarAsync(repository);
        var store = (GatheringStore)far.Repository.Store;
        store.Gather(0, bytesMin: 1 << 20);
        await using var target = new MemoryDisk(new byte[content.Length]);
        await new RestorePipeline(far.Chunks, new RestoreOptions { Workers = 1 }, new RestoreCounters()).RunAsync(point.Disks[0], target, differential: false, default);
        Assert.True(content.AsSpan().SequenceEqual(target.Content));
        Assert.Equal(1, store.NowMax);
    }

    internal static async Task<TestRepository> OpenFarAsync(TestRepository repository)
    {
        var store = new GatheringStore(repository.Store);
        store.Gather(0, 0);
        TestRepository far = await repository.OpenAgainAsync(store);
        await IndexSync.SynchronizeAsync(far.Repository, far.Index, progress: null, default);
        return far;
    }

    internal static byte[] Noise(int length)
    {
        byte[] content = new byte[length];
        new Random(7).NextBytes(content);
        return content;
    }

    private static byte[] Shuffled(byte[] content)
    {
        int[] order = [.. Enumerable.Range(0, content.Length / Chunk)];
        new Random(8).Shuffle(order);
        byte[] shuffled = new byte[content.Length];
        for (int i = 0; i < order.Length; i++)
        {
            content.AsSpan(order[i] * Chunk, Chunk).CopyTo(shuffled.AsSpan(i * Chunk));
        }

        return shuffled;
    }
}
