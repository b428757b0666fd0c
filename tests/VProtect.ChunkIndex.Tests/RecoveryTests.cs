using VProtect.Abstractions;
using static VProtect.ChunkIndex.Tests.TestIndex;

namespace VProtect.ChunkIndex.Tests;

public sealed class RecoveryTests
{
    // Generous: a hang is what it is for.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Checkpoint_brings_back_everything_and_what_came_later_is_to_be_added_again()
    {
        using var test = new TestIndex();
        await using (FasterChunkIndex index = test.Open())
        {
            index.AddPack(Pack(0), Entries(0, 0, 1000));
            index.AddPack(Pack(1), Entries(1, 500, 1000));
            index.RemovePack(Pack(0));
            await index.CheckpointAsync(CancellationToken.None);
            index.AddPack(Pack(2), Entries(2, 5000, 1000));
        }

        await using FasterChunkIndex again = test.Open();
        Assert.Null(again.StartedEmptyBecause);
        Assert.Equal([Pack(1)], again.Packs);
        Assert.Equal(1000, again.EntryCount);
        using IChunkIndexSession session = again.OpenSession();
        Assert.True(session.TryFind(Id(1499), out ChunkLocation location));
        Assert.Equal(Location(1, 1499), location);
        Assert.False(session.TryFind(Id(0), out _));
        Assert.False(session.TryFind(Id(5000), out _));
    }

    [Fact]
    public async Task Number_of_a_pack_that_was_never_recorded_says_nothing_of_its_successor()
    {
        using var test = new TestIndex();
        await using (FasterChunkIndex index = test.Open())
        {
            index.AddPack(Pack(0), Entries(0, 0, 10));
            await index.CheckpointAsync(CancellationToken.None);

            // Spilled, so that the file holds records of a number that will be given out again.
            index.AddPack(Pack(1), Entries(1, 1000, 200_000));
        }

        await using FasterChunkIndex again = test.Open();
        using IChunkIndexSession session = again.OpenSession();
        again.AddPack(Pack(2), Entries(2, 500_000, 10));
        for (int chunk = 1000; chunk < 201_000; chunk += 97)
        {
            Assert.False(session.TryFind(Id(chunk), out _));
        }
    }

    [Fact]
    public async Task Removal_and_quarantine_after_the_last_checkpoint_are_remembered()
    {
        using var test = new TestIndex();
        await using (FasterChunkIndex index = test.Open())
        {
            index.AddPack(Pack(0), Entries(0, 0, 10));
            index.AddPack(Pack(1), Entries(1, 10, 10));
            await index.CheckpointAsync(CancellationToken.None);
            index.RemovePack(Pack(0));
            Assert.True(index.Quarantine(Id(15), Pack(1)));
        }

        await using FasterChunkIndex again = test.Open();
        using IChunkIndexSession session = again.OpenSession();
        Assert.False(again.ContainsPack(Pack(0)));
        Assert.False(session.TryFind(Id(5), out _));
        Assert.False(session.TryFind(Id(15), out _));
        Assert.True(session.TryFind(Id(16), out _));
    }

    [Fact]
    public async Task Two_checkpoints_are_kept_and_the_older_serves_when_the_newer_is_damaged()
    {
        using var test = new TestIndex();
        await using (FasterChunkIndex index = test.Open())
        {
            for (int pack = 0; pack < 5; pack++)
            {
                index.AddPack(Pack(pack), Entries(pack, pack * 1000, 1000));
                await index.CheckpointAsync(CancellationToken.None);
            }
        }

        Assert.Equal(2, Directory.GetFiles(test.Root, "checkpoint-*").Length);
        FlipBit(test.FileLike("checkpoint-"), 300);
        await using FasterChunkIndex again = test.Open();
        Assert.Null(again.StartedEmptyBecause);
        Assert.Equal(4000, again.EntryCount);
        using IChunkIndexSession session = again.OpenSession();
        Assert.False(session.TryFind(Id(4500), out _));
        Assert.True(session.TryFind(Id(3500), out _));
        again.AddPack(Pack(4), Entries(4, 4000, 1000));
        Assert.True(session.TryFind(Id(4500), out _));
    }

    [Theory]
    [InlineData("checkpoint-", "garbage")]
    [InlineData("checkpoint-", "cut")]
    [InlineData("checkpoint-", "empty")]
    [InlineData("checkpoint-", "missing")]
    [InlineData("table-", "garbage")]
    [InlineData("table-", "cut")]
    [InlineData("table-", "missing")]
    [InlineData("log", "cut")]
    [InlineData("log", "missing")]
    [InlineData("journal", "garbage")]
    [InlineData("journal", "missing")]
    public async Task Damaged_files_are_not_believed(string prefix, string damage)
    {
        using var test = new TestIndex();
        await using (FasterChunkIndex index = test.Open())
        {
            index.AddPack(Pack(0), Entries(0, 0, 1000));
            await index.CheckpointAsync(CancellationToken.None);
        }

        string path = test.FileLike(prefix);
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "garbage":
                new Random(1).NextBytes(bytes);
                File.WriteAllBytes(path, bytes);
                break;
            case "cut":
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                break;
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            default:
                File.Delete(path);
                break;
        }

