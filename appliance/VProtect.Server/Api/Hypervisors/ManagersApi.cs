using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Credentials;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Api.Hypervisors;

/// <summary>Management end points of platforms.</summary>
internal static class ManagersApi
{
    private const string Kind = "hypervisor-managers";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder managers = api.MapGroup("/hypervisor-managers").WithTags("infrastructure");
        managers.MapGet("", ListAsync).Describe("Lists managers of platforms, or those that a backup can be restored to.", Permission.InventoryRead, 400);
        managers.MapGet("/{guid:guid}", GetAsync).Describe("Gets a manager.", Permission.InventoryRead, 404);
        managers.MapPost("", CreateAsync).Describe("Adds a manager, and queues the reading of its inventory.", Permission.InventoryPlatforms, 400, 409);
        managers.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a manager; without a password the stored one stays.", Permission.InventoryPlatforms, 400, 404, 409, 412);
        managers.MapDelete("/{guid:guid}", DeleteAsync)
            .Describe("Deletes a manager with its hosts; its machines stay as gone, with their backups.", Permission.InventoryPlatforms, 404, 409, 412);
    }

    private static async Task<Ok<List<ManagerView>>> ListAsync(
        [FromQuery(Name = "backup-to-be-restored")] Guid? backup, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        string? platform = await PlatformFields.PlatformOfAsync(session, backup, cancellationToken);
        ListPage<HypervisorManager> page = await session.HypervisorManagers.ListAsync(platform, list.ToQuery(), cancellationToken);
        return ListParameters.Answer(context, page, await ViewsAsync(session, page.Rows, cancellationToken));
    }

    private static async Task<Ok<ManagerView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, cancellationToken));
    }

    private static async Task<Created<ManagerView>> CreateAsync(
        ManagerRequest request, HttpContext context, CatalogDatabase catalog, TaskRequests requests, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        HypervisorManager manager = await AppliedAsync(
            transaction, new HypervisorManager { Name = "", Url = "", Platform = "" }, request, context, cancellationToken);
        await transaction.HypervisorManagers.InsertAsync(manager, cancellationToken);
        await requests.InventorySyncAsync(transaction, manager.Guid, new PlainRequest(), TaskOrigin.Of(context), cancellationToken);
        ManagerView view = await AnswerAsync(transaction, manager.Guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "hypervisor-managers.create", Kind, manager.Guid, manager.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/hypervisor-managers/{manager.Guid}", view);
    }

    private static async Task<Ok<ManagerView>> UpdateAsync(
        Guid guid, ManagerRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        HypervisorManager before = await transaction.HypervisorManagers.GetAsync(guid, cancellationToken);
        HypervisorManager expected = before with { Version = RowVersion.Expected(context) ?? before.Version };
        HypervisorManager manager = await AppliedAsync(transaction, expected, request, context, cancellationToken);
        await transaction.HypervisorManagers.UpdateAsync(manager, cancellationToken);
        await SealedCredential.RemoveOwnAsync(transaction, guid, cancellationToken);
        ManagerView view = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "hypervisor-managers.update", Kind, guid, manager.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        HypervisorManager manager = await transaction.HypervisorManagers.GetAsync(guid, cancellationToken);
        await PlatformFields.RequireIdleAsync(transaction, guid, $"Manager '{manager.Name}'", cancellationToken);
        await transaction.Machines.SetGoneAsync(guid, hypervisor: null, cancellationToken);
        await transaction.HypervisorManagers.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await SealedCredential.RemoveOwnAsync(transaction, guid, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "hypervisor-managers.delete", Kind, guid, manager.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<HypervisorManager> AppliedAsync(
        CatalogTransaction transaction, HypervisorManager before, ManagerRequest request, HttpContext context, CancellationToken cancellationToken)
    {
        string url = PlatformFields.Address("url", before.Url, request.Url);
        HypervisorManager manager = before with
        {
            Url = url,
            Name = TextField.Name("name", before.Name.Length == 0 ? url : before.Name, request.Name),
            Platform = PlatformFields.Platform(before.Platform, request.Type),
            NodeConfigGuid = await PlatformFields.NodeConfigAsync(transaction, before.NodeConfigGuid, request.Node, request.NodeConfig, cancellationToken),
            Settings = PlatformFields.Settings(before.Settings, request.Settings),
        };
        (NameAndGuid? Credential, string? User, string? Password) sent = (request.Credential, request.User, request.Password);
        return manager with
        {
            CredentialGuid = await PlatformFields.CredentialAsync(
                transaction, manager.Guid, $"Manager {manager.Name}", before.CredentialGuid, sent, context, cancellationToken),
        };
    }

    private static async Task<ManagerView> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        HypervisorManager manager = await session.HypervisorManagers.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, manager.Version);
        return (await ViewsAsync(session, [manager], cancellationToken))(manager);
    }

    private static async Task<Func<HypervisorManager, ManagerView>> ViewsAsync(
        CatalogSession session, IReadOnlyList<HypervisorManager> managers, CancellationToken cancellationToken)
    {
        PlatformLookup lookup = await PlatformLookup.OfAsync(session, managers.Select(manager => (manager.CredentialGuid, manager.NodeConfigGuid)), cancellationToken);
        IReadOnlyDictionary<Guid, long> machines = await session.Machines.CountByManagerAsync([.. managers.Select(manager => manager.Guid)], cancellationToken);
        return manager => new ManagerView(
            manager.Guid,
            manager.Name,
            manager.Url,
            new NamedValue(manager.Platform),
            lookup.User(manager.CredentialGuid),
            lookup.CredentialOf(manager.CredentialGuid),
            lookup.Node(manager.NodeConfigGuid),
            lookup.NodeConfig(manager.NodeConfigGuid),
            machines.GetValueOrDefault(manager.Guid),
            PlatformFields.Settings(manager.Settings),
            manager.State,
            manager.StateInfo,
            manager.LastSeenAt,
            manager.SyncedAt);
    }
}
