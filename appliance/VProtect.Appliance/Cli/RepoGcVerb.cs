using System.CommandLine;
using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Upkeep;
using VProtect.Node.Repositories;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo gc</c></summary>
internal static class RepoGcVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        var rewriteBelow = new Option<int?>("--rewrite-below") { Description = "Rewrite packs of which less than this percentage is needed; 0 for none. Default 50.", HelpName = "PERCENT" };
        var breakLeases = new Option<bool>("--break-leases") { Description = "End backups that run on other machines, or seem to. They will fail." };
        return new Verb(
            "gc",
            "Frees what no restore point needs. Safe beside running backups: space is freed in two steps, so what this run marks, the next one removes.")
        {
            place, rewriteBelow, breakLeases,
        }
        .WithExamples(
            ("vprotect repo gc /backup/repo", "after 'vprotect forget', once now and once later"),
            ("vprotect repo gc /backup/repo --rewrite-below 0", "remove only, copy nothing"))
        .Doing(common, terminal, (invocation, cancellationToken) =>
        {
            int percent = invocation.Parsed.GetValue(rewriteBelow) ?? 50;
            if (percent is < 0 or > 100)
            {
                throw Invocation.BadArgument($"{percent} is not a percentage.", "Correct --rewrite-below: 0 to 100.");
            }

            var options = new CollectOptions { RewriteBelow = percent / 100.0, BreakLeases = invocation.Parsed.GetValue(breakLeases) };
            return RunAsync(invocation, invocation.Parsed.GetValue(place), options, cancellationToken);
        });
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, CollectOptions options, CancellationToken cancellationToken)
    {
        await using OpenedRepository opened = await RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken);
        if (opened.Index.Index.StartedEmptyBecause is not null)
        {
            await opened.SynchronizeAsync(invocation, cancellationToken);
        }

        await using OpenedLedger opening = LedgerOpening.Open(StateDirectory.Of(invocation), opened.Repository.Id, invocation.Warn);
        var progress = new LatestProgress();
        CollectResult result = await ProgressDisplay.RunAsync(
            invocation,
            progress.Sample,
            () => new GarbageCollector(opened.Chunks, opening.Ledger, options).RunAsync(progress, cancellationToken));
        foreach (IntegrityException damage in result.Damage)
        {
            invocation.Warn(damage.Message);
        }

        await opened.Index.CheckpointAsync(invocation.Warn);
        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, CollectDocument.Of(opened.Repository.Name, result));
            return ExitCodes.Success;
        }

        TextWriter writer = invocation.Terminal.Out;
        writer.WriteLine($"Freed {SizeText.Of(result.FreedBytes)}.");
        Listing.Write(
            writer,
            [
                ("  restore points removed", Count(result.PointsRemoved)),
                ("  restore points counted", $"{Count(result.RestorePointsCounted)}, {Count(result.NodesRead)} {(result.NodesRead == 1 ? "node" : "nodes")} read"),
                ("  packs looked at", Count(result.PacksLookedAt)),
                ("  packs removed", $"{Count(result.PacksRemoved)}, {SizeText.Of(result.FreedBytes)}"),
                ("  packs for the next run", $"{Count(result.PacksCondemned)}, {SizeText.Of(result.CondemnedBytes)}"),
                ("  copied out of thin packs", SizeText.Of(result.RewrittenBytes)),
                ("  leases of dead writers", Count(result.LeasesBroken)),
            ]);
        if (result.IsHeldBackByWriter)
        {
            writer.WriteLine("A running backup holds some of it back; run again when it has ended.");
        }

        if (result.IsRewritingCutShort)
        {
            writer.WriteLine("The repository is full: thin packs were not copied. What was freed is freed; run again.");
        }

        if (result.IsOvertaken)
        {
            writer.WriteLine("Another collection was faster; run again.");
        }

        return ExitCodes.Success;
    }

    private static string Count(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Keeps what was told last for who draws it.</summary>
    private sealed class LatestProgress : IProgress<CollectProgress>
    {
        private readonly Lock _lock = new();
        private CollectProgress _latest = new("starting", 0, 0, Unit: null);

        public void Report(CollectProgress value)
        {
            lock (_lock)
            {
                _latest = value;
            }
        }

        public ProgressSample Sample()
        {
            lock (_lock)
            {
                return _latest.Unit is null
                    ? new ProgressSample(_latest.Step, 0, 0, 0)
                    : new ProgressSample(_latest.Step, _latest.Done, _latest.Total, 0, Unit: _latest.Unit);
            }
        }
    }
}