        await using FasterChunkIndex again = test.Open();
        Assert.Equal(prefix != "journal", again.StartedEmptyBecause is not null);
        again.AddPack(Pack(0), Entries(0, 0, 1000));
        await again.CheckpointAsync(CancellationToken.None);
        using IChunkIndexSession session = again.OpenSession();
        Assert.True(session.TryFind(Id(999), out _));
    }

    /// <summary>
    /// Goal: one flipped bit anywhere never makes an answer wrong, never hangs and never ends the process. A chunk may be forgotten: it
    /// would be stored once more. Method: an index of which half is on disk, one bit of one file flipped, opened and asked.
    /// </summary>
    [Theory]
    [InlineData("log", 20)]
    [InlineData("table-", 6)]
    [InlineData("checkpoint-", 12)]
    [InlineData("journal", 6)]
    public async Task Flipped_bits_never_make_an_answer(string prefix, int flips)
    {
        const int Count = 90_000;
        using var original = new TestIndex();
        await using (FasterChunkIndex index = original.Open())
        {
            index.AddPack(Pack(0), Entries(0, 0, Count / 2));
            index.AddPack(Pack(1), Entries(1, Count / 2, Count / 2));
            await index.CheckpointAsync(CancellationToken.None);
            index.AddPack(Pack(2), Entries(2, 0, 200));
            await index.CheckpointAsync(CancellationToken.None);
            Assert.True(index.Quarantine(Id(7), Pack(0)));
            Assert.True(index.Quarantine(Id(8), Pack(0)));
        }

        var random = new Random(flips);
        ChunkId[] ids = [.. Enumerable.Range(0, Count + 1000).Select(static n => Id(n))];
        var locations = new ChunkLocation[ids.Length];
        bool[] found = new bool[ids.Length];
        for (int flip = 0; flip < flips; flip++)
        {
            using TestIndex test = original.Copy();
            string path = test.FileLike(prefix);
            long bit = random.NextInt64(new FileInfo(path).Length * 8);
            FlipBit(path, bit);
            await Task.Run(async () =>
            {
                await using FasterChunkIndex index = test.Open();
                using IChunkIndexSession session = index.OpenSession();
                session.FindMany(ids, locations, found);
                index.AddPack(Pack(3), Entries(3, Count, 500));
                Assert.True(session.TryFind(Id(Count), out _));
                await index.CheckpointAsync(CancellationToken.None);
            }).WaitAsync(Patience);
            for (int chunk = 0; chunk < ids.Length; chunk++)
            {
                int pack = chunk < Count / 2 ? 0 : 1;
                Assert.True(
                    !found[chunk] || locations[chunk] == Location(pack, chunk) || (chunk < 200 && locations[chunk] == Location(2, chunk)),
                    $"bit {bit} of {prefix}: chunk {chunk} at {locations[chunk]}");
                Assert.False(chunk >= Count && found[chunk]);
            }
        }
    }

    /// <summary>Every bit of the headers that FASTER puts before records, which our checksum does not cover.</summary>
    [Fact]
    public async Task Flipped_bits_in_links_between_records_never_hang()
    {
        const int Count = 300;
        using var original = new TestIndex();
        await using (FasterChunkIndex index = original.Open())
        {
            index.AddPack(Pack(0), Entries(0, 0, Count));
            await index.CheckpointAsync(CancellationToken.None);
            index.AddPack(Pack(1), Entries(1, 0, Count));
            await index.CheckpointAsync(CancellationToken.None);
        }

        for (int bit = 0; bit < 64; bit++)
        {
            using TestIndex test = original.Copy();
            for (int record = 1 + (bit % 2); record <= 2 * Count; record += 2)
            {
                FlipBit(test.FileLike("log"), (record * 64 * 8) + bit);
            }

            await Task.Run(async () =>
            {
                await using FasterChunkIndex index = test.Open();
                using IChunkIndexSession session = index.OpenSession();
                for (int chunk = 0; chunk < Count + 100; chunk++)
                {
                    if (session.TryFind(Id(chunk), out ChunkLocation location))
                    {
                        Assert.Contains(location, new[] { Location(0, chunk), Location(1, chunk) });
                    }
                }

                index.AddPack(Pack(2), Entries(2, 0, Count));
                await index.CheckpointAsync(CancellationToken.None);
            }).WaitAsync(Patience);
        }
    }

    /// <summary>
    /// FASTER marks a record as sealed when a newer one of its key is appended. In pages that are written afterwards the mark is on disk: such a
    /// record, and all of its bucket behind it, is found as before.
    /// </summary>
    [Fact]
    public async Task Sealed_records_on_disk_are_found_with_those_behind_them()
    {
        const int Count = 90_000;
        const int SealedBit = 57;
        using var test = new TestIndex();
        await using (FasterChunkIndex index = test.Open())
        {
            index.AddPack(Pack(0), Entries(0, 0, Count));
            await index.CheckpointAsync(CancellationToken.None);
        }

        using (var log = new FileStream(test.FileLike("log"), FileMode.Open, FileAccess.ReadWrite))
        {
            for (long record = 1; record <= Count; record++)
            {
                log.Position = (record * 64) + (SealedBit / 8);
                int value = log.ReadByte();
                log.Position--;
                log.WriteByte((byte)(value | (1 << (SealedBit % 8))));
            }
        }

        await using FasterChunkIndex again = test.Open();
        using IChunkIndexSession session = again.OpenSession();
        ChunkId[] ids = [.. Enumerable.Range(0, Count).Select(static n => Id(n))];
        var locations = new ChunkLocation[Count];
        bool[] found = new bool[Count];
        session.FindMany(ids, locations, found);
        Assert.DoesNotContain(false, found);
        Assert.All(ids, id => Assert.True(session.TryFind(id, out _)));
    }

    private static void FlipBit(string path, long bit)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = bit / 8;
        int value = file.ReadByte();
        file.Position = bit / 8;
        file.WriteByte((byte)(value ^ (1 << (int)(bit % 8))));
    }
}
