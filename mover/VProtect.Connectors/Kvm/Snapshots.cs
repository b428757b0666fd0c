using System.Globalization;
using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Snapshots: external and of disks only. Each disk goes on in a new qcow2 overlay, which takes no time and never stops the guest; internal ones would save memory with the guest
/// standing still, and cannot be made of raw disks. libvirt carries dirty bitmaps into the overlays of a running machine and back when a snapshot is removed, so checkpoints
/// live on; where it does not (machine off, revert) ours are dropped and the next backup reads everything.
/// </summary>
internal sealed class Snapshots(KvmPlatform platform, string machineUuid)
{
    private const string Frozen = "VProtect snapshot, file systems frozen";
    private const string NotFrozen = "VProtect snapshot, file systems not frozen";

    internal async Task<MachineSnapshot> CreateAsync(SnapshotCreation creation, CancellationToken cancellationToken)
    {
        (DomainDefinition definition, DomainState state) = await platform.Session.ReadAsync("Opening the machine", api =>
        {
            using DomainHandle domain = Lookup(api);
            return (DomainDefinition.Parse(LibvirtApi.GetXml(domain)), LibvirtApi.GetState(domain));
        }, cancellationToken);
        bool isOff = InventoryReader.ToPower(state) == PowerState.Off;
        if (isOff)
        {
            await DropCheckpointsAsync();
        }

        var warnings = new WarningList();
        bool isPaused = InventoryReader.ToPower(state) == PowerState.Paused;
        // What is off is as good as frozen.
        GuestFreeze freeze = await GuestFreeze.FreezeAsync(
            platform, machineUuid, isPaused, isOff ? QuiesceMode.No : creation.Quiesce, warnings, cancellationToken);
        bool isQuiesced = freeze.IsFrozen || isOff;
        try
        {
            return await platform.Session.ChangeAsync($"Creating a snapshot of '{definition.Name}'", api =>
            {
                using DomainHandle domain = Lookup(api);
                string xml = ToXml(api, definition, creation.Name, isQuiesced ? Frozen : NotFrozen);
                using SnapshotHandle made = LibvirtApi.CreateSnapshot(domain, xml, Libvirt.SnapshotCreateDiskOnly | Libvirt.SnapshotCreateAtomic);
                return new KnownSnapshot(LibvirtApi.GetXml(made)).ToContract();
            }, CancellationToken.None);
        }
        finally
        {
            await freeze.ThawAsync(warnings);
        }
    }

    internal Task<IReadOnlyList<MachineSnapshot>> ListAsync(CancellationToken cancellationToken) =>
        platform.Session.ReadAsync<IReadOnlyList<MachineSnapshot>>("Listing snapshots", api =>
        {
            using DomainHandle domain = Lookup(api);
            return [.. KnownSnapshot.List(domain).Select(snapshot => snapshot.ToContract())];
        }, cancellationToken);

    /// <summary>
    /// Sets the machine back. Snapshots made after the one it goes back to are discarded with the data they hold, since the disks they build upon are. A machine that ran is
    /// started again.
    /// </summary>
    internal async Task RevertAsync(string snapshotId, CancellationToken cancellationToken)
    {
        (KnownSnapshot target, List<KnownSnapshot> newer, bool wasRunning, DomainDefinition definition) = await platform.Session.ReadAsync(
            "Opening the snapshot", api => Look(api, snapshotId), cancellationToken);
        await platform.Session.ChangeAsync("Switching the machine off", api =>
        {
            using DomainHandle domain = Lookup(api);
            if (wasRunning && target.IsExternal)
            {
                LibvirtApi.Destroy(domain);
            }
        }, cancellationToken);
        await DropCheckpointsAsync();
        if (!target.IsExternal)
        {
            await platform.Session.ChangeAsync($"Reverting '{definition.Name}'", api =>
            {
                using DomainHandle domain = Lookup(api);
                using SnapshotHandle snapshot = LibvirtApi.TryLookupSnapshot(domain, snapshotId)!;
                LibvirtApi.Revert(snapshot);
            }, CancellationToken.None);
            return;
        }

        await RevertExternalAsync(target, newer, definition);
        if (wasRunning)
        {
            await platform.Session.ChangeAsync("The machine is reverted; starting it", api =>
            {
                using DomainHandle domain = Lookup(api);
                LibvirtApi.Start(domain);
            }, CancellationToken.None);
        }
    }

    internal Task RemoveAsync(string snapshotId, CancellationToken cancellationToken) => platform.Session.ChangeAsync("Removing a snapshot", api =>
    {
        using DomainHandle domain = Lookup(api);
        using SnapshotHandle? snapshot = LibvirtApi.TryLookupSnapshot(domain, snapshotId);
        if (snapshot is null)
        {
            return;
        }

        if (!snapshotId.StartsWith(TaskMark.Prefix, StringComparison.Ordinal))
        {
            throw Errors.Of(ErrorCode.NotSupported, $"Snapshot '{snapshotId}' is not one of VProtect's.", "Remove it with the tool that made it.");
        }

        // libvirt merges each overlay into the image below it, also while the machine runs, and returns when it is done.
        LibvirtApi.Delete(snapshot, 0);
    }, cancellationToken);

