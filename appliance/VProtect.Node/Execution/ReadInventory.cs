using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution;

/// <summary>Reads the inventory of a platform.</summary>
internal static class ReadInventory
{
    public static async Task<WorkResult> RunAsync(InventoryWork work, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("reading the inventory");
        await using IConnector connector = context.Connect(work.Platform);
        Inventory inventory = await connector.ReadInventoryAsync(cancellationToken);
        return new InventoryResult
        {
            Hosts = [.. inventory.Hosts.Select(host => new FoundHost(host.Id, host.Name, host.ClusterId, host.IsUp))],
            Clusters = [.. inventory.Clusters.Select(cluster => new FoundItem(cluster.Id, cluster.Name))],
            Storages = [.. inventory.Storages.Select(storage => new FoundStorage(storage.Id, storage.Name, storage.TotalBytes, storage.FreeBytes))],
            Networks = [.. inventory.Networks.Select(network => new FoundItem(network.Id, network.Name))],
            Machines = [.. inventory.Machines.Select(MachineOf)],
        };
    }

    private static FoundMachine MachineOf(InventoryMachine machine) => new(
        machine.Uuid, machine.Name, machine.HostId, machine.Power.ToString(), machine.Tags,
        [.. machine.Disks.Select(disk => new FoundDisk(disk.Id, disk.Name, disk.SizeBytes, disk.StorageId, disk.Obstacle))]);
}
