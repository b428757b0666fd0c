using VProtect.Abstractions;
using VProtect.ChunkIndex.Ledger;

namespace VProtect.ChunkIndex.Tests.Ledger;

public sealed class LedgerFaultTests
{
    private const int Ids = 6000;

    /// <summary>
    /// Goal: a disk that is full, or a process that ends, at any instant leaves the last commit, or the one under way; never anything else.
    /// Method: the same work, refused from the Nth write, flush, rename or removal on, for every N until nothing is refused; a refused write has
    /// written a part.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Failure_at_any_instant_leaves_the_last_commit(int seed)
    {
        for (int failing = 0; ; failing++)
        {
            using var test = new TestLedger();
            var history = new LedgerHistory();
            var directory = new FaultyDirectory(test.Root, failing);
            bool hasFailed = false;
            ReferenceLedger? ledger = null;
            try
            {
                ledger = test.Open(directory);
                await history.WorkAsync(ledger, new Random(seed));
            }
            catch (VProtectException exception)
            {
                Assert.Equal(ErrorCode.IndexFailed, exception.Code);
                hasFailed = true;
            }

            Assert.Equal(directory.HasFailed, hasFailed);
            if (ledger is not null)
            {
                if (hasFailed)
                {
                    Assert.Throws<VProtectException>(() => ledger.Add(TestIndex.Id(0), 1));
                    await Assert.ThrowsAsync<VProtectException>(async () => await ledger.CommitAsync(CancellationToken.None));
                }

                await ledger.DisposeAsync();
            }

            await history.AssertFoundAsync(test, mayBeEmpty: false);
            if (!hasFailed)
            {
                Assert.True(failing > 40, $"{failing}");
                return;
            }
        }
    }

