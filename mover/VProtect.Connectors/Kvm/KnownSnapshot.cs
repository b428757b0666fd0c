using System.Globalization;
using System.Xml.Linq;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>A snapshot as libvirt keeps it (https://libvirt.org/formatsnapshot.html).</summary>
internal sealed class KnownSnapshot
{
    private readonly XElement _root;

    internal KnownSnapshot(string xml)
    {
        _root = XElement.Parse(xml);
        Name = _root.Element("name")?.Value ?? "";
        ParentName = _root.Element("parent")?.Element("name")?.Value;
        Overlays = (_root.Element("disks")?.Elements("disk") ?? [])
            .Where(disk => (string?)disk.Attribute("snapshot") == "external")
            .Select(disk => ((string?)disk.Attribute("name") ?? "", (string?)disk.Element("source")?.Attribute("file") ?? ""))
            .ToDictionary(StringComparer.Ordinal);
    }

    internal string Name { get; }

    internal string? ParentName { get; }

    internal bool IsOurs => Name.StartsWith(TaskMark.Prefix, StringComparison.Ordinal);

    /// <summary>Whether its disks went on in new images.</summary>
    internal bool IsExternal => Overlays.Count > 0;

    /// <summary>The images that disks went on in, by disk.</summary>
    internal IReadOnlyDictionary<string, string> Overlays { get; }

    /// <summary>The machine's snapshots, oldest first; of those made within one second a child comes after its parent.</summary>
    internal static IReadOnlyList<KnownSnapshot> List(DomainHandle domain)
    {
        var all = new List<KnownSnapshot>();
        foreach (SnapshotHandle handle in LibvirtApi.ListSnapshots(domain))
        {
            using (handle)
            {
                all.Add(new KnownSnapshot(LibvirtApi.GetXml(handle)));
            }
        }

        return [.. all.OrderBy(snapshot => snapshot.CreatedAt).ThenBy(snapshot => all.Count(other => IsBelow(all, snapshot, other)))];
    }

    /// <summary>Whether a snapshot was made, directly or not, of the state that another one began.</summary>
    internal static bool IsBelow(IReadOnlyList<KnownSnapshot> all, KnownSnapshot snapshot, KnownSnapshot ancestor)
    {
        for (string? parent = snapshot.ParentName; parent is not null; parent = all.FirstOrDefault(item => item.Name == parent)?.ParentName)
        {
            if (parent == ancestor.Name)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The image that holds a disk's state at the snapshot.</summary>
    internal DomainDisk? DiskBelow(string target) =>
        (_root.Element("inactiveDomain") ?? _root.Element("domain")) is { } domain
            ? domain.Element("devices")?.Elements("disk").Select(disk => new DomainDisk(disk)).FirstOrDefault(disk => disk.Target == target)
            : null;

    internal MachineSnapshot ToContract() => new(
        Name, Name, CreatedAt, IsOurs, IsOurs ? !(_root.Element("description")?.Value ?? "").Contains("not frozen", StringComparison.Ordinal) : null);

    private DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeSeconds(
        long.TryParse(_root.Element("creationTime")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) ? seconds : 0);
}
