using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover;
using VProtect.Mover.Deliver.BlockTarget;
using VProtect.Mover.Documents;
using VProtect.Mover.Qemu;
using VProtect.Mover.Store;
using VProtect.Node.Channel;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>
/// Restores disks to files of a directory on the node, a file for each disk. A file appears under its name when it is complete and durable; no
/// file that is there is touched; when one disk fails, those finished before go too.
/// </summary>
internal static class RestoreFiles
{
    private static readonly Dictionary<string, (ImageFormat Format, string Ending)> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        ["raw"] = (ImageFormat.Raw, ".raw"),
        ["qcow2"] = (ImageFormat.Qcow2, ".qcow2"),
        ["vmdk"] = (ImageFormat.Vmdk, ".vmdk"),
        ["vhdx"] = (ImageFormat.Vhdx, ".vhdx"),
        ["vhd"] = (ImageFormat.Vhd, ".vhd"),
    };

    public static Task<RestoreResult> RunAsync(RestoreFilesWork work, WorkContext context, CancellationToken cancellationToken)
    {
        if (!Formats.TryGetValue(work.Format, out (ImageFormat Format, string Ending) format))
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"There is no format '{work.Format}'.", $"Choose one of {string.Join(", ", Formats.Keys)}.");
        }

        return context.UseAsync(
            work.Repository, shared => RunAsync(work, format.Format, format.Ending, shared, context, cancellationToken), cancellationToken);
    }

    private static async Task<RestoreResult> RunAsync(
        RestoreFilesWork work, ImageFormat format, string ending, SharedRepository shared, WorkContext context, CancellationToken cancellationToken)
    {
        RestorePoint point = await WantedDisks.FindPointAsync(shared, work.PointId, context, cancellationToken);
        List<RestorePointDisk> disks = WantedDisks.Of(point, work.Disks);
        if (work.Disks.Count == 0 && point.DocumentDisk is { } documents)
        {
            disks.Add(documents);
        }

        using RestoreDirectory directory = RestoreDirectory.Open(work.Directory, [context.Options.StatePath, .. context.Options.ProtectedPaths], context.RestorePaths);
        List<(RestorePointDisk Disk, string File)> files = Name(disks, ending, directory);
        await context.SynchronizeAsync(shared, cancellationToken);

        var counters = new RestoreCounters();
        long totalBytes = disks.Sum(disk => disk.SizeBytes);
        var pipeline = new RestorePipeline(shared.Chunks, new RestoreOptions(), counters);
        foreach ((RestorePointDisk disk, string file) in files)
        {
            string stage = files.Count == 1 ? "restoring" : $"restoring {disk.Name}";
            context.Journal.Follow(() => (stage, new Amounts(counters.DoneBytes, totalBytes, counters.PlainBytes)));
            var options = new TargetOptions
            {
                SizeBytes = disk.SizeBytes,
                Format = disk.IsReserved ? ImageFormat.Raw : format,
                Preallocate = !work.IsSparse && !disk.IsReserved,
            };
            await using IBlockTarget target = await BlockTargetFactory.OpenAsync(file, options, cancellationToken);
            await pipeline.RunAsync(disk, target, differential: false, cancellationToken);
            await target.CompleteAsync(cancellationToken);
            directory.Finish(file);
        }

        directory.Complete();
        return new RestoreResult(MachineUuid: null, directory.Files, counters.PlainBytes, Warnings: []);
    }

    /// <summary>All names are settled before the first byte is written.</summary>
    private static List<(RestorePointDisk Disk, string File)> Name(IEnumerable<RestorePointDisk> disks, string ending, RestoreDirectory directory)
    {
        var files = new List<(RestorePointDisk Disk, string File)>();
        foreach (RestorePointDisk disk in disks)
        {
            bool isDocuments = disk.Name == DocumentArchive.DiskName;
            string name = isDocuments ? "documents" : disk.Name;
            string file = directory.NewFile(name, isDocuments ? ".tar" : ending);

            // Two names may be the same once they are safe.
            for (int number = 2; files.Any(other => other.File == file); number++)
            {
                file = directory.NewFile($"{SafeName.Of(name)}-{number}", ending);
            }

            files.Add((disk, file));
        }

        return files;
    }
}
