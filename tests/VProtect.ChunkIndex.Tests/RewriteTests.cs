using VProtect.Abstractions;
using static VProtect.ChunkIndex.Tests.TestIndex;

namespace VProtect.ChunkIndex.Tests;

public sealed class RewriteTests
{
    /// <summary>
    /// Goal: over many generations of packs the log follows what lives, and answers stay those of a plain set of packs.
    /// Method: each generation adds packs that overlap with others, removes most, takes checkpoints; now and then the index is opened again, and what it lost is added again.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Log_follows_what_lives_over_many_generations(int seed)
    {
        const int Generations = 40;
        const int PerPack = 2000;
        var random = new Random(seed);
        using var test = new TestIndex();
        var live = new HashSet<int>();
        FasterChunkIndex index = test.Open();
        IChunkIndexSession session = index.OpenSession();
        int next = 0;
        int rewritten = 0;
        for (int generation = 0; generation < Generations; generation++)
        {
            for (int added = 0; added < 20; added++)
            {
                index.AddPack(Pack(next), Contents(next));
                live.Add(next++);
            }

            foreach (int gone in live.Where(_ => random.Next(live.Count) >= 12).ToArray())
            {
                index.RemovePack(Pack(gone));
                live.Remove(gone);
            }

            if (random.Next(3) > 0)
            {
                await index.CheckpointAsync(CancellationToken.None);
            }

            Compare();
            if (random.Next(5) == 0)
            {
                session.Dispose();
                await index.DisposeAsync();
                index = test.Open();
                session = index.OpenSession();
                foreach (int lost in live.Where(pack => !index.ContainsPack(Pack(pack))))
                {
                    index.AddPack(Pack(lost), Contents(lost));
                }

                foreach (PackId gone in index.Packs.Where(pack => !live.Contains((int)(ulong)pack.Value - 1)))
                {
                    index.RemovePack(gone);
                }

                Compare();
            }

            long before = index.Statistics.Records;
            await index.WhenRewritten();
            rewritten += index.Statistics.Records < before ? 1 : 0;

            // As many dead as are tolerated, and what may be added while one rewriting runs.
            Assert.InRange(index.Statistics.Records, index.EntryCount / 2, Math.Max(2 * index.EntryCount, index.EntryCount + (1 << 16)) + (40 * PerPack));
        }

        Assert.True(rewritten > 0 || index.Statistics.Records < next * (long)PerPack / 2);
        await index.CheckpointAsync(CancellationToken.None);
        index.AddPack(Pack(next), Contents(next));
        await index.CheckpointAsync(CancellationToken.None);
        Assert.InRange(Directory.GetFiles(test.Root, "log-*").Length, 1, 2);
        session.Dispose();
        await index.DisposeAsync();

        PackEntry[] Contents(int pack) => Entries(pack, (pack % 50) * (PerPack / 2), PerPack);

        void Compare()
        {
            ChunkId[] ids = [.. Enumerable.Range(0, 51 * PerPack / 2).Select(static n => Id(n))];
            var locations = new ChunkLocation[ids.Length];
            bool[] found = new bool[ids.Length];
            session.FindMany(ids, locations, found);
            for (int chunk = 0; chunk < ids.Length; chunk++)
            {
                // The packs that hold it are those of two remainders.
                int slot = chunk / (PerPack / 2);
                bool isHeld = false;
                bool isRight = false;
                foreach (int pack in live)
                {
                    if (pack % 50 == slot || (pack % 50) + 1 == slot)
                    {
                        isHeld = true;
                        isRight |= found[chunk] && locations[chunk] == Location(pack, chunk);
                    }
                }

                Assert.Equal(isHeld, found[chunk]);
                Assert.Equal(isHeld, isRight);
            }
        }
    }

    [Fact]
    public async Task Other_places_of_a_chunk_are_found_after_the_first_was_rewritten_away()
    {
        const int Count = 70_000;
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        using IChunkIndexSession session = index.OpenSession();
        for (int pack = 0; pack < 4; pack++)
        {
            index.AddPack(Pack(pack), Entries(pack, 0, Count));
        }

        Assert.True(index.Quarantine(Id(5), Pack(3)));
        foreach (int pack in new[] { 0, 1, 2 })
        {
            index.RemovePack(Pack(pack));
        }

        await index.WhenRewritten();
        Assert.InRange(index.Statistics.Records, Count, 2 * Count);
        for (int chunk = 0; chunk < Count; chunk += 7)
        {
            Assert.Equal(chunk != 5, session.TryFind(Id(chunk), out ChunkLocation location));
            Assert.True(chunk == 5 || location == Location(3, chunk));
        }
    }

