using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Tasks.Outcomes;

/// <summary>
/// A platform's inventory as it was found → the catalog. What is new is added, what is different is changed, what is gone is marked and keeps its history;
/// what is as it was is not written. Hosts, clusters and places come before the machines that refer to them.
/// </summary>
/// <param name="transaction">Where.</param>
/// <param name="source">The platform.</param>
/// <param name="now">When it was found.</param>
internal sealed class InventoryUpdate(CatalogTransaction transaction, InventorySource source, DateTimeOffset now)
{
    private Dictionary<string, Guid> _clusters = [];
    private Dictionary<string, Guid> _hosts = [];
    private Dictionary<string, Guid> _storages = [];

    /// <summary>Writes it all.</summary>
    public async Task ApplyAsync(InventoryResult found, CancellationToken cancellationToken)
    {
        await ClustersAsync(found.Clusters, cancellationToken);
        await HostsAsync(found.Hosts, cancellationToken);
        await StoragesAsync(found.Storages, cancellationToken);
        await NetworksAsync(found.Networks, cancellationToken);
        await new MachineUpdate(transaction, source, _hosts, await ClusterOfHostsAsync(cancellationToken), _storages, now).ApplyAsync(found.Machines, cancellationToken);
    }

    private static ListQuery All => new() { Size = ListQuery.SizeMax };

    private async Task ClustersAsync(IReadOnlyList<FoundItem> found, CancellationToken cancellationToken)
    {
        // A lone host has no clusters: the catalog keeps them with their manager.
        if (source.Manager is not { } manager)
        {
            return;
        }

        _clusters = await Upsert<FoundItem, HypervisorCluster>.RunAsync(
            transaction.HypervisorClusters,
            (await transaction.HypervisorClusters.ListAsync(manager, All, cancellationToken)).Rows,
            found,
            item => item.Id,
            row => row.Uuid,
            item => new HypervisorCluster { Name = item.Name, Uuid = item.Id, HypervisorManagerGuid = manager },
            (row, item) => row with { Name = item.Name, Present = true },
            row => row with { Present = false },
            cancellationToken);
    }

    private async Task HostsAsync(IReadOnlyList<FoundHost> found, CancellationToken cancellationToken)
    {
        if (source.Manager is not { } manager)
        {
            await LoneHostAsync(found, cancellationToken);
            return;
        }

        _hosts = await Upsert<FoundHost, Hypervisor>.RunAsync(
            transaction.Hypervisors,
            (await transaction.Hypervisors.ListAsync(manager, cluster: null, All, cancellationToken)).Rows,
            found,
            host => host.Id,
            row => row.Uuid ?? "",
            host => Of(new Hypervisor { Name = host.Name, Host = host.Name, Platform = source.Platform, HypervisorManagerGuid = manager }, host),
            Of,
            row => row with { Present = false, State = ConnectionState.Unknown },
            cancellationToken);
    }

    // What stands alone is the connection itself: its name and address are its user's.
    private async Task LoneHostAsync(IReadOnlyList<FoundHost> found, CancellationToken cancellationToken)
    {
        Hypervisor host = await transaction.Hypervisors.GetAsync(source.Host!.Value, cancellationToken);
        string? uuid = found.Count > 0 ? found[0].Id : host.Uuid;
        Hypervisor seen = host with { Uuid = uuid, State = ConnectionState.Online, StateInfo = null, Present = true };
        if (seen != host)
        {
            await transaction.Hypervisors.UpdateAsync(seen, cancellationToken);
        }

        _hosts = found.ToDictionary(item => item.Id, _ => host.Guid, StringComparer.Ordinal);
    }

    private Hypervisor Of(Hypervisor row, FoundHost host) => row with
    {
        Name = host.Name,
        Uuid = host.Id,
        ClusterGuid = host.ClusterId is { } cluster && _clusters.TryGetValue(cluster, out Guid guid) ? guid : null,
        State = host.IsUp ? ConnectionState.Online : ConnectionState.Offline,
        Present = true,
    };

    private async Task StoragesAsync(IReadOnlyList<FoundStorage> found, CancellationToken cancellationToken)
    {
        static HypervisorStorage Of(HypervisorStorage row, FoundStorage storage) =>
            row with { Name = storage.Name, CapacityBytes = storage.TotalBytes, FreeBytes = storage.FreeBytes, Present = true };
        _storages = await Upsert<FoundStorage, HypervisorStorage>.RunAsync(
            transaction.HypervisorStorages,
            (await transaction.HypervisorStorages.ListAsync(source.Manager, source.Host, All, cancellationToken)).Rows,
            found,
            storage => storage.Id,
            row => row.Uuid,
            storage => Of(new HypervisorStorage { Name = "", Uuid = storage.Id, HypervisorManagerGuid = source.Manager, HypervisorGuid = source.Host }, storage),
            Of,
            row => row with { Present = false },
            cancellationToken);
    }

    private async Task NetworksAsync(IReadOnlyList<FoundItem> found, CancellationToken cancellationToken) => await Upsert<FoundItem, Network>.RunAsync(
        transaction.Networks,
        (await transaction.Networks.ListAsync(source.Manager, source.Host, shared: null, All, cancellationToken)).Rows,
        found,
        item => item.Id,
        row => row.Uuid,
        item => new Network { Name = item.Name, Uuid = item.Id, HypervisorManagerGuid = source.Manager, HypervisorGuid = source.Host },
        (row, item) => row with { Name = item.Name, Present = true },
        row => row with { Present = false },
        cancellationToken);

    private async Task<IReadOnlyDictionary<Guid, Guid?>> ClusterOfHostsAsync(CancellationToken cancellationToken) =>
        (await transaction.Hypervisors.FindManyAsync([.. _hosts.Values], cancellationToken)).ToDictionary(host => host.Guid, host => host.ClusterGuid);
}

/// <summary>The platform connection that an inventory belongs to: exactly one of the two is set.</summary>
/// <param name="Platform">Platform, as its connector is called.</param>
/// <param name="Manager">The manager.</param>
/// <param name="Host">The host that stands alone.</param>
internal sealed record InventorySource(string Platform, Guid? Manager, Guid? Host);
