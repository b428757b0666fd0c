using System.Text.RegularExpressions;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Finds by their marks what killed tasks left on a host, and removes it: backup jobs, checkpoints nobody can ask for any more, scratch files, sockets, half-made volumes.
/// Jobs first, since QEMU holds their files. What bears no mark of ours is not looked at.
/// </summary>
internal sealed partial class CleanUp(KvmPlatform platform, IReadOnlySet<string> running)
{
    private readonly HashSet<string> _runningMarks = [.. running.Select(TaskMark.Of)];
    private readonly List<string> _done = [];

    /// <returns>A sentence for each thing removed, or that could not be.</returns>
    internal async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        (List<string> uuids, HashSet<string> directories, HashSet<string> used, List<RbdImage> images) = await platform.Session.ReadAsync("Cleaning up", Look, cancellationToken);
        foreach (string uuid in uuids)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await EndJobAsync(uuid);
            await RemoveCheckpointsAsync(uuid);
        }

        foreach (string directory in directories)
        {
            await RemoveFilesAsync(directory, used, cancellationToken);
        }

        foreach (RbdImage image in images)
        {
            await RemoveClusterSnapshotsAsync(image, cancellationToken);
        }

        await platform.Session.ChangeAsync("Removing half-made volumes", api => RemoveVolumes(api, used), cancellationToken);
        return _done;
    }

    /// <summary>Machines; directories where files of ours may lie; images that machines use; those in Ceph clusters.</summary>
    private (List<string> Uuids, HashSet<string> Directories, HashSet<string> Used, List<RbdImage> Images) Look(LibvirtApi api)
    {
        var uuids = new List<string>();
        HashSet<string> directories = [platform.Options.SocketDirectory];
        HashSet<string> used = [];
        var images = new List<RbdImage>();
        if (platform.Options.ScratchDirectory is { } scratch)
        {
            directories.Add(scratch);
        }

        foreach (DomainHandle handle in api.ListDomains())
        {
            using (handle)
            {
                DomainDefinition definition = DomainDefinition.Parse(LibvirtApi.GetXml(handle));
                uuids.Add(definition.Uuid);
                foreach (DomainDisk disk in definition.Disks)
                {
                    string? path = InventoryReader.FindPath(api, disk);
                    directories.Add(Scratch.DirectoryOf(platform.Options, path));
                    used.Add(path ?? "");
                    if (RbdImage.TryRead(disk) is { } image)
                    {
                        images.Add(image);
                    }
                }
            }
        }

        directories.UnionWith(InventoryReader.ReadPools(api).Where(pool => pool.HasFiles).Select(pool => pool.Path).OfType<string>());
        return (uuids, directories, used, images);
    }

    private async Task EndJobAsync(string uuid)
    {
        try
        {
            string? dead = await platform.Session.ChangeAsync("Ending a backup job", api =>
            {
                using DomainHandle? domain = api.TryLookupDomain(uuid);
                if (domain is null || InventoryReader.ToPower(LibvirtApi.GetState(domain)) == PowerState.Off
                    || LibvirtApi.TryGetBackupXml(domain) is not { } job || FindDeadMark(job) is not { } mark || !BackupJobs.End(domain, mark))
                {
                    return null;
                }

                return mark;
            }, CancellationToken.None);
            if (dead is not null)
            {
                await BackupJobs.WaitForEndAsync(platform.Session, uuid, dead);
                Add($"Ended the backup job of {dead} on machine {uuid}.");
            }
        }
        catch (VProtectException exception)
        {
            Add($"A backup job on machine {uuid} could not be ended: {exception.Message}");
        }
    }

    private async Task RemoveCheckpointsAsync(string uuid)
    {
        try
        {
            var removed = new List<string>();
            string? fault = await CheckpointRemoval.RemoveAsync(platform, uuid, domain =>
            {
                IReadOnlyList<CheckpointName> dead = Checkpoints.FindDead(Checkpoints.List(domain), _runningMarks);
                removed.AddRange(dead.Select(name => $"Removed checkpoint {name} of machine {uuid}."));
                return dead;
            });
            _done.AddRange(removed);
            Add(fault is null ? null : $"Bitmaps of machine {uuid} could not be removed: {fault}");
        }
        catch (VProtectException exception)
        {
            Add($"Checkpoints of machine {uuid} could not be removed: {exception.Message}");
        }
    }

    private async Task RemoveClusterSnapshotsAsync(RbdImage image, CancellationToken cancellationToken)
    {
        if (!platform.Host.HasCommands)
        {
            return;
        }

        RbdTool tool = await RbdTool.OpenAsync(platform, image, cancellationToken);
        _done.AddRange(await RbdRecords.CleanUpAsync(tool, name => FindDeadMark(name) is not null));
    }

    private async Task RemoveFilesAsync(string directory, HashSet<string> used, CancellationToken cancellationToken)
    {
        foreach (string name in await platform.Host.ListMarkedAsync(directory, cancellationToken))
        {
            string path = Path.Join(directory, name);
            if (FindDeadMark(name) is not null && !used.Contains(path))
            {
                string? fault = await platform.Host.RemoveAsync([path], CancellationToken.None);
                Add(fault is null ? $"Removed '{path}'." : $"'{path}' could not be removed: {fault}");
            }
        }
    }

    /// <summary>Volumes of pools that are no directories.</summary>
    private void RemoveVolumes(LibvirtApi api, HashSet<string> used)
    {
        foreach (Pool pool in InventoryReader.ReadPools(api).Where(pool => pool.Kind == "logical"))
        {
            using PoolHandle handle = api.LookupPool(pool.Name);
            foreach (VolumeHandle volume in LibvirtApi.ListVolumes(handle))
            {
                using (volume)
                {
                    string name = LibvirtApi.GetName(volume);
                    if (name.StartsWith(TaskMark.Prefix, StringComparison.Ordinal) && FindDeadMark(name) is not null && !used.Contains(LibvirtApi.GetPath(volume)))
                    {
                        LibvirtApi.Delete(volume);
                        Add($"Removed volume {name} of pool {pool.Name}.");
                    }
                }
            }
        }
    }

    /// <summary>The first mark in a text, unless its task is running.</summary>
    private string? FindDeadMark(string text)
    {
        Match match = Marks().Match(text);
        return match.Success && !_runningMarks.Contains(match.Value) ? match.Value : null;
    }

    private void Add(string? sentence)
    {
        if (sentence is not null)
        {
            _done.Add(sentence);
        }
    }

    [GeneratedRegex($"{TaskMark.Prefix}[0-9a-f]{{32}}")]
    private static partial Regex Marks();
}