    [Fact]
    public async Task Disk_too_full_to_rewrite_leaves_the_index_as_it_was()
    {
        const int Count = 100_000;
        using var test = new TestIndex();
        int refused = 0;
        await using FasterChunkIndex index = test.Open(openFile: path => new FullForSuccessors(path, () => Interlocked.Increment(ref refused)));
        using IChunkIndexSession session = index.OpenSession();
        index.AddPack(Pack(0), Entries(0, 0, Count));
        await index.WhenRewritten();
        index.AddPack(Pack(1), Entries(1, Count, Count));
        await index.WhenRewritten();

        Assert.True(refused > 0);
        for (int chunk = 0; chunk < 2 * Count; chunk += 7)
        {
            Assert.True(session.TryFind(Id(chunk), out ChunkLocation location));
            Assert.Equal(Location(chunk / Count, chunk), location);
        }

        await index.CheckpointAsync(CancellationToken.None);
        Assert.Single(Directory.GetFiles(test.Root, "log-*"));
    }

    [Fact]
    public async Task Index_that_is_told_the_size_ahead_does_not_grow_on_the_way()
    {
        const int Count = 200_000;
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        index.AddPack(Pack(0), Entries(0, 0, 1000));
        index.Reserve(Count);
        long tableBytes = index.Statistics.TableBytes;
        Assert.InRange(tableBytes, Count * 5, Count * 16);
        for (int pack = 1; pack <= Count / 2000; pack++)
        {
            index.AddPack(Pack(pack), Entries(pack, pack * 2000, 2000));
            Assert.True(index.WhenRewritten().IsCompleted);
        }

        using IChunkIndexSession session = index.OpenSession();
        Assert.True(session.TryFind(Id(500), out ChunkLocation location));
        Assert.Equal(Location(0, 500), location);
        Assert.True(session.TryFind(Id(Count), out _));
    }

    [Fact]
    public async Task Boundless_expectation_takes_no_more_than_the_memory_limit()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        index.Reserve(long.MaxValue / 2);
        Assert.InRange(index.Statistics.TableBytes, 0, (4 << 20) + (64 << 10));
    }

    [Fact]
    public async Task Memory_limit_holds_for_table_and_records_together_and_outgrowing_it_is_told()
    {
        const long MemoryBytes = 16 << 20;
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open(MemoryBytes);
        for (int pack = 0; pack < 150; pack++)
        {
            index.AddPack(Pack(pack), Entries(pack, pack * 2000, 2000));
        }

        await index.WhenRewritten();
        index.AddPack(Pack(150), Entries(150, 300_000, 40_000));
        ChunkIndexStatistics statistics = index.Statistics;
        Assert.InRange(statistics.TableBytes + statistics.CacheBytes, MemoryBytes / 4, MemoryBytes);
        Assert.Null(index.MemoryWarning);

        await index.CheckpointAsync(CancellationToken.None);
        await index.DisposeAsync();
        await using FasterChunkIndex poorer = test.Open();
        Assert.InRange(poorer.Statistics.CacheBytes, 0, 9 << 20);
        Assert.Contains("MiB", poorer.MemoryWarning, StringComparison.Ordinal);
        using IChunkIndexSession session = poorer.OpenSession();
        Assert.True(session.TryFind(Id(7), out _));
    }

    // The first log can be written, no other.
    private sealed class FullForSuccessors(string path, Action refused) : IndexFile(path)
    {
        public override void Write(ReadOnlySpan<byte> source, long offset)
        {
            if (Path.Contains("log-", StringComparison.Ordinal) && !Path.EndsWith("log-0000000000000001", StringComparison.Ordinal))
            {
                refused();
                throw new IOException("No space left on device");
            }

            base.Write(source, offset);
        }
    }
}
