using System.Globalization;
using System.Xml.Linq;
using VProtect.Connectors.Kvm.Hosts;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Our checkpoints of a machine. Each has a dirty bitmap of its own name in each qcow2 image; all record at the same time and know nothing of each other, so
/// that lineages do not disturb each other and any one can be removed.
/// </summary>
internal static class Checkpoints
{
    /// <summary>Lineages kept of a machine whose backups do not tell their destination: beyond it the oldest is taken for abandoned.</summary>
    internal const int LineagesMax = 8;

    /// <summary>Our checkpoints, oldest first.</summary>
    internal static IReadOnlyList<KnownCheckpoint> List(DomainHandle domain)
    {
        var found = new List<KnownCheckpoint>();
        foreach (CheckpointHandle handle in LibvirtApi.ListCheckpoints(domain))
        {
            using (handle)
            {
                XElement xml = XElement.Parse(LibvirtApi.GetXml(handle));
                if (CheckpointName.TryParse(xml.Element("name")?.Value ?? "") is { } name)
                {
                    _ = long.TryParse(xml.Element("creationTime")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long createdAt);
                    found.Add(new KnownCheckpoint(name, createdAt, xml.Element("description")?.Value ?? ""));
                }
            }
        }

        return [.. found.OrderBy(item => item.CreatedAt).ThenBy(item => item.Name.Generation)];
    }

    /// <summary>
    /// Those that no next backup can ask for: of each lineage all but the newest, which may have been committed, and the one that it was built upon, which is asked for if
    /// it was not. Lineages that a running task is at work on are left alone.
    /// </summary>
    internal static IReadOnlyList<CheckpointName> FindDead(IReadOnlyList<KnownCheckpoint> all, IReadOnlySet<string> runningMarks)
    {
        var dead = new List<CheckpointName>();
        foreach (IGrouping<string, KnownCheckpoint> lineage in all.GroupBy(item => item.Name.Lineage))
        {
            KnownCheckpoint newest = lineage.MaxBy(item => item.Name.Generation)!;
            if (!runningMarks.Contains(newest.Mark))
            {
                dead.AddRange(lineage.Where(item => item != newest && !newest.IsBuiltUpon(item.Name)).Select(item => item.Name));
            }
        }

        return dead;
    }

    /// <summary>The name of the checkpoint that a backup begins.</summary>
    /// <param name="domain">The machine.</param>
    /// <param name="destination">Where the restore point goes; empty when not told.</param>
    /// <param name="disks">The disks, with the tokens they build upon.</param>
    internal static CheckpointName NameNext(DomainHandle domain, string destination, IReadOnlyList<PlannedDisk> disks)
    {
        CheckpointName[] parents = [.. disks.Where(disk => disk.Since is not null).Select(disk => CheckpointName.TryParse(disk.Since!.Checkpoint)!)];
        string lineage = destination.Length == 0 && parents.Length > 0 ? parents[0].Lineage : CheckpointName.LineageOf(destination);
        int newest = List(domain).Select(item => item.Name).Concat(parents)
            .Where(name => name.Lineage == lineage)
            .Select(name => name.Generation)
            .DefaultIfEmpty(0).Max();
        return new CheckpointName(lineage, newest + 1);
    }

    /// <summary>
    /// Removes a checkpoint with its bitmaps, also one whose bitmaps are broken or lost. Nothing happens when it is gone. When the machine is off, libvirt only forgets it;
    /// the caller then removes the bitmaps from the images (<see cref="RemoveBitmapsAsync"/>).
    /// </summary>
    internal static void Remove(DomainHandle domain, string name)
    {
        using CheckpointHandle? checkpoint = LibvirtApi.TryLookupCheckpoint(domain, name);
        if (checkpoint is null)
        {
            return;
        }

        try
        {
            LibvirtApi.Delete(checkpoint, metadataOnly: false);
        }
        catch (LibvirtException exception) when (exception.Number is VirErr.InternalError or VirErr.OperationUnsupported or VirErr.OperationInvalid or VirErr.CheckpointInconsistent)
        {
            LibvirtApi.Delete(checkpoint, metadataOnly: true);
        }
    }

    /// <summary>
    /// Bitmaps of a powered-off machine's qcow2 image and whether each is whole, by name; empty when the image cannot be examined.
    /// </summary>
    internal static async Task<IReadOnlyDictionary<string, bool>> ListBitmapsAsync(KvmHost host, string path, CancellationToken cancellationToken)
    {
        CommandResult result = await host.RunAsync(["qemu-img", "info", "--output=json", "--force-share", "-f", "qcow2", path], cancellationToken);
        return result.ExitCode == 0 ? ImageInfo.ReadBitmaps(result.Text) : new Dictionary<string, bool>();
    }

    /// <summary>Removes bitmaps from a powered-off machine's image.</summary>
    /// <returns>Why not, or null.</returns>
    internal static async Task<string?> RemoveBitmapsAsync(KvmHost host, string path, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        foreach (string name in names)
        {
            CommandResult result = await host.RunAsync(["qemu-img", "bitmap", "--remove", "-f", "qcow2", path, name], cancellationToken);
            if (result.ExitCode != 0)
            {
                return result.Error;
            }
        }

        return null;
    }

    internal static string ToXml(CheckpointName name, string mark, IEnumerable<PlannedDisk> all, IReadOnlySet<string> covered) => new XElement(
        "domaincheckpoint",
        new XElement("name", name.ToString()),
        new XElement("description", KnownCheckpoint.Describe(mark, all.Select(disk => disk.Since?.Checkpoint).OfType<string>().Distinct())),
        new XElement(
            "disks",
            all.Select(disk => new XElement(
                "disk",
                new XAttribute("name", disk.Disk.Target),
                new XAttribute("checkpoint", covered.Contains(disk.Disk.Target) ? "bitmap" : "no"))))).ToString();

    internal static string ToRedefinitionXml(string name, long createdAt, IEnumerable<string> disks, string domainXml) => new XElement(
        "domaincheckpoint",
        new XElement("name", name),
        new XElement("description", KnownCheckpoint.Describe(name, [])),
        new XElement("creationTime", createdAt),
        new XElement(
            "disks",
            disks.Select(disk => new XElement(
                "disk", new XAttribute("name", disk), new XAttribute("checkpoint", "bitmap"), new XAttribute("bitmap", name)))),
        XElement.Parse(domainXml)).ToString();
}
