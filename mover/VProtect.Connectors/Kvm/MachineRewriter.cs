using System.Security.Cryptography;
using System.Xml.Linq;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <summary>Turns the definition of the machine that was backed up into that of the machine that is restored.</summary>
internal static class MachineRewriter
{
    /// <param name="definition">As it was; not changed.</param>
    /// <param name="name">New name.</param>
    /// <param name="uuid">New uuid, or the old.</param>
    /// <param name="opening">What was asked for.</param>
    /// <param name="volumes">The restored disks.</param>
    /// <param name="networks">The host's networks: name by uuid.</param>
    /// <param name="warnings">Is told what is not as it was.</param>
    internal static XElement Rewrite(
        DomainDefinition definition, string name, string uuid, RestoreOpening opening, IReadOnlyList<MadeVolume> volumes,
        IReadOnlyDictionary<string, string> networks, WarningList warnings)
    {
        var root = new XElement(definition.Root);
        root.Attribute("id")?.Remove();
        root.SetElementValue("name", name);
        root.SetElementValue("uuid", uuid);
        root.Element("metadata")?.Elements(OverwritingRestore.MetadataName).Remove();
        if (!opening.KeepsIdentity && root.Element("sysinfo") is { } sysinfo)
        {
            // It must agree with the machine's uuid.
            sysinfo.Descendants("entry").Where(entry => (string?)entry.Attribute("name") == "uuid").Remove();
        }

        var rewritten = DomainDefinition.Parse(root.ToString());
        RewriteDisks(rewritten, volumes, warnings);
        RewriteCards(rewritten, opening, networks, warnings);
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

    private static void RewriteDisks(DomainDefinition definition, IReadOnlyList<MadeVolume> volumes, WarningList warnings)
    {
        foreach (DomainDisk disk in definition.Disks)
        {
            if (disk.Device is "cdrom" or "floppy")
            {
                // What was in the drive need not be on this host, and would keep the machine from starting.
                disk.Element.Element("source")?.Remove();
                continue;
            }

            if (volumes.FirstOrDefault(volume => volume.DiskId == disk.Target) is not { } made)
            {
                disk.Element.Remove();
                warnings.Add($"Disk {disk.Target} is not in the restore point; the machine is restored without it.");
                continue;
            }

            disk.Element.SetAttributeValue("type", made.Pool.HasFiles ? "file" : "block");
            disk.Element.Elements("source").Remove();
            disk.Element.Elements("backingStore").Remove();
            disk.Element.Elements("mirror").Remove();
            if (disk.Element.Element("driver") is not { } driver)
            {
                driver = new XElement("driver", new XAttribute("name", "qemu"));
                disk.Element.AddFirst(driver);
            }

            driver.SetAttributeValue("type", made.Format);
            driver.AddAfterSelf(new XElement("source", new XAttribute(made.Pool.HasFiles ? "file" : "dev", made.Path)));
        }
    }

    private static void RewriteCards(
        DomainDefinition definition, RestoreOpening opening, IReadOnlyDictionary<string, string> networks, WarningList warnings)
    {
        int position = 0;
        foreach (XElement card in definition.Interfaces)
        {
            if (!opening.KeepsIdentity)
            {
                card.Elements("mac").Remove();
                card.AddFirst(new XElement("mac", new XAttribute("address", NewAddress())));
            }

            card.Elements("target").Remove();
            if (opening.Networks.TryGetValue(position, out string? network))
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
