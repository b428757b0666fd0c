using System.Xml;
using System.Xml.Linq;
using VProtect.Abstractions;

namespace VProtect.Connectors.Kvm;

/// <summary>A machine's definition as libvirt writes it (https://libvirt.org/formatdomain.html): what we need of it.</summary>
internal sealed class DomainDefinition
{
    private DomainDefinition(XElement root)
    {
        Root = root;
        Uuid = root.Element("uuid")?.Value ?? "";
        Name = root.Element("name")?.Value ?? "";
        Disks = [.. root.Element("devices")?.Elements("disk").Select(disk => new DomainDisk(disk)) ?? []];
    }

    /// <summary>The whole, for whoever changes it.</summary>
    internal XElement Root { get; }

    internal string Uuid { get; }

    internal string Name { get; }

    /// <summary>Disks, CD-ROM and floppy drives, in the machine's order.</summary>
    internal IReadOnlyList<DomainDisk> Disks { get; }

    /// <summary>What holds bytes to protect: disks, not drives for removable media.</summary>
    internal IEnumerable<DomainDisk> ProtectedDisks => Disks.Where(disk => disk.Device is "disk" or "lun");

    /// <summary>The file with firmware variables, or null.</summary>
    internal string? NvramPath => Root.Element("os")?.Element("nvram") is { } nvram
        ? (string?)nvram.Element("source")?.Attribute("file") ?? (nvram.HasElements || nvram.Value.Length == 0 ? null : nvram.Value)
        : null;

    /// <summary>Whether an emulated TPM keeps state on the host.</summary>
    internal bool HasEmulatedTpm => Root.Element("devices")?.Elements("tpm").Any(
        tpm => (string?)tpm.Element("backend")?.Attribute("type") == "emulator") == true;

    /// <summary>Network cards, in the machine's order.</summary>
    internal IEnumerable<XElement> Interfaces => Root.Element("devices")?.Elements("interface") ?? [];

    /// <summary>
    /// Labels: the text of every element called <c>tag</c>, and the comma-separated words of every one called <c>tags</c>, anywhere in the metadata.
    /// </summary>
    internal IReadOnlyList<string> Tags =>
    [
        .. (Root.Element("metadata")?.Descendants() ?? [])
            .Where(element => !element.HasElements)
            .SelectMany(element => element.Name.LocalName switch
            {
                "tag" => [element.Value.Trim()],
                "tags" => element.Value.Split(',', StringSplitOptions.TrimEntries),
                _ => Array.Empty<string>(),
            })
            .Where(tag => tag.Length > 0)
            .Distinct(StringComparer.Ordinal),
    ];

    /// <exception cref="VProtectException">It is no domain.</exception>
    internal static DomainDefinition Parse(string xml)
    {
        try
        {
            XElement root = XElement.Parse(xml);
            if (root.Name.LocalName == "domain")
            {
                return new DomainDefinition(root);
            }
        }
        catch (XmlException)
        {
            // Told below.
        }

        throw Errors.Of(ErrorCode.PlatformFailed, "The machine's definition is no domain of libvirt.", "Check the document domain.xml, or the host's libvirt.");
    }

    internal DomainDisk? Find(string target) => Disks.FirstOrDefault(disk => disk.Target == target);
}

/// <summary>A disk of a machine.</summary>
internal sealed class DomainDisk(XElement element)
{
    internal XElement Element { get; } = element;

    /// <summary><c>disk</c>, <c>lun</c>, <c>cdrom</c> or <c>floppy</c>.</summary>
    internal string Device { get; } = (string?)element.Attribute("device") ?? "disk";

    /// <summary><c>file</c>, <c>block</c>, <c>volume</c>, <c>network</c> …</summary>
    internal string Kind { get; } = (string?)element.Attribute("type") ?? "file";

    /// <summary>The name of the device, unique in the machine: what restore points call the disk.</summary>
    internal string Target { get; } = (string?)element.Element("target")?.Attribute("dev") ?? "";

    /// <summary>The image's format. libvirt takes a disk that names none for raw, and so do we: nothing is probed.</summary>
    internal string Format { get; } = (string?)element.Element("driver")?.Attribute("type") ?? "raw";

    /// <summary>Path of the image on the host; null when it is no file or device there.</summary>
    internal string? Path { get; } = (string?)element.Element("source")?.Attribute("file") ?? (string?)element.Element("source")?.Attribute("dev");

    /// <summary>Pool and volume, of disks that are named so.</summary>
    internal (string Pool, string Volume)? Volume { get; } =
        (string?)element.Element("source")?.Attribute("pool") is { } pool && (string?)element.Element("source")?.Attribute("volume") is { } volume
            ? (pool, volume)
            : null;

    /// <summary>Protocol and name of a disk behind a network, as <c>rbd pool/image</c>.</summary>
    internal string NetworkName { get; } =
        $"{(string?)element.Element("source")?.Attribute("protocol")} {(string?)element.Element("source")?.Attribute("name")}";

    /// <summary>Whether changes can be recorded: QEMU keeps dirty bitmaps in qcow2 images only.</summary>
    internal bool CanRecordChanges => Format == "qcow2";

    /// <summary>What an administrator calls it.</summary>
    internal string Name => Path is { } path
        ? System.IO.Path.GetFileName(path)
        : Volume is { } volume ? volume.Volume : Kind == "network" ? NetworkName : Target;
}
