using System.Xml.Linq;

namespace VProtect.Connectors.Kvm;

/// <summary>The description of a pull-mode backup job (https://libvirt.org/formatbackup.html).</summary>
internal static class BackupXml
{
    /// <summary>Name of a disk's bitmap in its NBD export.</summary>
    internal static string BitmapOf(PlannedDisk disk) => "backup-" + disk.Disk.Target;

    /// <param name="server">Where QEMU serves the disks.</param>
    /// <param name="all">All disks of the machine, also those that are left out.</param>
    /// <param name="wanted">Those to export, by target.</param>
    /// <param name="scratchPath">The file for what the guest overwrites, by target.</param>
    internal static string Write(
        XElement server, IEnumerable<DomainDisk> all, IReadOnlyDictionary<string, PlannedDisk> wanted, IReadOnlyDictionary<string, string> scratchPath)
    {
        var disks = new XElement("disks");
        foreach (DomainDisk disk in all)
        {
            var element = new XElement("disk", new XAttribute("name", disk.Target));
            disks.Add(element);
            if (!wanted.TryGetValue(disk.Target, out PlannedDisk? planned))
            {
                element.Add(new XAttribute("backup", "no"));
                continue;
            }

            element.Add(new XAttribute("backup", "yes"), new XAttribute("type", "file"), new XAttribute("exportname", disk.Target));
            if (planned.Since is { } since)
            {
                element.Add(
                    new XAttribute("backupmode", "incremental"),
                    new XAttribute("incremental", since.Checkpoint),
                    new XAttribute("exportbitmap", BitmapOf(planned)));
            }
            else
            {
                element.Add(new XAttribute("backupmode", "full"));
            }

            element.Add(
                new XElement("driver", new XAttribute("type", "qcow2")),
                new XElement("scratch", new XAttribute("file", scratchPath[disk.Target])));
        }

        return new XElement("domainbackup", new XAttribute("mode", "pull"), server, disks).ToString();
    }
}
