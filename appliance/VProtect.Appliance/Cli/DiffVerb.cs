using System.CommandLine;
using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect diff</c></summary>
internal static class DiffVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string> older = RestorePoints.NewArgument("A");
        Argument<string> newer = RestorePoints.NewArgument("B");
        Option<string?> repo = CommonOptions.NewRepo();
        var disk = new Option<string?>("--disk", "-d") { Description = "Which disk, when the restore points have several.", HelpName = "NAME" };
        return new Verb(
            "diff",
            "Lists the extents of restore point B that differ from A: offset and length in bytes, and whether B has data or zeros there. Told from manifests alone, so it is quick on disks of any size.")
        {
            older, newer, repo, disk,
        }
        .WithExamples(
            ("vprotect diff 1279aad5 fce6e2bb --repo /backup/repo", "what changed between two restore points?"),
            ("vprotect diff 1279aad5 latest --disk disk0 --repo /backup/repo --json", "the same for a script"))
        .Doing(common, terminal, (invocation, cancellationToken) =>
        {
            ParseResult parsed = invocation.Parsed;
            return RunAsync(
                invocation, parsed.GetValue(repo), parsed.GetRequiredValue(older), parsed.GetRequiredValue(newer), parsed.GetValue(disk),
                cancellationToken);
        });
    }

    private static async Task<int> RunAsync(
        Invocation invocation, string? place, string olderId, string newerId, string? diskName, CancellationToken cancellationToken)
    {
        await using OpenedRepository opened = await RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken);
        RestorePoint older = await opened.Repository.FindPointAsync(olderId, machine: null, cancellationToken);
        RestorePoint newer = await opened.Repository.FindPointAsync(newerId, machine: null, cancellationToken);
        RestorePointDisk olderDisk = older.GetDisk(diskName);
        RestorePointDisk newerDisk = newer.GetDisk(diskName);
        await opened.SynchronizeAsync(invocation, cancellationToken);

        var extents = new List<ExtentDocument>();
        long dataBytes = 0;
        long zeroBytes = 0;
        await foreach (Extent extent in DiskDiff.GetExtentsAsync(opened.Chunks, olderDisk, newerDisk, cancellationToken))
        {
            bool isZero = extent.Kind == ExtentKind.Zero;
            (isZero ? ref zeroBytes : ref dataBytes) += extent.LengthBytes;
            var line = new ExtentDocument(extent.OffsetBytes, extent.LengthBytes, isZero ? "zero" : "data");
            if (invocation.IsJson)
            {
                extents.Add(line);
            }
            else
            {
                invocation.Terminal.Out.WriteLine($"{line.OffsetBytes,16} {line.LengthBytes,14}  {line.Kind}");
            }
        }

        if (invocation.IsJson)
        {
            JsonOutput.Write(
                invocation.Terminal,
                new DiffDocument(older.Id, newer.Id, newerDisk.Name, olderDisk.SizeBytes, newerDisk.SizeBytes, dataBytes, zeroBytes, extents));
        }
        else
        {
            invocation.Note($"{SizeText.Of(dataBytes)} of data and {SizeText.Of(zeroBytes)} of zeros differ on {newerDisk.Name} of {SizeText.Of(newerDisk.SizeBytes)}.");
        }

        return ExitCodes.Success;
    }
}
