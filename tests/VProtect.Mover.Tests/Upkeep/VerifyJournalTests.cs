using VProtect.Abstractions;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep;

public sealed class VerifyJournalTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
    private readonly TemporaryDirectory _directory = new();

    private string FilePath => _directory["state/verified"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_was_noted_is_there_when_opened_again_and_a_deeper_look_counts_for_both_levels()
    {
        using (VerifyJournal journal = VerifyJournal.TryOpen(FilePath)!)
        {
            Assert.Equal(1u, journal.Begin(7, resume: false, Now));
            journal.Add(Pack(1), VerifyLevel.Full, Now);
            journal.Add(Pack(2), VerifyLevel.Stored, Now);
            Assert.Null(VerifyJournal.TryOpen(FilePath));
        }

        using VerifyJournal again = VerifyJournal.TryOpen(FilePath)!;
        Assert.True(again.HasInterruptedRun);
        Assert.Equal(new PackVerification(1, Now), again.Find(Pack(1), VerifyLevel.Full));
        Assert.Equal(new PackVerification(1, Now), again.Find(Pack(1), VerifyLevel.Stored));
        Assert.Equal(default, again.Find(Pack(2), VerifyLevel.Full));
        Assert.Equal(new PackVerification(1, Now), again.Find(Pack(2), VerifyLevel.Stored));
    }

    [Fact]
    public void An_interrupted_run_goes_on_only_for_the_same_selection()
    {
        using VerifyJournal journal = VerifyJournal.TryOpen(FilePath)!;
        journal.Begin(7, resume: false, Now);
        Assert.Equal(1u, journal.Begin(7, resume: true, Now));
        VProtectException error = Assert.Throws<VProtectException>(() => journal.Begin(8, resume: true, Now));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal(2u, journal.Begin(8, resume: false, Now));
        journal.End([], Now);
        Assert.Equal(3u, journal.Begin(8, resume: true, Now));
    }

    /// <summary>Goal: no damage of the file says that a pack was verified which was not, or keeps anybody from verifying. Method: flip and cut everywhere.</summary>
    [Fact]
    public void A_damaged_or_torn_journal_forgets_and_never_invents()
    {
        using (VerifyJournal journal = VerifyJournal.TryOpen(FilePath)!)
        {
            journal.Begin(7, resume: false, Now);
            for (uint i = 1; i <= 5; i++)
            {
                journal.Add(Pack(i), VerifyLevel.Full, Now);
            }
        }

        byte[] whole = File.ReadAllBytes(FilePath);
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 1;
            File.WriteAllBytes(FilePath, at % 2 == 0 ? damaged : whole[..at]);
            using VerifyJournal journal = VerifyJournal.TryOpen(FilePath)!;
            int known = Enumerable.Range(1, 5).Count(i => journal.Find(Pack((uint)i), VerifyLevel.Full) == new PackVerification(1, Now));
            Assert.InRange(known, at % 2 == 0 ? 4 : 0, 5);
            Assert.Equal(default, journal.Find(Pack(6), VerifyLevel.Full));
            journal.Begin(9, resume: false, Now);
            journal.Add(Pack(6), VerifyLevel.Full, Now);
            Assert.NotEqual(default, journal.Find(Pack(6), VerifyLevel.Full));
        }
    }

    [Fact]
    public void A_journal_that_has_grown_is_rewritten_and_forgets_packs_that_are_gone()
    {
        using VerifyJournal journal = VerifyJournal.TryOpen(FilePath)!;
        for (int run = 0; run < 20; run++)
        {
            journal.Begin(7, resume: false, Now);
            for (uint i = 1; i <= 100; i++)
            {
                journal.Add(Pack(i), VerifyLevel.Full, Now);
            }

            journal.End(Enumerable.Range(2, 99).Select(i => Pack((uint)i)), Now);
        }

        Assert.InRange(new FileInfo(FilePath).Length, 0, 2000 * 40);
        Assert.Equal(20u, journal.Find(Pack(2), VerifyLevel.Full).Run);
        Assert.Equal(21u, journal.Begin(7, resume: true, Now));
    }

    [Fact]
    public void Repeated_samples_cover_everything_and_each_reads_what_was_read_longest_ago()
    {
        using VerifyJournal journal = VerifyJournal.TryOpen(FilePath)!;
        (PackId, long)[] packs = [.. Enumerable.Range(1, 100).Select(i => (Pack((uint)i), 1000L + i))];
        var selection = new VerifySelection { SamplePercent = 10, Seed = 3 };
        var seen = new HashSet<PackId>();
        for (int night = 0; night < 10; night++)
        {
            uint run = journal.Begin(1, resume: false, Now);
            List<(PackId Id, long SizeBytes)> chosen = selection.Choose(packs, journal, run, VerifyLevel.Full);
            Assert.InRange(chosen.Count, 9, 11);
            foreach ((PackId pack, _) in chosen)
            {
                seen.Add(pack);
                journal.Add(pack, VerifyLevel.Full, Now.AddDays(night));
            }

            // Interrupted at its end: what is left of the sample is nothing.
            Assert.Empty(selection.Choose(packs, journal, run, VerifyLevel.Full));
            journal.End(packs.Select(pack => pack.Item1), Now);
        }

        Assert.True(seen.Count >= 99, $"{seen.Count}");
        uint next = journal.Begin(1, resume: false, Now);
        Assert.Equal(100 - seen.Count, new VerifySelection { OnlyNew = true }.Choose(packs, journal, next, VerifyLevel.Full).Count);
        Assert.InRange(new VerifySelection { NotSince = Now.AddDays(5) }.Choose(packs, journal, next, VerifyLevel.Full).Count, 40, 60);
        Assert.Equal(100, new VerifySelection().Choose(packs, journal: null, run: 0, VerifyLevel.Full).Count);
    }

    private static PackId Pack(uint number) => new(((UInt128)(number * 0x9E37_79B9u) << 96) | number);
}
