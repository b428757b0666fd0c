using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Credentials;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Api.Hypervisors;

/// <summary>Hosts: those that stand alone are added here, those of a manager are found by its inventory.</summary>
internal static class HypervisorsApi
{
    private const string Kind = "hypervisors";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder hypervisors = api.MapGroup("/hypervisors").WithTags("infrastructure");
        hypervisors.MapGet("", ListAsync).Describe("Lists hosts; of a manager or cluster, or those that a backup can be restored to.", Permission.InventoryRead, 400);
        hypervisors.MapGet("/{guid:guid}", GetAsync).Describe("Gets a host.", Permission.InventoryRead, 404);
        hypervisors.MapPost("", CreateAsync).Describe("Adds a host that stands alone, and queues the reading of its inventory.", Permission.InventoryPlatforms, 400);
        hypervisors.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a host; without a password the stored one stays.", Permission.InventoryPlatforms, 400, 404, 412);
        hypervisors.MapDelete("/{guid:guid}", DeleteAsync)
            .Describe("Deletes a host; its machines stay as gone, with their backups.", Permission.InventoryPlatforms, 404, 409, 412);
    }

    private static async Task<Ok<List<HypervisorView>>> ListAsync(
        [FromQuery(Name = "hypervisor-manager")] Guid? manager, Guid? cluster, [FromQuery(Name = "backup-to-be-restored")] Guid? backup,
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        string? platform = await PlatformFields.PlatformOfAsync(session, backup, cancellationToken);
        ListPage<Hypervisor> page = await session.Hypervisors.ListAsync(platform, manager, cluster, list.ToQuery(), cancellationToken);
        return ListParameters.Answer(context, page, await ViewsAsync(session, page.Rows, cancellationToken));
    }

    private static async Task<Ok<HypervisorView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, cancellationToken));
    }

    private static async Task<Created<HypervisorView>> CreateAsync(
        HypervisorRequest request, HttpContext context, CatalogDatabase catalog, TaskRequests requests, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Hypervisor host = await AppliedAsync(transaction, new Hypervisor { Name = "", Host = "", Platform = "" }, request, context, cancellationToken);
        await transaction.Hypervisors.InsertAsync(host, cancellationToken);
        await requests.InventorySyncAsync(transaction, host.Guid, new PlainRequest(), TaskOrigin.Of(context), cancellationToken);
        HypervisorView view = await AnswerAsync(transaction, host.Guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "hypervisors.create", Kind, host.Guid, host.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/hypervisors/{host.Guid}", view);
    }

    private static async Task<Ok<HypervisorView>> UpdateAsync(
        Guid guid, HypervisorRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Hypervisor before = await transaction.Hypervisors.GetAsync(guid, cancellationToken);
        Hypervisor expected = before with { Version = RowVersion.Expected(context) ?? before.Version };
        Hypervisor host = await AppliedAsync(transaction, expected, request, context, cancellationToken);
        await transaction.Hypervisors.UpdateAsync(host, cancellationToken);
        await SealedCredential.RemoveOwnAsync(transaction, guid, cancellationToken);
        HypervisorView view = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "hypervisors.update", Kind, guid, host.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Hypervisor host = await transaction.Hypervisors.GetAsync(guid, cancellationToken);
        if (host is { HypervisorManagerGuid: not null, Present: true })
        {
            throw new VProtectException(
                ErrorCode.CatalogInUse, ErrorSide.Request, $"Host '{host.Name}' belongs to a manager that still has it.", "Delete the manager, or take the host out there.");
        }

        await PlatformFields.RequireIdleAsync(transaction, guid, $"Host '{host.Name}'", cancellationToken);
        await transaction.Machines.SetGoneAsync(manager: null, guid, cancellationToken);
        await transaction.Hypervisors.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await SealedCredential.RemoveOwnAsync(transaction, guid, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "hypervisors.delete", Kind, guid, host.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Hypervisor> AppliedAsync(
        CatalogTransaction transaction, Hypervisor before, HypervisorRequest request, HttpContext context, CancellationToken cancellationToken)
    {
        string address = PlatformFields.Address("host", before.Host, request.Host);
        Hypervisor host = before with
        {
            Host = address,
            Name = TextField.Name("name", before.Name.Length == 0 ? address : before.Name, request.Name),
            Platform = PlatformFields.Platform(before.Platform, request.Type),
            SshKeyPath = TextField.Applied("sshKeyPath", before.SshKeyPath, request.SshKeyPath),
            NodeConfigGuid = await PlatformFields.NodeConfigAsync(transaction, before.NodeConfigGuid, request.Node, request.NodeConfig, cancellationToken),
            TransferAddress = TextField.Applied("transferNicAddress", before.TransferAddress, request.TransferNicAddress, lengthMax: 255),
            ExportMode = TextField.Applied("vmExportImportMode", before.ExportMode, request.VmExportImportMode?.Name, lengthMax: 100),
            StorageType = TextField.Applied("storageType", before.StorageType, request.StorageType?.Name, lengthMax: 100),
            DataCenter = TextField.Applied("dataCenterName", before.DataCenter, request.DataCenterName, lengthMax: 255),
            Settings = PlatformFields.Settings(before.Settings, request.Settings),
        };
        (NameAndGuid? Credential, string? User, string? Password) sent = (request.Credential, request.User, request.Password);
        return host with
        {
            CredentialGuid = await PlatformFields.CredentialAsync(
                transaction, host.Guid, $"Host {host.Name}", before.CredentialGuid, sent, context, cancellationToken),
        };
    }

    private static async Task<HypervisorView> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Hypervisor host = await session.Hypervisors.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, host.Version);
        return (await ViewsAsync(session, [host], cancellationToken))(host);
    }

    private static async Task<Func<Hypervisor, HypervisorView>> ViewsAsync(
        CatalogSession session, IReadOnlyList<Hypervisor> hosts, CancellationToken cancellationToken)
    {
        PlatformLookup lookup = await PlatformLookup.OfAsync(session, hosts.Select(host => (host.CredentialGuid, host.NodeConfigGuid)), cancellationToken);
        NameLookup managers = await NameLookup.OfAsync(session.HypervisorManagers, hosts.Select(host => host.HypervisorManagerGuid), cancellationToken);
        NameLookup clusters = await NameLookup.OfAsync(session.HypervisorClusters, hosts.Select(host => host.ClusterGuid), cancellationToken);
        IReadOnlyDictionary<Guid, long> machines = await session.Machines.CountByHypervisorAsync([.. hosts.Select(host => host.Guid)], cancellationToken);
        return host => new HypervisorView(
            host.Guid,
            host.Name,
            host.Host,
            new NamedValue(host.Platform),
            lookup.User(host.CredentialGuid),
            lookup.CredentialOf(host.CredentialGuid),
            host.SshKeyPath,
            lookup.Node(host.NodeConfigGuid),
            lookup.NodeConfig(host.NodeConfigGuid),
            machines.GetValueOrDefault(host.Guid),
            NamedValue.Of(host.ExportMode),
            host.TransferAddress,
            host.DataCenter,
            clusters[host.ClusterGuid],
            managers[host.HypervisorManagerGuid],
            NamedValue.Of(host.StorageType),
            PlatformFields.Settings(host.Settings),
            host.State,
            host.StateInfo,
            host.LastSeenAt,
            host.Present);
    }
}
