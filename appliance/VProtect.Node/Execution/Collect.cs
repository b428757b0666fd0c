using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Upkeep;
using VProtect.Node.Channel;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>
/// Collects garbage: one run condemns and the next removes, so there are two, unless a backup at work holds the second back. One collection of
/// a repository at a time, beside backups and restores.
/// </summary>
internal static class Collect
{
    public static Task<CollectWorkResult> RunAsync(CollectWork work, WorkContext context, CancellationToken cancellationToken) => context.UseAsync(
        work.Repository,
        async shared =>
        {
            context.Enter("waiting for another collection");
            await shared.Collecting.WaitAsync(cancellationToken);
            try
            {
                return await RunAsync(shared, context, cancellationToken);
            }
            finally
            {
                shared.Collecting.Release();
            }
        },
        cancellationToken);

    private static async Task<CollectWorkResult> RunAsync(SharedRepository shared, WorkContext context, CancellationToken cancellationToken)
    {
        await using OpenedLedger ledger = LedgerOpening.Open(context.Options.StatePath, shared.Repository.Id, context.Warn, context.TemporaryPath);
        CollectResult first = await RunOnceAsync(shared, ledger, context, cancellationToken);
        CollectResult? second = first.PacksCondemned > 0 && !first.IsHeldBackByWriter && !first.IsOvertaken
            ? await RunOnceAsync(shared, ledger, context, cancellationToken)
            : null;
        await shared.CheckpointAsync(context.Warn);
        return new CollectWorkResult(
            first.PointsRemoved + (second?.PointsRemoved ?? 0), first.FreedBytes + (second?.FreedBytes ?? 0), (second ?? first).CondemnedBytes);
    }

    private static async Task<CollectResult> RunOnceAsync(
        SharedRepository shared, OpenedLedger ledger, WorkContext context, CancellationToken cancellationToken)
    {
        var progress = new CollectStages(context.Journal);
        CollectResult result = await new GarbageCollector(shared.Chunks, ledger.Ledger, new CollectOptions()).RunAsync(progress, cancellationToken);
        foreach (IntegrityException damage in result.Damage)
        {
            context.Warn(damage.Message);
        }

        if (result.IsHeldBackByWriter)
        {
            context.Note("A running backup holds some of it back; the next collection frees it.");
        }

        if (result.IsRewritingCutShort)
        {
            context.Warn("The repository is full: packs with little in them were not copied. What was freed is freed.");
        }

        return result;
    }

    /// <summary>Steps as stages; what is counted is in the words, since it is no bytes.</summary>
    private sealed class CollectStages(TaskJournal journal) : IProgress<CollectProgress>
    {
        public void Report(CollectProgress value) => journal.Enter(
            value is { Unit: not null, Total: > 0 } ? $"{value.Step} ({100 * value.Done / value.Total} % of {value.Total} {value.Unit})" : value.Step);
    }
}
