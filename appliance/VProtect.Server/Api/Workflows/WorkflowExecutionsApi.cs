using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Api.Tasks;
using VProtect.Server.Tasks;

namespace VProtect.Server.Api.Workflows;

/// <summary>A workflow as clients see it; its tasks only when it is looked at alone.</summary>
internal sealed record WorkflowView(
    Guid Guid, string Name, WorkflowState State, OriginView OriginEntity, NameAndGuid? ProtectedEntity, NameAndGuid? Policy, NameAndGuid? Schedule,
    DateTimeOffset Created, DateTimeOffset? Finished, string? StatusInfo, IReadOnlyList<TaskView>? Tasks);

/// <summary>Workflows: the tasks of one intent.</summary>
internal static class WorkflowExecutionsApi
{
    private const string Kind = "workflow-executions";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder workflows = api.MapGroup("/workflow-executions").WithTags("workflows");
        workflows.MapGet("", ListAsync).Describe("Lists workflows, newest first.", Permission.TasksRead, 400);
        workflows.MapGet("/{guid:guid}", GetAsync).Describe("Gets a workflow with its tasks.", Permission.TasksRead, 404);
        workflows.MapPut("/{guid:guid}/state", SetStateAsync).Describe("Cancels a workflow's tasks: send CANCELLED.", Permission.TasksManage, 400, 404);
        workflows.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a workflow that has ended, with its tasks.", Permission.TasksManage, 404, 409);
    }

    private static async Task<Ok<List<WorkflowView>>> ListAsync(
        [AsParameters] ListParameters list, string? state, Guid? protectedEntity, Guid? policy, Guid? schedule, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        WorkflowState? wanted = EnumParameter.Parse<WorkflowState>("state", state is null ? null : [state]) is { } states ? states.First() : null;
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Workflow> page = await session.Workflows.ListAsync(wanted, protectedEntity, policy, schedule, list.ToQuery(), cancellationToken);
        Names names = await NamesAsync(session, page.Rows, cancellationToken);
        return ListParameters.Answer(context, page, workflow => View(workflow, names, tasks: null));
    }

    private static async Task<Ok<WorkflowView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        Workflow workflow = await session.Workflows.GetAsync(guid, cancellationToken);
        List<TaskView> tasks = await TaskViews.OfAsync(session, await session.Tasks.OfWorkflowAsync(guid, cancellationToken), cancellationToken);
        RowVersion.Tell(context, workflow.Version);
        return TypedResults.Ok(View(workflow, await NamesAsync(session, [workflow], cancellationToken), tasks));
    }

    private static async Task<Ok<WorkflowView>> SetStateAsync(
        Guid guid, JsonElement request, HttpContext context, CatalogDatabase catalog, TaskCommands commands, CancellationToken cancellationToken)
    {
        if (TaskBodyChecks.NameOf(request) != ApiName.Of(WorkflowState.Cancelled))
        {
            throw new InvalidFieldException("state", "A workflow can only be cancelled.", "Send \"CANCELLED\".");
        }

        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            Workflow workflow = await transaction.Workflows.GetAsync(guid, cancellationToken);
            await AuditTrail.AppendAsync(transaction, context, "workflows.cancel", Kind, guid, workflow.Name, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await commands.CancelWorkflowAsync(guid, $"Cancelled by {Caller.Of(context).Login}.", cancellationToken);
        return await GetAsync(guid, context, catalog, cancellationToken);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Workflow workflow = await transaction.Workflows.GetAsync(guid, cancellationToken);
        if (workflow.State == WorkflowState.Running)
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, "The workflow has tasks that wait or run.", "Cancel it first: PUT its state with CANCELLED.");
        }

        await transaction.Workflows.DeleteAsync(guid, version: null, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "workflows.delete", Kind, guid, workflow.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static WorkflowView View(Workflow workflow, Names names, IReadOnlyList<TaskView>? tasks) => new(
        workflow.Guid, workflow.Name, workflow.State, new OriginView(workflow.OriginType, workflow.OriginGuid, names.Of(workflow.OriginGuid)?.Name),
        names.Of(workflow.MachineGuid), names.Of(workflow.PolicyGuid), names.Of(workflow.ScheduleGuid), workflow.CreatedAt, workflow.FinishedAt,
        workflow.StatusInfo, tasks);

    private static async Task<Names> NamesAsync(CatalogSession session, IReadOnlyList<Workflow> workflows, CancellationToken cancellationToken)
    {
        var names = new Names();
        await names.AddAsync(session.Machines, workflows.Select(workflow => workflow.MachineGuid), cancellationToken);
        await names.AddAsync(session.Policies, workflows.Select(workflow => workflow.PolicyGuid), cancellationToken);
        await names.AddAsync(session.Schedules, workflows.Select(workflow => workflow.ScheduleGuid), cancellationToken);
        IEnumerable<Guid?> users = workflows.Where(workflow => workflow.OriginType == OriginType.User).Select(workflow => workflow.OriginGuid);
        await names.AddAsync(session.Users, users, cancellationToken);
        return names;
    }
}
