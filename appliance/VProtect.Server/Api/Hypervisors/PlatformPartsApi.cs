using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Hypervisors;

/// <summary>What inventories find besides hosts and machines: clusters, storages, networks and sizes of machines. Read only.</summary>
internal static class PlatformPartsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/hypervisor-clusters", ClustersAsync).WithTags("infrastructure").Describe("Lists clusters, or those of a manager.", Permission.InventoryRead, 400);
        api.MapGet("/hypervisor-storages", StoragesAsync).WithTags("infrastructure")
            .Describe("Lists storages of platforms, or those of a manager or host.", Permission.InventoryRead, 400);
        api.MapGet("/network", NetworksAsync).WithTags("infrastructure").Describe("Lists networks, or those of a manager or host.", Permission.InventoryRead, 400);
        api.MapGet("/network/shared", SharedNetworksAsync).WithTags("infrastructure")
            .Describe("Lists networks that all projects may use.", Permission.InventoryRead, 400);
        api.MapGet("/virtual-machine-flavors", FlavorsAsync).WithTags("infrastructure")
            .Describe("Lists sizes of machines, or those of a manager.", Permission.InventoryRead, 400);
    }

    private static async Task<Ok<List<ClusterView>>> ClustersAsync(
        [FromQuery(Name = "hypervisor-manager")] Guid? manager, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<HypervisorCluster> page = await session.HypervisorClusters.ListAsync(manager, list.ToQuery(), cancellationToken);
        NameLookup managers = await NameLookup.OfAsync(session.HypervisorManagers, page.Rows.Select(row => (Guid?)row.HypervisorManagerGuid), cancellationToken);
        return ListParameters.Answer(
            context, page, row => new ClusterView(row.Guid, row.Name, row.Uuid, managers.Of(row.HypervisorManagerGuid), row.DataCenter, row.Present));
    }

    private static async Task<Ok<List<StorageView>>> StoragesAsync(
        [FromQuery(Name = "hypervisor-manager")] Guid? manager, Guid? hypervisor, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<HypervisorStorage> page = await session.HypervisorStorages.ListAsync(manager, hypervisor, list.ToQuery(), cancellationToken);
        NameLookup managers = await NameLookup.OfAsync(session.HypervisorManagers, page.Rows.Select(row => row.HypervisorManagerGuid), cancellationToken);
        NameLookup hosts = await NameLookup.OfAsync(session.Hypervisors, page.Rows.Select(row => row.HypervisorGuid), cancellationToken);
        return ListParameters.Answer(context, page, row => new StorageView(
            row.Guid, row.Name, row.Uuid, managers[row.HypervisorManagerGuid], hosts[row.HypervisorGuid], row.Type, row.CapacityBytes, row.FreeBytes, row.Present));
    }

    private static Task<Ok<List<NetworkView>>> NetworksAsync(
        [FromQuery(Name = "hypervisor-manager")] Guid? manager, Guid? hypervisor, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken) => AnswerAsync(manager, hypervisor, shared: null, list, context, catalog, cancellationToken);

    private static Task<Ok<List<NetworkView>>> SharedNetworksAsync(
        [FromQuery(Name = "hypervisor-manager")] Guid? manager, Guid? hypervisor, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken) => AnswerAsync(manager, hypervisor, shared: true, list, context, catalog, cancellationToken);

    private static async Task<Ok<List<NetworkView>>> AnswerAsync(
        Guid? manager, Guid? hypervisor, bool? shared, ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Network> page = await session.Networks.ListAsync(manager, hypervisor, shared, list.ToQuery(), cancellationToken);
        NameLookup managers = await NameLookup.OfAsync(session.HypervisorManagers, page.Rows.Select(row => row.HypervisorManagerGuid), cancellationToken);
        NameLookup hosts = await NameLookup.OfAsync(session.Hypervisors, page.Rows.Select(row => row.HypervisorGuid), cancellationToken);
        return ListParameters.Answer(context, page, row => new NetworkView(
            row.Guid, row.Name, row.Uuid, managers[row.HypervisorManagerGuid], hosts[row.HypervisorGuid], row.Shared, row.Vlan, row.Present));
    }

    private static async Task<Ok<List<FlavorView>>> FlavorsAsync(
        [FromQuery(Name = "hypervisor-manager")] Guid? manager, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Flavor> page = await session.Flavors.ListAsync(manager, list.ToQuery(), cancellationToken);
        NameLookup managers = await NameLookup.OfAsync(session.HypervisorManagers, page.Rows.Select(row => (Guid?)row.HypervisorManagerGuid), cancellationToken);
        return ListParameters.Answer(context, page, row => new FlavorView(
            row.Guid, row.Name, row.Uuid, managers.Of(row.HypervisorManagerGuid), row.CpuCount, row.MemoryBytes, row.DiskBytes));
    }
}
