using System.Runtime.InteropServices;
using VProtect.Abstractions;
using VProtect.ChunkIndex.Ledger;
using static VProtect.ChunkIndex.Tests.Ledger.TestLedger;
using static VProtect.ChunkIndex.Tests.TestIndex;

namespace VProtect.ChunkIndex.Tests.Ledger;

public sealed class ReferenceLedgerTests
{
    /// <summary>
    /// Goal: a ledger says what a dictionary says, whatever is done in whatever order, and after opening again what it said at the last commit.
    /// Method: seeded random work on both, with commits and reopenings, from few ids that fit in memory to many that do not.
    /// </summary>
    [Theory]
    [InlineData(1, 20)]
    [InlineData(2, 300)]
    [InlineData(3, 3000)]
    [InlineData(4, 10_000)]
    public async Task Says_what_a_dictionary_says(int seed, int ids)
    {
        using var test = new TestLedger();
        var random = new Random(seed);
        ReferenceLedger ledger = test.Open();
        var model = new LedgerModel();
        LedgerModel committed = model.Clone();
        bool hasCommitted = false;
        for (int round = 0; round < 40; round++)
        {
            model.Work(ledger, random, random.Next(ids), ids);
            int what = random.Next(20);
            if (what < 12)
            {
                await ledger.CommitAsync(CancellationToken.None);
                committed = model.Clone();
                hasCommitted = true;
            }

            if (what is > 9 and < 19)
            {
                await ledger.DisposeAsync();
                ledger = test.Open();
                model = committed.Clone();
                Assert.Equal(hasCommitted, ledger.StartedEmptyBecause is null);
                Assert.Null(model.DifferenceTo(ledger, ids));
            }
            else if (what == 19)
            {
                await ledger.ClearAsync(CancellationToken.None);
                model = new LedgerModel();
                committed = model.Clone();
                hasCommitted = true;
            }
        }

        Assert.Null(model.DifferenceTo(ledger, ids));
        await ledger.DisposeAsync();
    }

    [Fact]
    public async Task Grows_shrinks_and_keeps_every_count()
    {
        const int Ids = 60_000;
        using var test = new TestLedger();
        var model = new LedgerModel();
        await using (ReferenceLedger ledger = test.Open())
        {
            for (int n = 0; n < Ids; n++)
            {
                model.Add(ledger, n, 1);
            }

            await ledger.CommitAsync(CancellationToken.None);
        }

        long fullBytes = new FileInfo(test.Pages).Length;
        Assert.InRange(fullBytes, Ids * 12, Ids * 30);
        await using (ReferenceLedger ledger = test.Open())
        {
            Assert.Null(model.DifferenceTo(ledger, Ids));
            for (int n = 0; n < Ids; n += 2)
            {
                model.Add(ledger, n, -1);
            }

            await ledger.CommitAsync(CancellationToken.None);
        }

        await using ReferenceLedger again = test.Open();
        Assert.Null(again.StartedEmptyBecause);
        Assert.Null(model.DifferenceTo(again, Ids));
        Assert.Equal(Ids / 2, model.Entries);
    }

    [Theory]
    [InlineData(0, CountTable.PagesMin)]
    [InlineData(16 * 341 * 85 / 100, CountTable.PagesMin)]
    [InlineData((16 * 341 * 85 / 100) + 1, 32)]
    [InlineData(16_777_216, 65_536)]
    [InlineData(100_000_000, 524_288)]
    [InlineData(50_000_000_000, CountTable.PagesMax)]
    [InlineData(long.MaxValue, CountTable.PagesMax)]
    public void Table_has_pages_for_its_entries(long entries, int pages) => Assert.Equal(pages, CountTable.PagesFor(entries));

    [Fact]
    public async Task Places_given_up_are_used_again()
    {
        using var test = new TestLedger();
        await using ReferenceLedger ledger = test.Open();
        for (int round = 0; round < 30; round++)
        {
            for (int n = 0; n < 2 * ChangesMax; n++)
            {
                ledger.Add(Id(n), 1);
            }

            await ledger.CommitAsync(CancellationToken.None);
        }

        Assert.InRange(new FileInfo(test.Pages).Length, 0, 2 * CountTable.PagesMin * CountPage.LengthBytes);
    }

    [Fact]
    public async Task Ids_with_the_same_beginning_share_the_sum_of_their_counts()
    {
        using var test = new TestLedger();
        await using ReferenceLedger ledger = test.Open();
        ChunkId one = Make(5, 1);
        ChunkId other = Make(5, 2);
        Assert.Equal(1, ledger.Add(one, 1));
        Assert.Equal(2, ledger.Add(other, 1));
        Assert.Equal(1, ledger.Add(one, -1));
        Assert.True(ledger.CountOf(other) >= 1);

        // 0 and 1 are such a pair as well.
        Assert.Equal(1, ledger.Add(Make(0, 1), 1));
        Assert.Equal(2, ledger.Add(Make(1, 1), 1));
    }

