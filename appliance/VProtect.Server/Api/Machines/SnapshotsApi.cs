using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Catalog;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Machines;

/// <summary>Snapshots kept on platforms. They are made, reverted to and removed by tasks.</summary>
internal static class SnapshotsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder snapshots = api.MapGroup("/snapshots").WithTags("virtual machines");
        snapshots.MapGet("", ListAsync).Describe("Lists snapshots, newest first; of a machine or a policy.", Permission.InventoryRead, 400);
        snapshots.MapGet("/{guid:guid}", GetAsync).Describe("Gets a snapshot.", Permission.InventoryRead, 404);
    }

    private static async Task<Ok<List<SnapshotView>>> ListAsync(
        [FromQuery(Name = "virtual-machine")] Guid? machine, [FromQuery(Name = "protected-entity")] Guid? entity, Guid? policy, [AsParameters] ListParameters list,
        HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Snapshot> page = await session.Snapshots.ListAsync(machine ?? entity, policy, list.ToQuery(), cancellationToken);
        return ListParameters.Answer(context, page, await ViewsAsync(session, page.Rows, cancellationToken));
    }

    private static async Task<Ok<SnapshotView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        Snapshot snapshot = await session.Snapshots.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, snapshot.Version);
        return TypedResults.Ok((await ViewsAsync(session, [snapshot], cancellationToken))(snapshot));
    }

    private static async Task<Func<Snapshot, SnapshotView>> ViewsAsync(
        CatalogSession session, IReadOnlyList<Snapshot> snapshots, CancellationToken cancellationToken)
    {
        NameLookup machines = await NameLookup.OfAsync(session.Machines, snapshots.Select(snapshot => (Guid?)snapshot.MachineGuid), cancellationToken);
        NameLookup policies = await NameLookup.OfAsync(session.Policies, snapshots.Select(snapshot => snapshot.PolicyGuid), cancellationToken);
        NameLookup rules = await NameLookup.OfAsync(session.Rules, snapshots.Select(snapshot => snapshot.RuleGuid), cancellationToken);
        return snapshot => new SnapshotView(
            snapshot.Guid, snapshot.Name, snapshot.Uuid, machines.Of(snapshot.MachineGuid), snapshot.State, snapshot.CreatedAt, policies[snapshot.PolicyGuid],
            rules[snapshot.RuleGuid], snapshot.RestorePointGuid is { } backup ? new NameAndGuid(backup) : null, snapshot.Quiesced, snapshot.Ours,
            snapshot.SizeBytes, snapshot.StatusInfo);
    }
}
