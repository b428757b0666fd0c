using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Recovery;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Recovery;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Api.Recovery;

/// <summary>Recovery plans and their runs.</summary>
internal static class RecoveryPlansApi
{
    private const string Kind = "recovery-plans";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder plans = api.MapGroup("/recovery-plans").WithTags("recovery plans");
        plans.MapGet("", ListAsync).Describe("Lists recovery plans.", Permission.PoliciesRead, 400);
        plans.MapGet("/{guid:guid}", GetAsync).Describe("Gets a recovery plan.", Permission.PoliciesRead, 404);
        plans.MapPost("", CreateAsync).Describe("Makes a recovery plan.", Permission.PoliciesWrite, 400, 404, 409);
        plans.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a recovery plan.", Permission.PoliciesWrite, 400, 404, 409, 412);
        plans.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a recovery plan; reports of its runs stay as long as their tasks.", Permission.PoliciesWrite, 404, 412);
        plans.MapPost("/{guid:guid}/check", CheckAsync).Describe("Tells what a run would restore now, and what is in its way.", Permission.PoliciesRead, 404);
        plans.MapPost("/{guid:guid}/run", RunAsync)
            .WithMetadata(new TakesIdempotencyKey(), new ProducesResponseTypeMetadata(StatusCodes.Status201Created, typeof(RecoveryRunView), ["application/json"]))
            .Describe("Runs a recovery plan now.", Permission.TasksRestore, 400, 404, 409);
        plans.MapGet("/{guid:guid}/runs", RunsAsync).Describe("Lists runs of a recovery plan with their reports, newest first.", Permission.TasksRead, 400, 404);
        api.MapGet("/recovery-runs/{guid:guid}", RunOfAsync).WithTags("recovery plans").Describe("Gets the report of a run.", Permission.TasksRead, 404);
    }

    private static async Task<Ok<List<RecoveryPlanView>>> ListAsync(
        [FromQuery(Name = "tenantid")] string? tenant, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<RecoveryPlan> page = await session.RecoveryPlans.ListAsync(tenant, list.ToQuery(), cancellationToken);
        Dictionary<Guid, RecoveryPlanView> views = await RecoveryShowing.PlansAsync(session, page.Rows, cancellationToken);
        return ListParameters.Answer(context, page, plan => views[plan.Guid]);
    }

    private static async Task<Ok<RecoveryPlanView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        RecoveryPlan plan = await session.RecoveryPlans.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, plan.Version);
        return TypedResults.Ok((await RecoveryShowing.PlansAsync(session, [plan], cancellationToken))[guid]);
    }

    private static async Task<Created<RecoveryPlanView>> CreateAsync(
        RecoveryPlanRequest request, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        RecoveryPlan plan = await RecoveryWriting.AppliedAsync(
            transaction, new RecoveryPlan { Name = "", Steps = RecoveryStep.ToJson([]) }, request, time.GetUtcNow(), cancellationToken);
        await transaction.RecoveryPlans.InsertAsync(plan, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "recovery-plans.create", Kind, plan.Guid, plan.Name, cancellationToken);
        RecoveryPlanView view = (await RecoveryShowing.PlansAsync(transaction, [plan], cancellationToken))[plan.Guid];
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, plan.Version);
        return TypedResults.Created($"/api/recovery-plans/{plan.Guid}", view);
    }

    private static async Task<Ok<RecoveryPlanView>> UpdateAsync(
        Guid guid, RecoveryPlanRequest request, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        RecoveryPlan before = await transaction.RecoveryPlans.GetAsync(guid, cancellationToken);
        RecoveryPlan plan = await RecoveryWriting.AppliedAsync(
            transaction, before with { Version = RowVersion.Expected(context) ?? before.Version }, request, time.GetUtcNow(), cancellationToken);
        long version = await transaction.RecoveryPlans.UpdateAsync(plan, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "recovery-plans.update", Kind, guid, plan.Name, cancellationToken);
        RecoveryPlanView view = (await RecoveryShowing.PlansAsync(transaction, [plan], cancellationToken))[guid];
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(view);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        RecoveryPlan plan = await transaction.RecoveryPlans.GetAsync(guid, cancellationToken);
        await transaction.RecoveryPlans.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "recovery-plans.delete", Kind, guid, plan.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<List<RecoveryCheckView>>> CheckAsync(Guid guid, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        RecoveryPlan plan = await session.RecoveryPlans.GetAsync(guid, cancellationToken);
        return TypedResults.Ok(await RecoveryShowing.CheckAsync(session, plan, time.GetUtcNow(), cancellationToken));
    }

    private static Task<IResult> RunAsync(Guid guid, HttpContext context, TaskRequests requests, TimeProvider time, CancellationToken cancellationToken) =>
        IdempotentRequest.RunAsync(
            context,
            guid,
            StatusCodes.Status201Created,
            async transaction =>
            {
                RecoveryPlan plan = await transaction.RecoveryPlans.GetAsync(guid, cancellationToken);
                if (RecoveryStep.Of(plan).Count == 0)
                {
                    throw new VProtectException(ErrorCode.TaskImpossible, ErrorSide.Request, $"The recovery plan {plan.Name} has no step.", "Put machines into it.");
                }

                if (await transaction.Workflows.IsPlanUnderWayAsync(guid, cancellationToken))
                {
                    throw new VProtectException(
                        ErrorCode.TaskUnfit, ErrorSide.Request, $"A run of the recovery plan {plan.Name} has not ended.", "Wait for it, or cancel its workflow.");
                }

                Workflow run = await requests.RecoverAsync(transaction, plan, TaskOrigin.Of(context), cancellationToken);
                await transaction.RecoveryPlans.SetNextRunAsync(guid, time.GetUtcNow(), plan.NextRunAt, cancellationToken);
                await AuditTrail.AppendAsync(transaction, context, "recovery-plans.run", Kind, guid, plan.Name, cancellationToken);
                return (await RecoveryShowing.RunsAsync(transaction, [run], time.GetUtcNow(), cancellationToken))[run.Guid];
            },
            cancellationToken);

    private static async Task<Ok<List<RecoveryRunView>>> RunsAsync(
        Guid guid, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        await session.RecoveryPlans.GetAsync(guid, cancellationToken);
        ListPage<Workflow> page = await session.Workflows.ListOfPlanAsync(guid, list.ToQuery(), cancellationToken);
        Dictionary<Guid, RecoveryRunView> views = await RecoveryShowing.RunsAsync(session, page.Rows, time.GetUtcNow(), cancellationToken);
        return ListParameters.Answer(context, page, run => views[run.Guid]);
    }

    private static async Task<Ok<RecoveryRunView>> RunOfAsync(Guid guid, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        Workflow run = await session.Workflows.GetAsync(guid, cancellationToken);
        return TypedResults.Ok((await RecoveryShowing.RunsAsync(session, [run], time.GetUtcNow(), cancellationToken))[guid]);
    }
}
