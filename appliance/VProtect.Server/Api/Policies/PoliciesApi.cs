using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Policies;

namespace VProtect.Server.Api.Policies;

/// <summary>What is to happen to which machines: backup policies and snapshot policies, alike but for their paths.</summary>
internal static class PoliciesApi
{
    private const int EntitiesMax = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        Map(api.MapGroup("/policies/vm-backup"), PolicyKind.VmBackup);
        Map(api.MapGroup("/policies/vm-snapshot"), PolicyKind.VmSnapshot);
    }

    private static void Map(RouteGroupBuilder policies, PolicyKind kind)
    {
        string word = OfKind.Word(kind);
        policies.WithTags("policies").WithMetadata(new OfKind(kind));
        policies.MapGet("", ListAsync).Describe($"Lists {word} policies; rules are whole with extended=true.", Permission.PoliciesRead, 400);
        policies.MapGet("/{guid:guid}", GetAsync).Describe($"Gets a {word} policy with its rules.", Permission.PoliciesRead, 404);
        policies.MapPost("", CreateAsync).Describe($"Makes a {word} policy, with rules and machines at once if they are sent.", Permission.PoliciesWrite, 400, 409);
        policies.MapPut("/{guid:guid}", UpdateAsync).Describe($"Changes a {word} policy.", Permission.PoliciesWrite, 400, 404, 409, 412);
        policies.MapDelete("/{guid:guid}", DeleteAsync)
            .Describe($"Deletes a {word} policy with its rules; its machines and what it made stay.", Permission.PoliciesWrite, 404, 412);
        policies.MapPost("/list-by-entities", ListByEntitiesAsync).Describe($"Lists the {word} policies that these machines are in.", Permission.PoliciesRead, 400);
    }

    private static async Task<Ok<List<PolicyView>>> ListAsync(
        bool? extended, [FromQuery(Name = "tenantid")] string? tenant, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Policy> page = await session.Policies.ListAsync(OfKind.Of(context), tenant, list.ToQuery(), cancellationToken);
        IReadOnlyList<PolicyConfig> configs = await PolicyReading.OfAsync(session, page.Rows, cancellationToken);
        PolicyShowing showing = await PolicyShowing.OfAsync(session, configs, cancellationToken);
        Dictionary<Guid, PolicyConfig> byGuid = configs.ToDictionary(config => config.Policy.Guid);
        return ListParameters.Answer(context, page, policy => showing.View(byGuid[policy.Guid], extended ?? false));
    }

    private static async Task<Ok<PolicyView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, cancellationToken));
    }

    private static async Task<Created<PolicyView>> CreateAsync(
        PolicyRequest request, HttpContext context, CatalogDatabase catalog, AutoAssignmentRun assignment, CancellationToken cancellationToken)
    {
        PolicyKind kind = OfKind.Of(context);
        PolicyConfig config = PolicyWriting.Applied(PolicyWriting.New(kind), request);
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            await PolicyWriting.CheckAsync(transaction, config, request.Vms, cancellationToken);
            await PolicyWriting.StoreAsync(transaction, before: null, config, request.Vms, cancellationToken);
            await AuditTrail.AppendAsync(transaction, context, "policies.create", "policies", config.Policy.Guid, config.Policy.Name, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        PolicyView view = await SavedAsync(config.Policy, request, context, catalog, assignment, cancellationToken);
        return TypedResults.Created($"{context.Request.Path}/{config.Policy.Guid}", view);
    }

    private static async Task<Ok<PolicyView>> UpdateAsync(
        Guid guid, PolicyRequest request, HttpContext context, CatalogDatabase catalog, AutoAssignmentRun assignment, CancellationToken cancellationToken)
    {
        PolicyConfig config;
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            PolicyConfig before = await FindAsync(transaction, guid, context, cancellationToken);
            Policy expected = before.Policy with { Version = RowVersion.Expected(context) ?? before.Policy.Version };
            config = PolicyWriting.Applied(before with { Policy = expected }, request);
            await PolicyWriting.CheckAsync(transaction, config, request.Vms, cancellationToken);
            await PolicyWriting.StoreAsync(transaction, before, config, request.Vms, cancellationToken);
            await AuditTrail.AppendAsync(transaction, context, "policies.update", "policies", guid, config.Policy.Name, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return TypedResults.Ok(await SavedAsync(config.Policy, request, context, catalog, assignment, cancellationToken));
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        PolicyConfig config = await FindAsync(transaction, guid, context, cancellationToken);

        // One by one, so that machines show the next of their policies.
        await PolicyWriting.SetMachinesAsync(transaction, guid, new HashSet<Guid>(), cancellationToken);
        await transaction.Policies.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "policies.delete", "policies", guid, config.Policy.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<List<PolicyView>>> ListByEntitiesAsync(
        List<NameAndGuid> request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if (request.Count > EntitiesMax)
        {
            throw new InvalidFieldException("body", "There are too many machines.", $"Send at most {EntitiesMax}.");
        }

        PolicyKind kind = OfKind.Of(context);
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        IReadOnlyList<PolicyMachine> assigned = await session.Policies.OfMachinesAsync([.. request.Select(machine => machine.Guid).Distinct()], cancellationToken);
        IReadOnlyList<Policy> policies = await session.Policies.FindManyAsync([.. assigned.Select(link => link.PolicyGuid).Distinct()], cancellationToken);
        IReadOnlyList<PolicyConfig> configs = await PolicyReading.OfAsync(
            session, [.. policies.Where(policy => policy.Kind == kind).OrderByDescending(policy => policy.Priority).ThenBy(policy => policy.NameKey)], cancellationToken);
        PolicyShowing showing = await PolicyShowing.OfAsync(session, configs, cancellationToken);
        return TypedResults.Ok(configs.Select(config => showing.View(config, isExtended: false)).ToList());
    }

    /// <summary>What follows the commit: assignment when it was asked for, and the answer.</summary>
    private static async Task<PolicyView> SavedAsync(
        Policy policy, PolicyRequest request, HttpContext context, CatalogDatabase catalog, AutoAssignmentRun assignment, CancellationToken cancellationToken)
    {
        if (request.ExecuteAutoAssignmentAfterSavingPolicy == true)
        {
            await assignment.RunAsync(policy.Kind, cancellationToken);
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await AnswerAsync(session, policy.Guid, context, cancellationToken);
    }

    private static async Task<PolicyView> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        PolicyConfig config = await FindAsync(session, guid, context, cancellationToken);
        RowVersion.Tell(context, config.Policy.Version);
        return (await PolicyShowing.OfAsync(session, [config], cancellationToken)).View(config, isExtended: true);
    }

    private static async Task<PolicyConfig> FindAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Policy policy = await session.Policies.GetAsync(guid, cancellationToken);
        return policy.Kind == OfKind.Of(context)
            ? (await PolicyReading.OfAsync(session, [policy], cancellationToken))[0]
            : throw Reference.Missing($"{OfKind.Word(OfKind.Of(context))} policy", guid);
    }
}
