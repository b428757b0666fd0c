using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Testing;
using static VProtect.ChunkIndex.Tests.TestIndex;

namespace VProtect.ChunkIndex.Tests;

public sealed class FasterChunkIndexTests
{
    [Fact]
    public async Task Chunk_is_known_after_its_pack_has_been_added_and_not_before()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        using IChunkIndexSession session = index.OpenSession();

        Assert.False(session.TryFind(Id(5), out _));
        index.AddPack(Pack(0), Entries(0, 0, 10));

        Assert.True(session.TryFind(Id(5), out ChunkLocation location));
        Assert.Equal(Location(0, 5), location);
        Assert.True(index.ContainsPack(Pack(0)));
        Assert.Equal(10, index.EntryCount);
        Assert.Equal([Pack(0)], index.Packs);
        Assert.False(session.TryFind(Id(10), out _));
    }

    [Fact]
    public async Task Adding_a_pack_twice_changes_nothing()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        index.AddPack(Pack(0), Entries(0, 0, 10));
        long records = index.Statistics.Records;

        index.AddPack(Pack(0), Entries(0, 0, 10));

        Assert.Equal(10, index.EntryCount);
        Assert.Equal(records, index.Statistics.Records);
    }

    [Fact]
    public async Task Chunk_in_several_packs_is_known_until_the_last_of_them_is_removed()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        using IChunkIndexSession session = index.OpenSession();
        for (int pack = 0; pack < 5; pack++)
        {
            index.AddPack(Pack(pack), Entries(pack, 0, 3));
        }

        foreach (int pack in new[] { 2, 0, 4, 1 })
        {
            index.RemovePack(Pack(pack));
            Assert.True(session.TryFind(Id(1), out ChunkLocation location));
            Assert.NotEqual(Pack(pack), location.Pack);
        }

        Assert.True(session.TryFind(Id(1), out ChunkLocation last));
        Assert.Equal(Location(3, 1), last);
        index.RemovePack(Pack(3));
        index.RemovePack(Pack(3));
        Assert.False(session.TryFind(Id(1), out _));
        Assert.Equal(0, index.EntryCount);
    }

    [Fact]
    public async Task Places_beyond_the_limit_are_not_kept_and_do_no_harm()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        using IChunkIndexSession session = index.OpenSession();
        for (int pack = 0; pack < FasterChunkIndex.PlacesMax + 3; pack++)
        {
            index.AddPack(Pack(pack), Entries(pack, 0, 1));
        }

        for (int pack = 0; pack < FasterChunkIndex.PlacesMax - 1; pack++)
        {
            index.RemovePack(Pack(pack));
        }

        Assert.True(session.TryFind(Id(0), out ChunkLocation location));
        Assert.Equal(Pack(FasterChunkIndex.PlacesMax - 1), location.Pack);
        index.RemovePack(location.Pack);
        Assert.False(session.TryFind(Id(0), out _));
        index.AddPack(Pack(100), Entries(100, 0, 1));
        Assert.True(session.TryFind(Id(0), out location));
        Assert.Equal(Pack(100), location.Pack);
    }

    [Fact]
    public async Task Pack_removed_and_added_again_answers_with_what_it_says_now()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        using IChunkIndexSession session = index.OpenSession();
        index.AddPack(Pack(0), Entries(0, 0, 10));
        index.RemovePack(Pack(0));
        index.AddPack(Pack(0), Entries(0, 5, 10));

        Assert.False(session.TryFind(Id(0), out _));
        Assert.True(session.TryFind(Id(7), out _));
        Assert.True(session.TryFind(Id(14), out _));
    }

    [Fact]
    public async Task Quarantined_place_is_not_answered_and_another_is()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        using IChunkIndexSession session = index.OpenSession();
        index.AddPack(Pack(0), Entries(0, 0, 10));
        index.AddPack(Pack(1), Entries(1, 0, 10));

        Assert.True(index.Quarantine(Id(3), Pack(0)));
        Assert.True(session.TryFind(Id(3), out ChunkLocation location));
        Assert.Equal(Location(1, 3), location);
        Assert.True(index.Quarantine(Id(3), Pack(1)));
        Assert.True(index.Quarantine(Id(3), Pack(1)));
        Assert.False(session.TryFind(Id(3), out _));
        Assert.True(session.TryFind(Id(4), out _));
    }

    [Fact]
    public async Task Only_a_place_that_is_known_can_be_quarantined()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        index.AddPack(Pack(0), Entries(0, 0, 10));
        Assert.False(index.Quarantine(Id(3), Pack(1)));
        Assert.False(index.Quarantine(Id(99), Pack(0)));
    }

    [Fact]
    public async Task Quarantine_survives_the_loss_of_everything_but_its_journal()
    {
        using var test = new TestIndex();
        await using (FasterChunkIndex index = test.Open())
        {
            index.AddPack(Pack(0), Entries(0, 0, 10));
            Assert.True(index.Quarantine(Id(3), Pack(0)));
        }

        await using FasterChunkIndex again = test.Open();
        Assert.NotNull(again.StartedEmptyBecause);
        again.AddPack(Pack(0), Entries(0, 0, 10));
        using IChunkIndexSession session = again.OpenSession();
        Assert.False(session.TryFind(Id(3), out _));
        Assert.True(session.TryFind(Id(4), out _));

        // With the pack goes what was said of it.
        again.RemovePack(Pack(0));
        again.AddPack(Pack(0), Entries(0, 0, 10));
        Assert.True(session.TryFind(Id(3), out _));
    }

    [Fact]
    public async Task Second_opener_is_refused_with_guidance_until_the_first_has_closed()
    {
        using var test = new TestIndex();
        FasterChunkIndex index = test.Open();
        var refused = Assert.Throws<VProtectException>(() => test.Open());
        Assert.Equal(ErrorCode.IndexFailed, refused.Code);
        Assert.Equal(ErrorSide.Catalog, refused.Side);
        Assert.NotEmpty(refused.Guidance);
        await index.DisposeAsync();
        await test.Open().DisposeAsync();
    }

    [Fact]
    public async Task Lock_of_a_killed_process_is_no_lock()
    {
        using var test = new TestIndex();
        string lockPath = Path.Combine(test.Root, "lock");
        File.WriteAllText(lockPath, string.Empty);
        using var holder = Process.Start(
            new ProcessStartInfo("flock", ["--no-fork", lockPath, "sh", "-c", "echo held; exec sleep 600"]) { RedirectStandardOutput = true })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
        Assert.Throws<VProtectException>(() => test.Open());
        holder.Kill();
        await holder.WaitForExitAsync();
        await test.Open().DisposeAsync();
    }

    [Fact]
    public async Task Million_entries_in_four_mebibytes_are_all_found_while_the_table_grows()
    {
        const int Packs = 500;
        const int PerPack = 2000;
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        using IChunkIndexSession session = index.OpenSession();
        for (int pack = 0; pack < Packs; pack++)
        {
            index.AddPack(Pack(pack), Entries(pack, (long)pack * PerPack, PerPack));
            Assert.True(session.TryFind(Id((long)pack * PerPack / 2), out _));
        }

        var ids = new ChunkId[PerPack];
        var locations = new ChunkLocation[PerPack];
        bool[] found = new bool[PerPack];
        for (int pack = 0; pack < Packs; pack++)
        {
            for (int i = 0; i < PerPack; i++)
            {
                ids[i] = Id(((long)pack * PerPack) + i);
            }

            Assert.Equal(PerPack, session.FindMany(ids, locations, found));
            Assert.Equal(Location(pack, ((long)pack * PerPack) + 77), locations[77]);
        }

        for (int i = 0; i < PerPack; i++)
        {
            ids[i] = Id((i % 2 == 0 ? 0 : Packs * PerPack) + i);
        }

        Assert.Equal(PerPack / 2, session.FindMany(ids, locations, found));
        Assert.True(found[0]);
        Assert.False(found[1]);
        Assert.InRange(index.Statistics.TableBytes, 0, 16L * Packs * PerPack);
    }

    [Fact]
    public async Task Second_places_of_spilled_chunks_are_kept_too()
    {
        const int Count = 100_000;
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        index.AddPack(Pack(0), Entries(0, 0, Count));
        index.AddPack(Pack(1), Entries(1, 0, Count));
        index.RemovePack(Pack(0));
        using IChunkIndexSession session = index.OpenSession();
        ChunkId[] ids = [.. Enumerable.Range(0, Count).Select(static n => Id(n))];
        var locations = new ChunkLocation[Count];
        Assert.Equal(Count, session.FindMany(ids, locations, new bool[Count]));
        Assert.All(locations, static location => Assert.Equal(Pack(1), location.Pack));
    }

    [Fact]
    public async Task Looking_up_allocates_nothing()
    {
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        index.AddPack(Pack(0), Entries(0, 0, 1000));
        using IChunkIndexSession session = index.OpenSession();
        ChunkId[] ids = [.. Enumerable.Range(0, 1000).Select(static n => Id(n * 2))];
        var locations = new ChunkLocation[1000];
        bool[] found = new bool[1000];
        Assert.Equal(0, Allocations.Of(() =>
        {
            foreach (ref ChunkId id in ids.AsSpan())
            {
                session.TryFind(id, out _);
            }

            session.FindMany(ids, locations, found);
        }));
    }

    [Fact]
    public async Task Adders_finders_removers_and_checkpoints_work_side_by_side()
    {
        // Goal: growth and checkpoints under way, no finder ever loses a chunk that stays or sees one that never was.
        // Method: three adders, one of them adding what another adds; two finders check chunks of pack 0 all along.
        const int PerPack = 500;
        using var test = new TestIndex();
        await using FasterChunkIndex index = test.Open();
        index.AddPack(Pack(0), Entries(0, 0, PerPack));
        using var done = new CancellationTokenSource();

        Task Adder(int first, int packs) => Task.Run(() =>
        {
            for (int pack = first; pack < first + packs; pack++)
            {
                index.AddPack(Pack(pack), Entries(pack, pack % 200 * PerPack, PerPack));
                if (pack % 7 == 3)
                {
                    index.RemovePack(Pack(pack));
                }
            }
        });

        Task Finder() => Task.Run(() =>
        {
            using IChunkIndexSession session = index.OpenSession();
            for (int n = 0; !done.IsCancellationRequested; n++)
            {
                Assert.True(session.TryFind(Id(n % PerPack), out ChunkLocation location));
                Assert.NotEqual(default, location.Pack);
                Assert.False(session.TryFind(Id(-1 - n), out _));
            }
        });

        Task[] finders = [Finder(), Finder()];
        Task adders = Task.WhenAll(Adder(1, 199), Adder(200, 200), Adder(1, 100));
        while (!adders.IsCompleted)
        {
            await index.CheckpointAsync(CancellationToken.None);
            await Task.Delay(20);
        }

        await adders;
        await done.CancelAsync();
        await Task.WhenAll(finders);
        Assert.Equal((399 - Enumerable.Range(1, 399).Count(static n => n % 7 == 3) + 1) * PerPack, index.EntryCount);
        using IChunkIndexSession last = index.OpenSession();
        for (int chunk = 0; chunk < 200 * PerPack; chunk += 11)
        {
            int first = chunk / PerPack;
            Assert.Equal(first % 7 != 3 || (first + 200) % 7 != 3, last.TryFind(Id(chunk), out _));
        }
    }
}
