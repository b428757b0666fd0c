using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// A machine that runs on disks which a node serves over NBD. Its uuid is the mount's, so that it is found again. Every write is durable on the node before the guest hears of
/// it (<c>writethrough</c>), and while the node is away the guest stands still instead of seeing errors (<c>error_policy</c>): QEMU connects again by itself, disk by disk with the
/// first request that fails, and repeats that when the machine is resumed. An element in its metadata tells that it is ours and what its disks and network cards are when it is kept; without it, it is a machine like any other.
/// </summary>
internal sealed class BootedMachine(KvmPlatform platform, string mountGuid)
{
    internal static readonly XName MetadataName = XName.Get("boot", OverwritingRestore.MetadataUri);

    private static readonly TimeSpan ShutdownTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether a machine is such a one, which is shown with its mount and not in the inventory. One that was kept runs with the mark until its next start.</summary>
    internal static bool IsListedWithItsMount(DomainHandle domain, DomainDefinition now) =>
        MarkOf(now.Root) is not null && MarkOf(DomainDefinition.Parse(LibvirtApi.GetXml(domain, Libvirt.DomainXmlInactive)).Root) is not null;

    /// <inheritdoc cref="IMachineBoot.BootAsync"/>
    internal async Task<IReadOnlyList<string>> BootAsync(BootOpening opening, CancellationToken cancellationToken)
    {
        string name = opening.Name;
        (bool isThere, Dictionary<string, string> networks) = await platform.Session.ReadAsync(
            "Looking for the machine", api => (IsThere(api, name), InventoryReader.ReadNetworkNames(api)), cancellationToken);
        var warnings = new WarningList();
        if (!isThere)
        {
            await DefineAsync(opening, networks, warnings, cancellationToken);
        }

        await platform.Session.ChangeAsync($"Starting '{name}'", api =>
        {
            using DomainHandle domain = api.LookupDomain(mountGuid);
            if (InventoryReader.ToPower(LibvirtApi.GetState(domain)) == PowerState.Off && (opening.StartsIfOff || !isThere))
            {
                try
                {
                    LibvirtApi.Start(domain);
                }
                catch (LibvirtException) when (!isThere)
                {
                    LibvirtApi.Undefine(domain, Libvirt.UndefineNvram);
                    throw;
                }
            }
        }, cancellationToken);
        return warnings.Items;
    }

    /// <inheritdoc cref="IMachineBoot.AttendAsync"/>
    internal Task<bool> AttendAsync(CancellationToken cancellationToken) => platform.Session.ChangeAsync("Looking after the machine", api =>
    {
        using DomainHandle? domain = api.TryLookupDomain(mountGuid);
        if (domain is null || !LibvirtApi.IsPausedByFault(domain))
        {
            return false;
        }

        LibvirtApi.Resume(domain);
        return true;
    }, cancellationToken);