    /// <summary>
    /// Goal: a machine that stops at any instant leaves the last commit, the one under way, or an empty ledger that says why.
    /// Method: as above; then what was not flushed is lost or kept at random, sector by sector, and so are names.
    /// </summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Power_cut_at_any_instant_leaves_the_last_commit_or_nothing(int seed)
    {
        for (int failing = 0; ; failing++)
        {
            using var test = new TestLedger();
            using var after = new TestLedger();
            var history = new LedgerHistory();
            var directory = new PowerCutDirectory(test.Root, failing);
            bool hasFailed = false;
            ReferenceLedger? ledger = null;
            try
            {
                ledger = test.Open(directory);
                await history.WorkAsync(ledger, new Random(seed));
            }
            catch (VProtectException)
            {
                hasFailed = true;
            }

            if (ledger is not null)
            {
                await ledger.DisposeAsync();
            }

            directory.WriteWhatIsLeft(after.Root, new Random(failing));
            await history.AssertFoundAsync(after, mayBeEmpty: hasFailed);
            if (!hasFailed)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task Log_cut_at_any_byte_opens_at_the_last_whole_commit()
    {
        using var test = new TestLedger();
        var commits = new List<(long Length, LedgerModel Model)>();
        await using (ReferenceLedger ledger = test.Open())
        {
            var random = new Random(5);
            var model = new LedgerModel();
            for (int commit = 0; commit < 4; commit++)
            {
                model.Work(ledger, random, 30, 20);
                await ledger.CommitAsync(CancellationToken.None);
                commits.Add((new FileInfo(test.PathOf("ledger")).Length, model.Clone()));
            }
        }

        for (long length = commits[^1].Length; length >= 0; length--)
        {
            using TestLedger cut = test.Copy();
            using (var log = new IndexFile(cut.PathOf("ledger")))
            {
                log.SetLength(length);
            }

            LedgerModel expected = commits.LastOrDefault(commit => commit.Length <= length).Model?.Clone() ?? new LedgerModel();
            await using (ReferenceLedger ledger = cut.Open())
            {
                Assert.Equal(length < commits[0].Length, ledger.StartedEmptyBecause is not null);
                Assert.Null(expected.DifferenceTo(ledger, 20));
                if (length % 32 != 0)
                {
                    continue;
                }

                expected.Work(ledger, new Random(6), 10, 20);
                await ledger.CommitAsync(CancellationToken.None);
            }

            await using ReferenceLedger again = cut.Open();
            Assert.Null(again.StartedEmptyBecause);
            Assert.Null(expected.DifferenceTo(again, 20));
        }
    }

    /// <summary>
    /// Goal: no flipped bit is believed. Method: flip one in each byte of the log, and in many bytes of the pages; then the ledger opens empty
    /// and says why, or calls a page damaged, or says what it said.
    /// </summary>
    [Fact]
    public async Task Flipped_bit_never_changes_a_count_silently()
    {
        const int Few = 3000;
        using var test = new TestLedger();
        var model = new LedgerModel();
        await using (ReferenceLedger ledger = test.Open())
        {
            var random = new Random(5);
            model.Work(ledger, random, 4000, Few);
            await ledger.CommitAsync(CancellationToken.None);
            model.Work(ledger, random, 40, Few);
            await ledger.CommitAsync(CancellationToken.None);
        }

        int damaged = 0;
        foreach ((string path, int step) in new[] { (test.PathOf("ledger"), 11), (test.Pages, 997) })
        {
            byte[] good = File.ReadAllBytes(path);
            for (int at = 0; at < good.Length; at += step)
            {
                byte[] bad = [.. good];
                bad[at] ^= (byte)(1 << (at % 8));
                File.WriteAllBytes(path, bad);
                using TestLedger copy = test.Copy();
                await using ReferenceLedger ledger = copy.Open();
                if (ledger.StartedEmptyBecause is not null)
                {
                    Assert.Null(new LedgerModel().DifferenceTo(ledger, Few));
                    damaged++;
                    continue;
                }

                try
                {
                    Assert.Null(model.DifferenceTo(ledger, Few));
                }
                catch (IntegrityException)
                {
                    await Assert.ThrowsAsync<IntegrityException>(async () => await ledger.CommitAsync(CancellationToken.None));
                    await ledger.ClearAsync(CancellationToken.None);
                    Assert.Null(new LedgerModel().DifferenceTo(ledger, Few));
                    damaged++;
                }
            }

            File.WriteAllBytes(path, good);
        }

        Assert.True(damaged > 60, $"{damaged}");
    }

    [Fact]
    public async Task Pages_that_are_gone_or_cut_make_it_start_empty()
    {
        using var test = new TestLedger();
        await using (ReferenceLedger ledger = test.Open())
        {
            new LedgerModel().Work(ledger, new Random(1), 4000, Ids);
            await ledger.CommitAsync(CancellationToken.None);
        }

        using (TestLedger cut = test.Copy())
        {
            using (var pages = new IndexFile(cut.Pages))
            {
                pages.SetLength(pages.LengthBytes - 1);
            }

            await using ReferenceLedger ledger = cut.Open();
            Assert.Equal("its pages are cut short.", ledger.StartedEmptyBecause);
        }

        File.Delete(test.Pages);
        await using ReferenceLedger gone = test.Open();
        Assert.Equal("its pages are cut short.", gone.StartedEmptyBecause);
    }

    /// <summary>Work with commits of all kinds, and what may be found afterwards.</summary>
    private sealed class LedgerHistory
    {
        private LedgerModel _committed = new();
        private LedgerModel _attempted = new();
        private bool _hasCommitted;

        public async Task WorkAsync(ReferenceLedger ledger, Random random)
        {
            LedgerModel model = new();
            foreach (int steps in new[] { 10, 50, 5000, 5, 3000, 4000, 20 })
            {
                model.Work(ledger, random, steps, Ids);
                _attempted = model.Clone();
                await ledger.CommitAsync(CancellationToken.None);
                _committed = _attempted;
                _hasCommitted = true;
            }

            _attempted = new LedgerModel();
            await ledger.ClearAsync(CancellationToken.None);
            _committed = _attempted;
            model = new LedgerModel();
            model.Work(ledger, random, 5, Ids);
        }

        public async Task AssertFoundAsync(TestLedger test, bool mayBeEmpty)
        {
            await using (ReferenceLedger ledger = test.Open())
            {
                if (ledger.StartedEmptyBecause is not null && (mayBeEmpty || !_hasCommitted))
                {
                    Assert.Null(new LedgerModel().DifferenceTo(ledger, Ids));
                }
                else
                {
                    Assert.Null(ledger.StartedEmptyBecause);
                    string? difference = _committed.DifferenceTo(ledger, Ids);
                    Assert.True(difference is null || _attempted.DifferenceTo(ledger, Ids) is null, difference);
                }

                // And it goes on working.
                ledger.Add(TestIndex.Id(Ids), 1);
                await ledger.CommitAsync(CancellationToken.None);
            }

            await using ReferenceLedger again = test.Open();
            Assert.Null(again.StartedEmptyBecause);
            Assert.Equal(1, again.CountOf(TestIndex.Id(Ids)));
            Assert.InRange(Directory.GetFiles(test.Root).Length, 2, 3);
        }
    }
}
