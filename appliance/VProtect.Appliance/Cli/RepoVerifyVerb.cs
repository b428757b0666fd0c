using System.CommandLine;
using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Mover;
using VProtect.Mover.Upkeep;
using VProtect.Node.Repositories;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo verify</c>, which reads data.</summary>
internal static class RepoVerifyVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        var options = new VerifyArguments();
        var verb = new Verb(
            "verify",
            "Reads and checks every stored byte, and that every restore point has all it needs. What is damaged is named, is never used again, and is stored anew when a backup next sees it. Ends with 7 when anything is damaged.")
        {
            place,
        };
        options.AddTo(verb);
        return verb
            .WithExamples(
                ("vprotect repo verify /backup/repo", "read and check everything"),
                ("vprotect repo verify /backup/repo --sample 5 --rate 100", "each night a twentieth, gently: after twenty nights everything"),
                ("vprotect repo verify /backup/repo --resume", "go on after an interruption"),
                ("vprotect repo verify /backup/repo --machine web1", "can this machine's restore points be restored?"),
                ("vprotect repo verify /backup/repo --json | jq .affected", "which restore points are damaged?"))
            .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
                invocation, invocation.Parsed.GetValue(place), options, cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, VerifyArguments arguments, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        VerifyOptions options = arguments.Read(invocation.Parsed, TimeProvider.System);
        await using OpenedRepository opened = await RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken);
        if (opened.Index.Index.StartedEmptyBecause is not null)
        {
            await opened.SynchronizeAsync(invocation, cancellationToken);
        }

        if (options.Selection.Point is { } typed)
        {
            string id = (await opened.Repository.FindPointAsync(typed, options.Selection.Machine, cancellationToken)).Id;
            options = options with { Selection = options.Selection with { Point = id } };
        }

        using VerifyJournal? journal = OpenJournal(invocation, opened, options);
        var counters = new RestoreCounters();
        var pipeline = new VerifyPipeline(opened.Chunks, options with { Journal = journal }, counters);
        VerifyResult result;
        try
        {
            result = await ProgressDisplay.RunAsync(invocation, () => Sample(pipeline, counters), () => pipeline.RunAsync(cancellationToken));
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            await opened.Index.CheckpointAsync(invocation.Warn);
            string remembered = journal is null || options.Selection.IsOfPoints ? "." : " and remembered; add --resume to go on from there.";
            throw new OperationCanceledException($"interrupted: {Quantity.Of(pipeline.PacksDone, "pack")} ({SizeText.Of(counters.FetchedBytes)}) {(pipeline.PacksDone == 1 ? "was" : "were")} checked{remembered}", e, cancellationToken);
        }

        await opened.Index.CheckpointAsync(invocation.Warn);
        TimeSpan duration = Stopwatch.GetElapsedTime(started);
        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, VerifyDocument.Of(opened.Repository.Name, result, duration));
        }
        else
        {
            Write(invocation.Terminal.Out, result, duration);
        }

        return result.IsSound ? ExitCodes.Success : result.HasDamage ? ExitCodes.DataDamaged : ExitCodes.RepositoryFailed;
    }

    private static VerifyJournal? OpenJournal(Invocation invocation, OpenedRepository opened, VerifyOptions options)
    {
        string? directory = ChunkIndexOpening.DirectoryOf(StateDirectory.Of(invocation), opened.Repository.Id);
        VerifyJournal? journal = directory is null ? null : VerifyJournal.TryOpen(Path.Combine(directory, "verified"));
        if (journal is null)
        {
            invocation.Warn("Another verification of this repository runs, or there is no place for state: what this one reads is not remembered.");
        }

        if (options.Resume && journal?.HasInterruptedRun != true)
        {
            invocation.Note("There is no interrupted verification to go on with: this one begins anew.");
        }

        return journal;
    }

    private static ProgressSample Sample(VerifyPipeline pipeline, RestoreCounters counters)
    {
        (int done, int total) = pipeline.RestorePoints;
        return total > 0
            ? new ProgressSample(pipeline.Step, done, total, 0, Unit: "restore points")
            : new ProgressSample(pipeline.Step, counters.DoneBytes, counters.TotalBytes, counters.FetchedBytes);
    }

    private static void Write(TextWriter writer, VerifyResult result, TimeSpan duration)
    {
        string all = result.Packs + result.PacksDoneBefore == result.PacksTotal
            ? result.PacksDoneBefore > 0 ? $" (the other {result.PacksDoneBefore} before the interruption)" : ""
            : $" of {result.PacksTotal}";
        string points = result.RestorePoints > 0 ? $", {Quantity.Of(result.RestorePoints, "restore point")} checked" : "";
        string how = result.Level == VerifyLevel.Full ? "read" : "read, stored bytes only";
        writer.WriteLine($"{(result.IsSound ? "Sound" : "NOT SOUND")}: {Quantity.Of(result.Packs, "pack")}{all} ({SizeText.Of(result.CheckedBytes)}) {how}{points} in {SizeText.Of(duration)}.");
        DamageText.WriteAffected(writer, result.Affected);
        WriteChunks(writer, "Damaged chunks, not used again; a backup that meets their content stores it anew", result.DamagedChunks.Where(chunk => chunk.HealedBy is null));
        WriteChunks(writer, "Damaged chunks of which another copy exists, which is used: nothing is lost, but look after the disk", result.DamagedChunks.Where(chunk => chunk.HealedBy is not null && !chunk.WasKnown));
        int settled = result.DamagedChunks.Count(chunk => chunk.IsSettled);
        if (settled > 0)
        {
            writer.WriteLine($"{Quantity.Of(settled, "chunk damaged earlier has been stored anew; its old place goes with its pack", "chunks damaged earlier have been stored anew; their old places go with their packs")}.");
        }

        DamageText.WriteList(writer, "Other damage", result.Faults);
        DamageText.WriteList(writer, "Could not be read, which is not damage: look at the disk or share, then verify again", result.Unreadable);
    }

    private static void WriteChunks(TextWriter writer, string title, IEnumerable<DamagedChunk> chunks) => DamageText.WriteList(
        writer, title, [.. chunks.Select(chunk => $"{chunk.Id.ToString()[..16]} in pack {chunk.Pack} at {chunk.OffsetBytes}: {chunk.Fault}")]);
}