    /// <summary>Worse than chance would ever have it: all ids at home in the last page, so that they fill others, from the first on.</summary>
    [Fact]
    public async Task Full_pages_pass_entries_on_and_take_them_out_again()
    {
        using var test = new TestLedger();
        await using ReferenceLedger ledger = test.Open();
        for (int round = 0; round < 3; round++)
        {
            for (int n = 0; n < 3000; n++)
            {
                ledger.Add(Make(ulong.MaxValue - (ulong)n, 7), 1);
            }

            await ledger.ClearlyInPagesAsync();
            for (int n = 0; n < 3000; n++)
            {
                Assert.Equal(1, ledger.CountOf(Make(ulong.MaxValue - (ulong)n, 7)));
                Assert.Equal(0, ledger.Add(Make(ulong.MaxValue - (ulong)n, 7), -1));
            }

            await ledger.ClearlyInPagesAsync();
            for (int n = 0; n < 3000; n++)
            {
                Assert.Equal(0, ledger.CountOf(Make(ulong.MaxValue - (ulong)n, 7)));
            }
        }
    }

    [Fact]
    public async Task Count_below_zero_is_damage_and_is_never_committed()
    {
        using var test = new TestLedger();
        await using (ReferenceLedger ledger = test.Open())
        {
            ledger.Add(Id(1), 1);
            await ledger.CommitAsync(CancellationToken.None);
            ledger.Add(Id(1), -1);
            Assert.Throws<IntegrityException>(() => ledger.Add(Id(1), -1));
            await Assert.ThrowsAsync<IntegrityException>(async () => await ledger.CommitAsync(CancellationToken.None));
        }

        await using ReferenceLedger again = test.Open();
        Assert.Equal(1, again.CountOf(Id(1)));
        Assert.Throws<IntegrityException>(() => again.Add(Id(2), -1));
        await again.ClearAsync(CancellationToken.None);
        again.Add(Id(2), 1);
        await again.CommitAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Count_too_large_to_be_exact_stays()
    {
        using var test = new TestLedger();
        await using (ReferenceLedger ledger = test.Open())
        {
            ledger.Add(Id(1), 1);
            await ledger.CommitAsync(CancellationToken.None);
        }

        using (var pages = new IndexFile(test.PathOf("ledger")))
        {
            // A commit that says so: nobody adds two thousand million times in a test.
            var writer = new LedgerLogWriter(pages, pages.LengthBytes);
            writer.Count(Id(1).Prefix64, ChangeTable.CountMax - 1);
            writer.End();
        }

        await using ReferenceLedger again = test.Open();
        Assert.Equal(ChangeTable.CountMax, again.Add(Id(1), 1));
        Assert.Equal(ChangeTable.CountMax, again.Add(Id(1), 1));
        Assert.Equal(ChangeTable.CountMax, again.Add(Id(1), -1));
    }

    [Fact]
    public async Task One_process_holds_it_and_an_index_lies_beside_it()
    {
        using var test = new TestLedger();
        await using FasterChunkIndex index = FasterChunkIndex.Open(new ChunkIndexOptions { Directory = test.Root, MemoryBytesMax = 4 << 20 });
        await using (ReferenceLedger ledger = test.Open())
        {
            Assert.Equal("it is new.", ledger.StartedEmptyBecause);
            VProtectException refused = Assert.Throws<VProtectException>(() => test.Open());
            Assert.Equal(ErrorCode.IndexFailed, refused.Code);
            Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
            ledger.Add(Id(1), 1);
            await ledger.CommitAsync(CancellationToken.None);
            index.AddPack(Pack(0), Entries(0, 0, 10));
            await index.CheckpointAsync(CancellationToken.None);
            await index.CheckpointAsync(CancellationToken.None);
        }

        await using ReferenceLedger again = test.Open();
        Assert.Null(again.StartedEmptyBecause);
        Assert.Equal(1, again.CountOf(Id(1)));
    }

    [Fact]
    public async Task Wrong_arguments_are_refused()
    {
        using var test = new TestLedger();
        ReferenceLedger ledger = test.Open();
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.Add(ChunkId.Zero, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.Add(Id(1), 2));
        Assert.Throws<ArgumentException>(() => ledger.SetPoint("no such id", []));
        Assert.Throws<ArgumentException>(() => ledger.SetPoint("ABCDEF0123456789ABCDEF0123456789", []));
        await ledger.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => ledger.CountOf(Id(1)));
    }

    private static ChunkId Make(ulong first, ulong last) => new(MemoryMarshal.AsBytes<ulong>([first, 0, 0, last]));
}

/// <summary>More changes than fit in memory, which cancel out: what was changed before is in pages then.</summary>
internal static class Flooding
{
    public static async Task ClearlyInPagesAsync(this ReferenceLedger ledger)
    {
        for (int n = 0; n < ChangesMax + 1; n++)
        {
            ledger.Add(Id(1_000_000 + n), 1);
            ledger.Add(Id(1_000_000 + n), -1);
        }

        await ledger.CommitAsync(CancellationToken.None);
    }
}