    /// <inheritdoc cref="IMachineBoot.RemoveAsync"/>
    internal async Task<IReadOnlyList<string>> RemoveAsync(bool keepsData, CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken) is not { } found)
        {
            return [];
        }

        var warnings = new WarningList();
        if (keepsData)
        {
            if (found.Now.ProtectedDisks.FirstOrDefault(disk => MarkOfDisk(found.Mark, disk.Target) is not null && !IsServed(disk)) is { } moved)
            {
                throw Errors.Of(
                    ErrorCode.NotSupported, $"Disk {moved.Target} of '{found.Now.Name}' was moved to the host's storage already, and what is written since is there.",
                    "Keep the machine: what is left is moved then.");
            }

            await ShutDownAsync(found.Now.Name, warnings, cancellationToken);
        }

        await platform.Session.ChangeAsync($"Removing '{found.Now.Name}'", api =>
        {
            using DomainHandle? domain = api.TryLookupDomain(mountGuid);
            if (domain is null)
            {
                return;
            }

            if (InventoryReader.ToPower(LibvirtApi.GetState(domain)) != PowerState.Off)
            {
                LibvirtApi.Destroy(domain);
            }

            LibvirtApi.Undefine(
                domain, Libvirt.UndefineManagedSave | Libvirt.UndefineSnapshotsMetadata | Libvirt.UndefineNvram | Libvirt.UndefineCheckpointsMetadata);
            RemoveCopies(api, found.Now);
        }, CancellationToken.None);
        return warnings.Items;
    }

    /// <summary>The machine as it is defined and as it runs; null when there is none of ours.</summary>
    internal Task<(DomainDefinition Kept, DomainDefinition Now, XElement Mark, PowerState Power)?> FindAsync(CancellationToken cancellationToken) =>
        platform.Session.ReadAsync<(DomainDefinition, DomainDefinition, XElement, PowerState)?>("Looking for the machine", api =>
        {
            using DomainHandle? domain = api.TryLookupDomain(mountGuid);
            if (domain is null)
            {
                return null;
            }

            var kept = DomainDefinition.Parse(LibvirtApi.GetXml(domain, Libvirt.DomainXmlInactive | Libvirt.DomainXmlSecure));
            return MarkOf(kept.Root) is { } mark
                ? (kept, DomainDefinition.Parse(LibvirtApi.GetXml(domain)), mark, InventoryReader.ToPower(LibvirtApi.GetState(domain)))
                : null;
        }, cancellationToken);

    /// <summary>Whether a disk is one that a node serves.</summary>
    internal static bool IsServed(DomainDisk disk) => disk.Kind == "network" && (string?)disk.Element.Element("source")?.Attribute("protocol") == "nbd";

    /// <summary>What the mark holds of a disk; null for one that was not booted by us.</summary>
    internal static XElement? MarkOfDisk(XElement mark, string target) => mark.Elements("disk").FirstOrDefault(disk => (string?)disk.Attribute("target") == target);

    /// <summary>The volume that a disk is copied to; the same whenever it is begun again.</summary>
    internal string CopyName(string machine, string target, Pool pool, string format) =>
        $"{MachineFiles.ToFileName(machine)}-{target}-{mountGuid[..8]}{Volumes.EndingOf(pool, format)}";

    /// <summary>Removes volumes that disks were copied to, or begun to be.</summary>
    /// <param name="api">The host.</param>
    /// <param name="machine">The machine as it runs.</param>
    /// <param name="onlyUnused">Whether those that it runs on stay.</param>
    internal void RemoveCopies(LibvirtApi api, DomainDefinition machine, bool onlyUnused = false)
    {
        foreach (Pool pool in InventoryReader.ReadPools(api).Where(pool => pool.CanRestoreTo))
        {
            foreach (DomainDisk disk in machine.ProtectedDisks.Where(disk => !onlyUnused || IsServed(disk)))
            {
                Volumes.Remove(api, pool.Name, CopyName(machine.Name, disk.Target, pool, pool.HasFiles ? "qcow2" : "raw"));
            }
        }
    }

    private static XElement? MarkOf(XElement root) => root.Element("metadata")?.Element(MetadataName);

    private bool IsThere(LibvirtApi api, string name)
    {
        using DomainHandle? ours = api.TryLookupDomain(mountGuid);
        if (ours is not null)
        {
            return true;
        }

        using DomainHandle? sameName = api.TryLookupDomainByName(name);
        return sameName is null ? false : throw Errors.Of(
            ErrorCode.PlatformFailed, $"A machine called '{name}' is on the host already.", "Give the machine another name.");
    }

    private async Task DefineAsync(
        BootOpening opening, IReadOnlyDictionary<string, string> networks, WarningList warnings, CancellationToken cancellationToken)
    {
        DomainDefinition original = DomainDefinition.Parse(Documents.DomainOf(opening.Documents));
        var mark = new XElement(MetadataName, new XAttribute(XNamespace.Xmlns + "vprotect", OverwritingRestore.MetadataUri));
        Dictionary<string, DiskPlace> places = opening.Disks.ToDictionary(disk => disk.Id, disk => new DiskPlace("network", "raw", SourceOf(disk)));
        XElement root = MachineRewriter.Rewrite(original, opening.Name, mountGuid, keepsIdentity: false, opening.Networks, places, networks, warnings);
        var definition = DomainDefinition.Parse(root.ToString());
        foreach (DomainDisk disk in definition.Disks.Where(IsServed))
        {
            XElement driver = disk.Element.Element("driver")!;
            mark.Add(new XElement("disk", new XAttribute("target", disk.Target), new XElement(driver)));
            disk.Element.SetAttributeValue("device", "disk");
            disk.Element.Elements("auth").Remove();
            foreach ((string setting, string? value) in (ReadOnlySpan<(string, string?)>)[("cache", "writethrough"), ("io", null), ("copy_on_read", null), ("discard", "unmap"), ("error_policy", "stop"), ("rerror_policy", "stop")])
            {
                driver.SetAttributeValue(setting, value);
            }
        }

        if (opening.IsIsolated)
        {
            foreach (XElement card in definition.Interfaces.ToList())
            {
                mark.Add(new XElement("card", new XElement(card)));
                card.ReplaceWith(Isolated(card));
            }
        }

        root = definition.Root;
        if (root.Element("metadata") is not { } metadata)
        {
            metadata = new XElement("metadata");
            root.Add(metadata);
        }

        metadata.Add(mark);
        await MachineFiles.WriteAsync(platform.Host, root, opening.Name, opening.Documents, cancellationToken);
        await platform.Session.ChangeAsync($"Defining '{opening.Name}'", api => api.Define(root.ToString()).Dispose(), cancellationToken);
    }

    private static XElement SourceOf(BootDisk disk) => new(
        "source", new XAttribute("protocol", "nbd"), new XAttribute("name", disk.Export),
        new XElement("host", new XAttribute("name", disk.Address), new XAttribute("port", disk.Port.ToString(CultureInfo.InvariantCulture))));

    /// <summary>The card without its cable. What it would be plugged into need not even be on this host.</summary>
    private static XElement Isolated(XElement card) => new(
        "interface", new XAttribute("type", "user"), card.Element("mac"), card.Element("model"), new XElement("link", new XAttribute("state", "down")),
        card.Element("boot"), card.Element("alias"), card.Element("address"));

    private async Task ShutDownAsync(string name, WarningList warnings, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        bool isAsked = false;
        while (await platform.Session.ReadAsync("Looking at the machine", api =>
        {
            using DomainHandle? domain = api.TryLookupDomain(mountGuid);
            return domain is not null && InventoryReader.ToPower(LibvirtApi.GetState(domain)) != PowerState.Off;
        }, cancellationToken))
        {
            if (Stopwatch.GetElapsedTime(began) > ShutdownTimeMax)
            {
                warnings.Add($"'{name}' did not shut down within {ShutdownTimeMax.TotalSeconds:0} s and was switched off: its disks are as after a power cut.");
                return;
            }

            if (!isAsked)
            {
                isAsked = true;
                await platform.Session.ChangeAsync($"Shutting '{name}' down", api =>
                {
                    using DomainHandle domain = api.LookupDomain(mountGuid);
                    if (LibvirtApi.GetState(domain) == DomainState.Paused)
                    {
                        LibvirtApi.Resume(domain);
                    }

                    LibvirtApi.Shutdown(domain);
                }, cancellationToken);
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }
}
