using System.Globalization;
using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>A disk that is to be backed up, and what its changes can be told from.</summary>
/// <param name="Disk">The disk.</param>
/// <param name="Path">Its image on the host, or null.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="AllocatedBytes">What it takes of its storage.</param>
internal sealed record PlannedDisk(DomainDisk Disk, string? Path, long SizeBytes, long AllocatedBytes)
{
    /// <summary>The parent's token, when its checkpoint can tell the changes; else null.</summary>
    internal CheckpointToken? Since { get; init; }

    /// <summary>The token as it was kept: compared by the mover.</summary>
    internal string? SinceText { get; init; }

    /// <summary>Why everything is read although there is a parent; null when it is not so.</summary>
    internal string? Reason { get; init; }

    internal PlannedDisk ReadWhole(string reason) => this with { Since = null, SinceText = null, Reason = reason };
}

/// <summary>
/// Which disks' changes a checkpoint tells. The restore point to build upon keeps a token that names one; it must still be there, cover the disk and
/// have its size. In any doubt the disk is read whole, with the reason; nothing here fails for want of a checkpoint.
/// </summary>
internal static class ChangedBlocks
{
    /// <summary>Looks at the parents of the disks of a machine.</summary>
    internal static IReadOnlyList<PlannedDisk> Plan(
        DomainHandle domain, IReadOnlyList<PlannedDisk> disks, IReadOnlyDictionary<string, ParentDisk> parents)
    {
        List<PlannedDisk> planned = [.. disks.Select(disk => parents.TryGetValue(disk.Disk.Target, out ParentDisk? parent) ? Plan(disk, parent) : disk)];
        foreach (IGrouping<string, PlannedDisk> group in planned.Where(disk => disk.Since is not null).GroupBy(disk => disk.Since!.Checkpoint).ToList())
        {
            string? lost = FindOrRedefine(domain, group.Key, [.. group], out IReadOnlySet<string> covered);
            for (int i = 0; i < planned.Count; i++)
            {
                if (planned[i].Since?.Checkpoint == group.Key && (lost is not null || !covered.Contains(planned[i].Disk.Target)))
                {
                    planned[i] = planned[i].ReadWhole(lost ?? $"checkpoint {group.Key} does not cover the disk");
                }
            }
        }

        return planned;
    }

    /// <summary>Looks at the parent of one disk, and not yet whether its checkpoint is there.</summary>
    internal static PlannedDisk Plan(PlannedDisk disk, ParentDisk parent)
    {
        if (RbdImage.TryRead(disk.Disk) is not null)
        {
            // Its record is a snapshot in the cluster: RbdRecords.
            return disk;
        }

        if (!disk.Disk.CanRecordChanges)
        {
            return disk.ReadWhole($"images of the format '{disk.Disk.Format}' keep no record of changes");
        }

        if (parent.Token is null)
        {
            return disk.ReadWhole($"no record of changes began with restore point {parent.RestorePoint}");
        }

        if (CheckpointToken.TryRead(parent.Token) is not { } token)
        {
            return disk.ReadWhole($"the changed-block token of restore point {parent.RestorePoint} is not one of a KVM checkpoint");
        }

        return token.SizeBytes != disk.SizeBytes || parent.SizeBytes != disk.SizeBytes
            ? disk.ReadWhole(string.Create(
                CultureInfo.InvariantCulture, $"the disk has {disk.SizeBytes} bytes and had {parent.SizeBytes} in restore point {parent.RestorePoint}"))
            : disk with { Since = token, SinceText = parent.Token };
    }

    /// <summary>
    /// Finds a checkpoint. libvirt forgets them when a machine is moved or defined anew, while the images keep the bitmaps: then it is told of it again, and looks
    /// itself whether the bitmaps are there and whole.
    /// </summary>
    /// <returns>Why it cannot be had, or null.</returns>
    private static string? FindOrRedefine(
        DomainHandle domain, string name, IReadOnlyList<PlannedDisk> disks, out IReadOnlySet<string> covered)
    {
        using CheckpointHandle? found = LibvirtApi.TryLookupCheckpoint(domain, name);
        if (found is not null)
        {
            covered = XElement.Parse(LibvirtApi.GetXml(found)).Descendants("disk")
                .Where(disk => (string?)disk.Attribute("checkpoint") == "bitmap")
                .Select(disk => (string?)disk.Attribute("name") ?? "")
                .ToHashSet(StringComparer.Ordinal);
            return null;
        }

        covered = disks.Select(disk => disk.Disk.Target).ToHashSet(StringComparer.Ordinal);
        try
        {
            LibvirtApi.RedefineCheckpoint(domain, Checkpoints.ToRedefinitionXml(name, disks[0].Since!.CreatedAt, covered, LibvirtApi.GetXml(domain)));
            return null;
        }
        catch (LibvirtException exception)
        {
            return $"checkpoint {name} is gone ({exception.Message})";
        }
    }
}
