using System.CommandLine;
using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Mover;
using VProtect.Mover.Deliver.BlockTarget;
using VProtect.Mover.Qemu;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect restore</c></summary>
internal static class RestoreVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string> id = RestorePoints.NewArgument("ID");
        Option<string?> repo = CommonOptions.NewRepo();
        var target = new Option<string>("--to", "-t") { Description = "Where to: a file (its ending picks the format: .qcow2 .vmdk .vhdx .vhd .vdi, else raw), a block device, an NBD URI, or - for standard output.", HelpName = "TARGET", Required = true };
        var disk = new Option<string?>("--disk", "-d") { Description = "Which disk, when the restore point has several.", HelpName = "NAME" };
        Option<string?> machine = RestorePoints.NewMachineOption();
        var differential = new Option<bool>("--differential") { Description = "Write onto the disk that is there, and only what differs." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace a file that exists, when the new one is complete." };
        Option<ImageFormat?> format = Formats.NewOption("Format of the TARGET file. Default: by its ending.");
        return new Verb(
            "restore",
            "Restores one disk of a restore point, every byte checked before it is written. A file appears under its name only when it is complete and durable.")
        {
            id, repo, target, disk, machine, differential, overwrite, format,
        }
        .WithExamples(
            ("vprotect restore latest --machine web1 --repo /backup/repo --to web1.qcow2", "the latest, as a qcow2 image"),
            ("vprotect restore 1279aad5 --repo /backup/repo --to /dev/vg0/web1 --differential", "back to that day, writing only what differs"),
            ("vprotect restore latest --machine web1 --repo /backup/repo --to - | ssh host 'dd of=/dev/sdb bs=1M'", "as a stream"))
        .Doing(common, terminal, (invocation, cancellationToken) =>
        {
            ParseResult parsed = invocation.Parsed;
            return RunAsync(
                invocation, parsed.GetValue(repo), parsed.GetRequiredValue(id), parsed.GetValue(machine), parsed.GetValue(disk),
                parsed.GetRequiredValue(target), parsed.GetValue(differential), parsed.GetValue(overwrite), parsed.GetValue(format), cancellationToken);
        });
    }

    private static async Task<int> RunAsync(
        Invocation invocation, string? place, string id, string? machine, string? diskName, string targetName, bool differential, bool overwrite,
        ImageFormat? format, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        await using OpenedRepository opened = await RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken);
        RestorePoint point = await opened.Repository.FindPointAsync(id, machine, cancellationToken);
        RestorePointDisk disk = point.GetDisk(diskName);
        var options = new TargetOptions { SizeBytes = disk.SizeBytes, Differential = differential, Overwrite = overwrite, Format = format };
        await using IBlockTarget target = await BlockTargetFactory.OpenAsync(targetName, options, cancellationToken);
        await opened.SynchronizeAsync(invocation, cancellationToken);

        var counters = new RestoreCounters();
        var pipeline = new RestorePipeline(opened.Chunks, new RestoreOptions(), counters);
        await ProgressDisplay.RunAsync(
            invocation,
            () => new ProgressSample("restoring", counters.DoneBytes, counters.TotalBytes, counters.PlainBytes + counters.EqualBytes, $"read from packs {SizeText.Of(counters.FetchedBytes)}"),
            async () =>
            {
                await pipeline.RunAsync(disk, target, differential, cancellationToken);
                await target.CompleteAsync(cancellationToken);
                return true;
            });
        TimeSpan duration = Stopwatch.GetElapsedTime(started);

        // Standard output belongs to the data when it is the target.
        TextWriter writer = targetName == "-" ? invocation.Terminal.Error : invocation.Terminal.Out;
        if (invocation.IsJson)
        {
            JsonOutput.Write(
                writer,
                new RestoreDocument(
                    point.Id, point.Machine, disk.Name, target.Name, differential, disk.SizeBytes, counters.PlainBytes, counters.EqualBytes,
                    counters.FetchedBytes, (long)duration.TotalMilliseconds));
        }
        else if (targetName != "-" || !invocation.IsQuiet)
        {
            List<(string Name, string Value)> pairs =
            [
                ("  of", $"{point.Machine}, number {point.Sequence}, made {SizeText.Of(point.CreatedAt)}"),
                ("  size", SizeText.Of(disk.SizeBytes)),
                ("  written", SizeText.Of(counters.PlainBytes)),
            ];
            if (differential)
            {
                pairs.Add(("  there already", SizeText.Of(counters.EqualBytes)));
            }

            pairs.Add(("  read", $"{SizeText.Of(counters.FetchedBytes)} from packs"));
            pairs.Add(("  took", $"{SizeText.Of(duration)} ({SizeText.Rate(counters.PlainBytes + counters.EqualBytes, duration)})"));
            writer.WriteLine($"Restored {disk.Name} to {target.Name}");
            Listing.Write(writer, pairs);
            if (invocation.IsVerbose)
            {
                StageText.Write(writer, counters.Clock, duration);
            }
        }

        return ExitCodes.Success;
    }
}
