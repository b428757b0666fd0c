using System.CommandLine;
using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Mover.Upkeep;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo check</c>: metadata only.</summary>
internal static class RepoCheckVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        return new Verb(
            "check",
            "Checks quickly, without reading data, that every restore point is whole as far as its manifest and the packs' tables of contents tell, and names what lies about. 'vprotect repo verify' also reads the data. Ends with 7 when anything is damaged or missing.")
        {
            place,
        }
        .WithExamples(
            ("vprotect repo check /backup/repo", "a quick check, after each night's backups for instance"),
            ("vprotect repo check /backup/repo --json | jq .leftovers", "what lies about there?"))
        .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(invocation, invocation.Parsed.GetValue(place), cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        await using OpenedRepository opened = await RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken);
        if (opened.Index.Index.StartedEmptyBecause is not null)
        {
            await opened.SynchronizeAsync(invocation, cancellationToken);
        }

        var defaults = new VerifyOptions();
        var pipeline = new CheckPipeline(opened.Chunks, defaults.Workers, defaults.SoundNodesMax);
        CheckResult result = await ProgressDisplay.RunAsync(invocation, () => Sample(pipeline), () => pipeline.RunAsync(cancellationToken));
        await opened.Index.CheckpointAsync(invocation.Warn);
        TimeSpan duration = Stopwatch.GetElapsedTime(started);
        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, CheckDocument.Of(opened.Repository.Name, result, duration));
        }
        else
        {
            Write(invocation.Terminal.Out, result, duration);
        }

        return result.IsSound ? ExitCodes.Success : result.HasDamage ? ExitCodes.DataDamaged : ExitCodes.RepositoryFailed;
    }

    private static ProgressSample Sample(CheckPipeline pipeline)
    {
        (int done, int total) = pipeline.RestorePoints;
        return total > 0
            ? new ProgressSample(pipeline.Step, done, total, 0, Unit: "restore points")
            : new ProgressSample(pipeline.Step, pipeline.Packs, 0, 0, Unit: "packs");
    }

    private static void Write(TextWriter writer, CheckResult result, TimeSpan duration)
    {
        writer.WriteLine(
            $"{(result.IsSound ? "Sound as far as metadata tells" : "NOT SOUND")}: {Quantity.Of(result.RestorePoints, "restore point")}, {Quantity.Of(result.Packs, "pack")} ({SizeText.Of(result.PackBytes)}), checked in {SizeText.Of(duration)}.");
        DamageText.WriteAffected(writer, result.Affected);
        DamageText.WriteList(writer, "Damaged or missing", result.Faults);
        DamageText.WriteList(writer, "Could not be read, which is not damage: look at the disk or share, then check again", result.Unreadable);
        DamageText.WriteList(writer, "Lies about, which is no damage", [.. result.Leftovers.Select(leftover => $"{leftover.Key}: {leftover.Advice}")]);
    }
}
