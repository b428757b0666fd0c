using System.CommandLine;
using System.Diagnostics;
using VProtect.Mover;
using VProtect.Mover.Upkeep;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo verify</c>, which reads everything, and <c>vprotect repo check</c>, which reads manifests only.</summary>
internal static class RepoVerifyVerb
{
    /// <summary>Lines of one kind that a person is shown; --json has them all.</summary>
    private const int ShownMax = 20;

    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        var point = new Option<string?>("--point") { Description = "Name damage of this restore point only. All data is read all the same.", HelpName = "ID" };
        return new Verb(
            "verify",
            "Reads and checks every stored byte, and that every restore point has all it needs. What is damaged is named, is never used again, and is stored anew when a backup next sees it. Ends with 7 when anything is damaged.")
        {
            place, point,
        }
        .WithExamples(
            ("vprotect repo verify /backup/repo", "read and check everything"),
            ("vprotect repo verify /backup/repo --json | jq .affected", "which restore points are damaged?"))
        .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
            invocation, invocation.Parsed.GetValue(place), invocation.Parsed.GetValue(point), readData: true, cancellationToken));
    }

    public static Verb NewCheck(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        return new Verb(
            "check",
            "Checks quickly, without reading data, that every restore point's manifest is sound and all it refers to is there. 'vprotect repo verify' also reads the data.")
        {
            place,
        }
        .WithExamples(("vprotect repo check /backup/repo", "a quick check, after each night's backups for instance"))
        .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
            invocation, invocation.Parsed.GetValue(place), pointId: null, readData: false, cancellationToken));
    }

    private static async Task<int> RunAsync(
        Invocation invocation, string? place, string? pointId, bool readData, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        await using OpenedRepository opened = await RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken);
        if (opened.Index.Index.StartedEmptyBecause is not null)
        {
            await opened.SynchronizeAsync(invocation, cancellationToken);
        }

        string? point = pointId is null ? null : (await opened.Repository.FindPointAsync(pointId, machine: null, cancellationToken)).Id;
        var counters = new RestoreCounters();
        var pipeline = new VerifyPipeline(opened.Chunks, new VerifyOptions { ReadData = readData, Point = point }, counters);
        VerifyResult result = await ProgressDisplay.RunAsync(
            invocation,
            () => new ProgressSample(readData ? "verifying" : "checking", counters.DoneBytes, counters.TotalBytes, counters.FetchedBytes),
            () => pipeline.RunAsync(cancellationToken));
        await opened.Index.CheckpointAsync(invocation);
        TimeSpan duration = Stopwatch.GetElapsedTime(started);
        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, VerifyDocument.Of(opened.Repository.Name, result, duration));
        }
        else
        {
            Write(invocation.Terminal.Out, result, readData, duration);
        }

        return result.IsSound ? ExitCodes.Success
            : result.DamagedChunks.Count + result.Faults.Count + result.Affected.Count > 0 ? ExitCodes.DataDamaged
            : ExitCodes.RepositoryFailed;
    }

    private static void Write(TextWriter writer, VerifyResult result, bool readData, TimeSpan duration)
    {
        string read = readData ? $"{result.Packs} packs ({SizeText.Of(result.CheckedBytes)}) read, " : "";
        writer.WriteLine($"{(result.IsSound ? "Sound" : "NOT SOUND")}: {read}{result.RestorePoints} restore points checked in {SizeText.Of(duration)}.");
        WriteList(
            writer, "Restore points that cannot be restored whole",
            [.. result.Affected.Select(point => $"{point.Id[..8]}  {point.Machine}, number {point.Sequence}, {SizeText.Of(point.CreatedAt)}, disk {point.Disk}")]);
        WriteList(
            writer, "Damaged chunks, not used again; a backup that meets their content stores it anew",
            [.. result.DamagedChunks.Select(chunk => $"{chunk.Id.ToString()[..16]} in pack {chunk.Pack} at {chunk.OffsetBytes}: {chunk.Fault}")]);
        WriteList(writer, "Other damage", result.Faults);
        WriteList(writer, "Could not be read, which is not damage: look at the disk or share, then verify again", result.Unreadable);
    }

    private static void WriteList(TextWriter writer, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        writer.WriteLine($"{title} ({lines.Count}):");
        foreach (string line in lines.Take(ShownMax))
        {
            writer.WriteLine("  " + line);
        }

        if (lines.Count > ShownMax)
        {
            writer.WriteLine($"  … and {lines.Count - ShownMax} more; --json shows all");
        }
    }
}
