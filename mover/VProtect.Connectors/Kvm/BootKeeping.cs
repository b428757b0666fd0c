using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Moves a booted machine's disks to pools of its host while it runs: QEMU copies each, writing what the guest writes to both, and when all are equal the machine goes on with the copies. libvirt
/// writes each move into the kept definition at once, so that the machine never starts again with a disk it has left. One that is off runs meanwhile without its processors.
/// </summary>
internal sealed class BootKeeping(KvmPlatform platform, BootedMachine machine, string mountGuid, string? storageId, Action<long, long> progress)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private bool _startedPaused;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (await machine.FindAsync(cancellationToken) is not { } found)
        {
            return;
        }

        if (found.Power == PowerState.Off && found.Now.ProtectedDisks.Any(BootedMachine.IsServed))
        {
            await ChangeAsync("Preparing the machine", domain => LibvirtApi.Start(domain, Libvirt.DomainStartPaused), cancellationToken);
            _startedPaused = true;
        }

        try
        {
            await CopyAsync(cancellationToken);
        }
        catch
        {
            await UndoAsync();
            throw;
        }

        await FinishAsync();
    }

    private async Task CopyAsync(CancellationToken cancellationToken)
    {
        await platform.Session.ChangeAsync("Beginning to copy the disks", Begin, cancellationToken);
        while (true)
        {
            (long done, long total, bool isReady) = await platform.Session.ReadAsync("Looking at the copies", Look, cancellationToken);
            progress(done, total);
            if (isReady)
            {
                break;
            }

            await Task.Delay(Pause, cancellationToken);
        }

        // From here on it goes through: a machine half of whose disks are moved is of use to nobody.
        await ChangeAsync("Moving the machine to the copies", domain =>
        {
            foreach (DomainDisk disk in DomainDefinition.Parse(LibvirtApi.GetXml(domain)).ProtectedDisks.Where(BootedMachine.IsServed))
            {
                LibvirtApi.EndCopy(domain, disk.Target, pivots: true);
            }
        }, CancellationToken.None);
    }

    /// <summary>Begins a copy of each disk that is still served and is not copied yet.</summary>
    private void Begin(LibvirtApi api)
    {
        using DomainHandle domain = api.LookupDomain(mountGuid);
        if (LibvirtApi.IsPausedByFault(domain))
        {
            LibvirtApi.Resume(domain);
        }

        var definition = DomainDefinition.Parse(LibvirtApi.GetXml(domain));
        List<Pool> pools = InventoryReader.ReadPools(api);
        foreach (DomainDisk disk in definition.ProtectedDisks.Where(disk => BootedMachine.IsServed(disk) && disk.Element.Element("mirror") is null))
        {
            long size = LibvirtApi.GetBlockInfo(domain, disk.Target).CapacityBytes;
            Pool pool = Volumes.Choose(pools, storageId, disk, size, DiskAllocation.Sparse);
            string format = pool.HasFiles ? "qcow2" : "raw";
            string name = machine.CopyName(definition.Name, disk.Target, pool, format);

            // What a killed attempt has left; nothing of ours uses it.
            Volumes.Remove(api, pool.Name, name);
            var copy = DiskPlace.Of(pool, format, Volumes.Make(api, pool, name, size, format, DiskAllocation.Sparse));
            var destination = new XElement("disk");
            copy.Put(destination);
            LibvirtApi.BeginCopy(domain, disk.Target, destination.ToString());
        }
    }

    private (long DoneBytes, long TotalBytes, bool IsReady) Look(LibvirtApi api)
    {
        using DomainHandle domain = api.LookupDomain(mountGuid);
        (long done, long total, bool isReady) = (0, 0, true);
        foreach (DomainDisk disk in DomainDefinition.Parse(LibvirtApi.GetXml(domain)).ProtectedDisks.Where(BootedMachine.IsServed))
        {
            if (disk.Element.Element("mirror") is not { } mirror || LibvirtApi.GetCopy(domain, disk.Target) is not { } copy)
            {
                throw Errors.Of(
                    ErrorCode.PlatformFailed, $"The copy of disk {disk.Target} has ended too early.", "Look for the reason in the machine's log in /var/log/libvirt/qemu; is the storage full?",
                    RetryAdvice.Later);
            }

            done += copy.DoneBytes;
            total += copy.TotalBytes;
            isReady &= (string?)mirror.Attribute("ready") == "yes";
        }

        return (done, total, isReady);
    }

    /// <summary>The machine runs on as before; disks that were moved already stay moved.</summary>
    private async Task UndoAsync()
    {
        try
        {
            await platform.Session.ChangeAsync("Giving the copies up", api =>
            {
                using DomainHandle? domain = api.TryLookupDomain(mountGuid);
                if (domain is null)
                {
                    return;
                }

                var definition = DomainDefinition.Parse(LibvirtApi.GetXml(domain));
                foreach (DomainDisk disk in definition.ProtectedDisks.Where(BootedMachine.IsServed))
                {
                    if (disk.Element.Element("mirror") is not null)
                    {
                        LibvirtApi.EndCopy(domain, disk.Target, pivots: false);
                    }
                }

                machine.RemoveCopies(api, definition, onlyUnused: true);
                if (_startedPaused && InventoryReader.ToPower(LibvirtApi.GetState(domain)) != PowerState.Off)
                {
                    LibvirtApi.Destroy(domain);
                }
            }, CancellationToken.None);
        }
        catch (VProtectException)
        {
            // What made it fail is told; the next attempt removes what is left.
        }
    }

    /// <summary>Makes it a machine like any other: as it runs, and with what its disks and cards were before, from its next start on.</summary>
    private async Task FinishAsync()
    {
        if (await machine.FindAsync(CancellationToken.None) is not { } found)
        {
            return;
        }

        XElement root = found.Kept.Root;
        foreach (DomainDisk disk in found.Kept.Disks)
        {
            if (BootedMachine.MarkOfDisk(found.Mark, disk.Target) is { } before && found.Now.Find(disk.Target) is { } now)
            {
                disk.Element.Elements("driver").Remove();
                disk.Element.AddFirst(new XElement(before.Element("driver")!));
                new DiskPlace(now.Kind, now.Format, WithoutState(now.Element.Element("source")!)).Put(disk.Element);
            }
        }

        foreach ((XElement card, XElement before) in found.Kept.Interfaces.ToList().Zip(found.Mark.Elements("card").Select(card => card.Elements().First())))
        {
            var restored = new XElement(before);
            restored.Elements("mac").Remove();
            restored.AddFirst(card.Element("mac"));
            card.ReplaceWith(restored);
        }

        found.Mark.Remove();
        await platform.Session.ChangeAsync("Keeping the machine", api =>
        {
            api.Define(root.ToString()).Dispose();
            foreach (Pool pool in InventoryReader.ReadPools(api).Where(pool => pool.CanRestoreTo))
            {
                using PoolHandle handle = api.LookupPool(pool.Name);
                LibvirtApi.Refresh(handle);
            }

            if (_startedPaused)
            {
                using DomainHandle domain = api.LookupDomain(mountGuid);
                LibvirtApi.Destroy(domain);
            }
        }, CancellationToken.None);
    }

    /// <summary>As a definition has it: what only a running machine tells is left out.</summary>
    private static XElement WithoutState(XElement source)
    {
        var plain = new XElement(source);
        plain.Attribute("index")?.Remove();
        return plain;
    }

    private Task ChangeAsync(string doing, Action<DomainHandle> call, CancellationToken cancellationToken) => platform.Session.ChangeAsync(doing, api =>
    {
        using DomainHandle domain = api.LookupDomain(mountGuid);
        call(domain);
    }, cancellationToken);
}
