using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Tasks.Outcomes;

/// <summary>Machines with their disks and tags, as an inventory found them. Read in pages, and written only where something is different.</summary>
/// <param name="transaction">Where.</param>
/// <param name="source">The platform.</param>
/// <param name="hosts">Hosts by their identity on the platform.</param>
/// <param name="clusterOfHosts">Clusters of these.</param>
/// <param name="storages">Storages by their identity on the platform.</param>
/// <param name="now">When it was found.</param>
internal sealed class MachineUpdate(
    CatalogTransaction transaction, InventorySource source, IReadOnlyDictionary<string, Guid> hosts, IReadOnlyDictionary<Guid, Guid?> clusterOfHosts,
    IReadOnlyDictionary<string, Guid> storages, DateTimeOffset now)
{
    private const int PageSize = 1000;

    /// <summary>How a reason begins that is the platform's: it goes with the obstacle, while a user's choice stays.</summary>
    private const string Obstacle = "Cannot be backed up: ";

    /// <summary>Writes them.</summary>
    public async Task ApplyAsync(IReadOnlyList<FoundMachine> found, CancellationToken cancellationToken)
    {
        Dictionary<string, FoundMachine> left = found.GroupBy(machine => machine.Uuid, StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => same.First(), StringComparer.Ordinal);
        MachineFilter ofSource = source.Manager is { } manager ? new MachineFilter { HypervisorManager = manager } : new MachineFilter { Hypervisor = source.Host };

        // The pages are read before anything is written: a changed name would move a machine to another page.
        List<Machine> known = [];
        string? next = null;
        do
        {
            ListPage<Machine> page = await transaction.Machines.ListAsync(ofSource, new ListQuery { Size = PageSize, After = next }, cancellationToken);
            known.AddRange(page.Rows);
            next = page.Next;
        }
        while (next is not null);

        foreach (Machine[] some in known.Chunk(PageSize))
        {
            await ChangeAsync(some, left, cancellationToken);
        }

        foreach (FoundMachine machine in left.Values)
        {
            Machine added = Of(new Machine { Name = machine.Name, Uuid = machine.Uuid, Platform = source.Platform, FirstSeenAt = now, LastSeenAt = now }, machine);
            await transaction.Machines.InsertAsync(added, cancellationToken);
            await PartsAsync(added.Guid, machine, [], [], cancellationToken);
        }
    }

    private async Task ChangeAsync(Machine[] known, Dictionary<string, FoundMachine> left, CancellationToken cancellationToken)
    {
        Guid[] guids = [.. known.Select(machine => machine.Guid)];
        ILookup<Guid, string> tags = await transaction.Machines.TagsAsync(guids, cancellationToken);
        ILookup<Guid, MachineDisk> disks = await transaction.MachineDisks.OfMachinesAsync(guids, cancellationToken);
        List<Guid> seen = [];
        foreach (Machine row in known)
        {
            if (!left.Remove(row.Uuid, out FoundMachine? machine))
            {
                await WriteAsync(row, row with { Present = false, PowerState = PowerState.Unknown }, cancellationToken);
                continue;
            }

            seen.Add(row.Guid);
            await WriteAsync(row, Of(row, machine), cancellationToken);
            await PartsAsync(row.Guid, machine, [.. disks[row.Guid]], [.. tags[row.Guid]], cancellationToken);
        }

        await transaction.Machines.RecordSeenAsync(seen, cancellationToken);
    }

    private Machine Of(Machine row, FoundMachine machine)
    {
        Guid? host = machine.HostId is { } id && hosts.TryGetValue(id, out Guid found) ? found : source.Host;
        return row with
        {
            Name = machine.Name,
            HypervisorManagerGuid = source.Manager,
            HypervisorGuid = host ?? row.HypervisorGuid,
            ClusterGuid = host is { } where ? clusterOfHosts.GetValueOrDefault(where) : row.ClusterGuid,
            Present = true,
            PowerState = machine.Power switch
            {
                "Running" => PowerState.On,
                "Off" => PowerState.Off,
                "Paused" => PowerState.Suspended,
                _ => PowerState.Unknown,
            },
            ProvisionedBytes = machine.Disks.Sum(disk => disk.SizeBytes),
        };
    }

    private async Task WriteAsync(Machine before, Machine after, CancellationToken cancellationToken)
    {
        if (after != before)
        {
            await transaction.Machines.UpdateAsync(after, cancellationToken);
        }
    }

    private async Task PartsAsync(Guid machine, FoundMachine found, IReadOnlyList<MachineDisk> disks, IReadOnlyList<string> tags, CancellationToken cancellationToken)
    {
        MachineDisk Changed(MachineDisk row, FoundDisk disk) => row with
        {
            Label = disk.Name,
            Position = IndexOf(found.Disks, disk),
            SizeBytes = disk.SizeBytes,
            StorageGuid = disk.StorageId is { } storage && storages.TryGetValue(storage, out Guid guid) ? guid : null,

            Excluded = IsUsers(row) || disk.Obstacle is not null,
            ExcludeReason = IsUsers(row) ? row.ExcludeReason : disk.Obstacle is null ? null : Obstacle + disk.Obstacle,
            Present = true,
        };
        await Upsert<FoundDisk, MachineDisk>.RunAsync(
            transaction.MachineDisks,
            disks,
            found.Disks,
            disk => disk.Id,
            row => row.DeviceId,
            disk => Changed(new MachineDisk { MachineGuid = machine, DeviceId = disk.Id, Label = disk.Name }, disk),
            Changed,
            row => row with { Present = false },
            cancellationToken);
        if (!tags.ToHashSet(StringComparer.Ordinal).SetEquals(found.Tags))
        {
            await transaction.Machines.SetTagsAsync(machine, found.Tags, cancellationToken);
        }
    }

    private static bool IsUsers(MachineDisk row) => row.Excluded && row.ExcludeReason?.StartsWith(Obstacle, StringComparison.Ordinal) != true;

    private static int IndexOf(IReadOnlyList<FoundDisk> disks, FoundDisk disk)
    {
        for (int i = 0; i < disks.Count; i++)
        {
            if (ReferenceEquals(disks[i], disk))
            {
                return i;
            }
        }

        return 0;
    }
}
