using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover;
using VProtect.Mover.Upkeep;
using VProtect.Node.Channel;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>
/// Verifies a repository, or a part of it: what was not looked at for the longest time comes first, so that samples cover everything in turns.
/// Damage is a result; it is quarantined at once, and the next backup that sees it writes it again.
/// </summary>
internal static class Verify
{
    /// <summary>Sentences of one kind in the task's log.</summary>
    private const int LinesMax = 100;

    public static Task<VerifyWorkResult> RunAsync(VerifyWork work, WorkContext context, CancellationToken cancellationToken)
    {
        if (work.SamplePercent is < 1 or > 100 || work.BytesPerSecondMax is <= 0)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"{work.SamplePercent} % at {work.BytesPerSecondMax} bytes in a second cannot be verified.",
                "Give 1 to 100 percent, and a rate above 0 or none.");
        }

        return context.UseAsync(
            work.Repository,
            async shared =>
            {
                context.Enter("waiting for another verification");
                await shared.Verifying.WaitAsync(cancellationToken);
                try
                {
                    return await RunAsync(work, shared, context, cancellationToken);
                }
                finally
                {
                    shared.Verifying.Release();
                }
            },
            cancellationToken);
    }

    private static async Task<VerifyWorkResult> RunAsync(VerifyWork work, SharedRepository shared, WorkContext context, CancellationToken cancellationToken)
    {
        string directory = ChunkIndexOpening.DirectoryOf(context.Options.StatePath, shared.Repository.Id)!;
        using VerifyJournal? journal = VerifyJournal.TryOpen(Path.Combine(directory, "verified"));
        if (journal is null)
        {
            context.Warn("What this verification reads is not remembered: another one runs, or the directory of the node's state cannot be written.");
        }

        var counters = new RestoreCounters();
        var options = new VerifyOptions
        {
            Selection = new VerifySelection { SamplePercent = work.SamplePercent },
            BytesPerSecondMax = work.BytesPerSecondMax ?? 0,
            Journal = journal,
            Time = context.Time,
        };
        var pipeline = new VerifyPipeline(shared.Chunks, options, counters);
        context.Journal.Follow(() => (pipeline.Step, new Amounts(counters.DoneBytes, counters.TotalBytes, StoredBytes: 0)));
        VerifyResult result = await pipeline.RunAsync(cancellationToken);
        await shared.CheckpointAsync(context.Warn);
        Tell(result, context);
        return new VerifyWorkResult(
            result.CheckedBytes, result.DamagedChunks.Count(chunk => !chunk.IsSettled),
            [.. result.Affected.Select(point => point.Id).Distinct(StringComparer.Ordinal)]);
    }

    private static void Tell(VerifyResult result, WorkContext context)
    {
        context.Note($"Read {result.Packs} of {Quantity.Of(result.PacksTotal, "pack")} and checked {Quantity.Of(result.RestorePoints, "restore point")}: {(result.IsSound ? "sound" : "NOT sound")}.");
        IEnumerable<string> errors =
        [
            .. result.Affected.Select(point => $"Restore point {point.Id} of {point.Machine}: {point.DamagedBytes} bytes of disk '{point.Disk}' are damaged."),
            .. result.Faults,
        ];
        foreach (string error in errors.Take(LinesMax))
        {
            context.Journal.Write(LineLevel.Error, error);
        }

        foreach (string unreadable in result.Unreadable.Take(LinesMax))
        {
            context.Warn(unreadable);
        }
    }
}
