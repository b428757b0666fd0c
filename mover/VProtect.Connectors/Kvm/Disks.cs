using VProtect.Abstractions;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>Which disks can be read.</summary>
internal static class Disks
{
    /// <summary>Why a disk cannot be backed up, or null.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">Its image on the host, or null.</param>
    /// <param name="isOff">Whether its machine is off: then there is no QEMU that reads network storage for us.</param>
    internal static string? FindObstacle(DomainDisk disk, string? path, bool isOff) => (disk.Device, disk.Kind) switch
    {
        ("lun", _) => "it is a SCSI device passed through to the guest, which QEMU cannot read at one instant",
        (_, "network") => isOff && RbdImage.TryRead(disk) is null ? $"it lies on network storage ({disk.NetworkName}), which is read through QEMU: only while the machine runs" : null,
        (_, "file" or "block" or "volume") => path is null ? "it has no image" : null,
        _ => $"disks of the kind '{disk.Kind}' are not supported",
    };

    /// <summary>The disks of a machine that are to be backed up, in its order.</summary>
    /// <exception cref="VProtectException">One cannot be, and is not excluded: a restore point that silently lacks a disk is none.</exception>
    internal static IReadOnlyList<PlannedDisk> Choose(
        LibvirtApi api, DomainHandle domain, DomainDefinition definition, IReadOnlySet<string> excluded, bool isOff, WarningList warnings)
    {
        var chosen = new List<PlannedDisk>();
        foreach (DomainDisk disk in definition.ProtectedDisks)
        {
            if (excluded.Contains(disk.Target))
            {
                warnings.Add($"Disk {disk.Target} is left out, as configured.");
                continue;
            }

            string? path = InventoryReader.FindPath(api, disk);
            if (FindObstacle(disk, path, isOff) is { } obstacle)
            {
                throw Errors.Of(
                    ErrorCode.NotSupported,
                    $"Disk {disk.Target} of '{definition.Name}' cannot be backed up: {obstacle}.",
                    isOff ? "Exclude the disk, or back the machine up while it runs." : "Exclude the disk from the backup.");
            }

            // libvirt does not look into a cluster for a machine that is off; RbdRecords does.
            (long capacity, long allocated) = isOff && disk.Kind == "network" ? default : LibvirtApi.GetBlockInfo(domain, disk.Target);
            chosen.Add(new PlannedDisk(disk, path, capacity, allocated));
        }

        return chosen.Count > 0
            ? chosen
            : throw Errors.Of(
                ErrorCode.NotSupported, $"'{definition.Name}' has no disk to back up.", "Give the machine a disk, or take its exclusions back.");
    }

    /// <summary>Images of a machine that can hold bitmaps.</summary>
    internal static IEnumerable<string> ListImages(LibvirtApi api, DomainHandle domain) =>
        DomainDefinition.Parse(LibvirtApi.GetXml(domain)).ProtectedDisks
            .Where(disk => disk.CanRecordChanges)
            .Select(disk => InventoryReader.FindPath(api, disk))
            .OfType<string>();
}
