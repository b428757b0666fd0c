using System.Security.Cryptography;
using System.Xml.Linq;

namespace VProtect.Connectors.Kvm;

/// <summary>Turns the definition of the machine that was backed up into that of the machine that is restored.</summary>
internal static class MachineRewriter
{
    /// <param name="definition">As it was; not changed.</param>
    /// <param name="name">New name.</param>
    /// <param name="uuid">New uuid, or the old.</param>
    /// <param name="keepsIdentity">Whether hardware addresses stay.</param>
    /// <param name="wanted">Network of each network card, by its position; missing ones as they were.</param>
    /// <param name="places">Where its disks are now, by target.</param>
    /// <param name="networks">The host's networks: name by uuid.</param>
    /// <param name="warnings">Is told what is not as it was.</param>
    internal static XElement Rewrite(
        DomainDefinition definition, string name, string uuid, bool keepsIdentity, IReadOnlyDictionary<int, string> wanted, IReadOnlyDictionary<string, DiskPlace> places,
        IReadOnlyDictionary<string, string> networks, WarningList warnings)
    {
        var root = new XElement(definition.Root);
        root.Attribute("id")?.Remove();
        root.SetElementValue("name", name);
        root.SetElementValue("uuid", uuid);
        root.Element("metadata")?.Elements().Where(element => element.Name.NamespaceName == OverwritingRestore.MetadataUri).Remove();
        if (!keepsIdentity && root.Element("sysinfo") is { } sysinfo)
        {
            // It must agree with the machine's uuid.
            sysinfo.Descendants("entry").Where(entry => (string?)entry.Attribute("name") == "uuid").Remove();
        }

        var rewritten = DomainDefinition.Parse(root.ToString());
        RewriteDisks(rewritten, places, warnings);
        RewriteCards(rewritten, keepsIdentity, wanted, networks, warnings);
        return rewritten.Root;
    }

    internal static void SetNvram(XElement root, string path)
    {
        XElement nvram = root.Element("os")!.Element("nvram")!;
        if (nvram.Element("source") is { } source)
        {
            source.SetAttributeValue("file", path);
        }
        else
        {
            nvram.Value = path;
        }
    }

    private static void RewriteDisks(DomainDefinition definition, IReadOnlyDictionary<string, DiskPlace> places, WarningList warnings)
    {
        foreach (DomainDisk disk in definition.Disks)
        {
            if (disk.Device is "cdrom" or "floppy")
            {
                // What was in the drive need not be on this host, and would keep the machine from starting.
                disk.Element.Element("source")?.Remove();
                continue;
            }

            if (!places.TryGetValue(disk.Target, out DiskPlace? place))
            {
                disk.Element.Remove();
                warnings.Add($"Disk {disk.Target} is not in the restore point; the machine is restored without it.");
                continue;
            }

            place.Put(disk.Element);
        }
    }

    private static void RewriteCards(
        DomainDefinition definition, bool keepsIdentity, IReadOnlyDictionary<int, string> wanted, IReadOnlyDictionary<string, string> networks, WarningList warnings)
    {
        int position = 0;
        foreach (XElement card in definition.Interfaces)
        {
            if (!keepsIdentity)
            {
                card.Elements("mac").Remove();
                card.AddFirst(new XElement("mac", new XAttribute("address", NewAddress())));
            }

            card.Elements("target").Remove();
            if (wanted.TryGetValue(position, out string? network))
            {
                Connect(card, network, networks, warnings);
            }
            else if ((string?)card.Attribute("type") == "network" && (string?)card.Element("source")?.Attribute("network") is { } old && !networks.Values.Contains(old))
            {
                warnings.Add($"Network card {position} is on network '{old}', which is not active on this host: map it, or the machine does not start.");
            }

            position++;
        }
    }

    private static void Connect(XElement card, string network, IReadOnlyDictionary<string, string> networks, WarningList warnings)
    {
        card.Elements("source").Remove();
        card.Elements("virtualport").Remove();
        bool isBridge = network.StartsWith(InventoryReader.BridgePrefix, StringComparison.Ordinal);
        string name = isBridge ? network[InventoryReader.BridgePrefix.Length..] : networks.GetValueOrDefault(network, network);
        if (!isBridge && !networks.ContainsKey(network))
        {
            warnings.Add($"Network '{network}' is not active on this host; the machine does not start before it is.");
        }

        card.SetAttributeValue("type", isBridge ? "bridge" : "network");
        card.Add(new XElement("source", new XAttribute(isBridge ? "bridge" : "network", name)));
    }

    // QEMU's own range.
    private static string NewAddress() => "52:54:00:" + string.Join(':', Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3)).Chunk(2).Select(pair => new string(pair)));
}

/// <summary>Where the bytes of a disk are.</summary>
/// <param name="Type">As libvirt calls it: <c>file</c>, <c>block</c>, <c>network</c>.</param>
/// <param name="Format"><c>raw</c> or <c>qcow2</c>.</param>
/// <param name="Source">The element <c>source</c>.</param>
internal sealed record DiskPlace(string Type, string Format, XElement Source)
{
    /// <summary>An image on the host.</summary>
    internal static DiskPlace Of(Pool pool, string format, string path) =>
        new(pool.HasFiles ? "file" : "block", format, new XElement("source", new XAttribute(pool.HasFiles ? "file" : "dev", path)));

    /// <summary>Makes it the place of a machine's disk, whatever that was before.</summary>
    internal void Put(XElement disk)
    {
        disk.SetAttributeValue("type", Type);
        foreach (string former in (string[])["source", "backingStore", "mirror"])
        {
            disk.Elements(former).Remove();
        }

        if (disk.Element("driver") is not { } driver)
        {
            driver = new XElement("driver", new XAttribute("name", "qemu"));
            disk.AddFirst(driver);
        }

        driver.SetAttributeValue("type", Format);
        driver.AddAfterSelf(new XElement(Source));
    }
}