    /// <summary>
    /// libvirt 9.0 does not revert to external snapshots, so it is done here: the overlays that the snapshot began with are made anew, empty, and everything is as it was the moment
    /// after the snapshot was made, for libvirt too.
    /// </summary>
    private async Task RevertExternalAsync(KnownSnapshot target, List<KnownSnapshot> newer, DomainDefinition definition)
    {
        var doomed = new HashSet<string>(newer.SelectMany(snapshot => snapshot.Overlays.Values), StringComparer.Ordinal);
        doomed.ExceptWith(target.Overlays.Values);
        foreach ((string disk, string overlay) in target.Overlays)
        {
            DomainDisk below = target.DiskBelow(disk) ?? throw Errors.Of(
                ErrorCode.PlatformFailed, $"The snapshot does not tell the image of disk {disk}.", "Look at it with 'virsh snapshot-dumpxml'.");
            string temporary = overlay + ".new";
            await platform.Host.MustRunAsync(
                $"Making the image of disk {disk}",
                ["sh", "-c", "qemu-img create -q -f qcow2 -F \"$1\" -b \"$2\" \"$3\" && mv -- \"$3\" \"$4\"", "sh", below.Format, below.Path ?? "", temporary, overlay],
                CancellationToken.None);
        }

        await platform.Session.ChangeAsync($"Reverting '{definition.Name}'", api =>
        {
            using DomainHandle domain = Lookup(api);
            var now = DomainDefinition.Parse(LibvirtApi.GetXml(domain, Libvirt.DomainXmlInactive | Libvirt.DomainXmlSecure));
            foreach ((string target, string overlay) in target.Overlays)
            {
                if (now.Find(target) is { } disk)
                {
                    disk.Element.SetAttributeValue("type", "file");
                    disk.Element.Element("source")?.ReplaceWith(new XElement("source", new XAttribute("file", overlay)));
                    disk.Element.Element("driver")?.SetAttributeValue("type", "qcow2");
                    disk.Element.Elements("backingStore").Remove();
                }
            }

            api.Define(now.Root.ToString()).Dispose();
            foreach (KnownSnapshot snapshot in Enumerable.Reverse(newer))
            {
                using SnapshotHandle? handle = LibvirtApi.TryLookupSnapshot(domain, snapshot.Name);
                if (handle is not null)
                {
                    LibvirtApi.Delete(handle, Libvirt.SnapshotDeleteMetadataOnly);
                }
            }
        }, CancellationToken.None);
        await platform.Host.RemoveAsync([.. doomed], CancellationToken.None);
    }

    private (KnownSnapshot Target, List<KnownSnapshot> Newer, bool WasRunning, DomainDefinition Definition) Look(LibvirtApi api, string snapshotId)
    {
        using DomainHandle domain = Lookup(api);
        var definition = DomainDefinition.Parse(LibvirtApi.GetXml(domain));
        IReadOnlyList<KnownSnapshot> all = KnownSnapshot.List(domain);
        KnownSnapshot target = all.FirstOrDefault(snapshot => snapshot.Name == snapshotId) ?? throw Errors.Of(
            ErrorCode.MachineNotFound, $"'{definition.Name}' has no snapshot '{snapshotId}'.", "Refresh the list of snapshots: it was removed.");
        List<KnownSnapshot> newer = [.. all.Where(snapshot => KnownSnapshot.IsBelow(all, snapshot, target))];
        if (target.IsExternal && newer.FirstOrDefault(snapshot => !snapshot.IsOurs) is { } foreign)
        {
            throw Errors.Of(
                ErrorCode.NotSupported,
                $"Snapshot '{foreign.Name}', which is not VProtect's, was made after '{snapshotId}' and would be lost.",
                "Remove that snapshot with the tool that made it, then revert.");
        }

        bool wasRunning = InventoryReader.ToPower(LibvirtApi.GetState(domain)) != PowerState.Off;
        if (wasRunning && (LibvirtApi.TryGetBackupXml(domain) is not null || LibvirtApi.HasJob(domain)))
        {
            throw Errors.Of(ErrorCode.MachineBusy, $"A backup or another job is at work on '{definition.Name}'.", "Wait until it has ended.", RetryAdvice.Later);
        }

        return (target, newer, wasRunning, definition);
    }

    private DomainHandle Lookup(LibvirtApi api) => api.TryLookupDomain(machineUuid) ?? throw Errors.NoMachine(machineUuid);

    private async Task DropCheckpointsAsync()
    {
        if (await CheckpointRemoval.RemoveAsync(platform, machineUuid, domain => [.. Checkpoints.List(domain).Select(item => item.Name)]) is { } fault)
        {
            throw Errors.Of(ErrorCode.PlatformFailed, $"Records of changes could not be removed from the machine's images: {fault}", "Check the images with 'qemu-img check'.", RetryAdvice.Later);
        }
    }

    private static string ToXml(LibvirtApi api, DomainDefinition definition, string name, string description)
    {
        var disks = new XElement("disks");
        foreach (DomainDisk disk in definition.Disks)
        {
            if (disk.Device is "cdrom" or "floppy")
            {
                disks.Add(new XElement("disk", new XAttribute("name", disk.Target), new XAttribute("snapshot", "no")));
                continue;
            }

            string? path = InventoryReader.FindPath(api, disk);
            if (path is null || path.StartsWith("/dev/", StringComparison.Ordinal))
            {
                throw Errors.Of(
                    ErrorCode.NotSupported,
                    $"Disk {disk.Target} of '{definition.Name}' is no file, so there is no directory for the overlay of a snapshot.",
                    "Take snapshots of such machines with the storage's own means.");
            }

            string overlay = Path.Join(Path.GetDirectoryName(path), string.Create(CultureInfo.InvariantCulture, $"{definition.Name.Replace('/', '_')}-{disk.Target}.{name}.qcow2"));
            disks.Add(new XElement(
                "disk",
                new XAttribute("name", disk.Target),
                new XAttribute("snapshot", "external"),
                new XElement("driver", new XAttribute("type", "qcow2")),
                new XElement("source", new XAttribute("file", overlay))));
        }

        return new XElement("domainsnapshot", new XElement("name", name), new XElement("description", description), disks).ToString();
    }
}
