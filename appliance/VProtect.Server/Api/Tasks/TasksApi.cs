using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;

namespace VProtect.Server.Api.Tasks;

/// <summary>Tasks that exist: list, look, cancel, move, delete. Making them is in <see cref="TaskCreationApi"/>.</summary>
internal static class TasksApi
{
    private const string Kind = "tasks";
    private const int LinesMax = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder tasks = api.MapGroup("/tasks").WithTags("tasks");
        tasks.MapGet("", ListAsync).Describe("Lists tasks, newest first; state and type may hold several names with commas.", Permission.TasksRead, 400);
        tasks.MapGet("/{guid:guid}", GetAsync).Describe("Gets a task.", Permission.TasksRead, 404);
        tasks.MapGet("/{guid:guid}/log", LogAsync).Describe("Gets the lines of a task's log behind number 'after'.", Permission.TasksRead, 400, 404);
        tasks.MapPut("/{guid:guid}/state", SetStateAsync).Describe("Cancels a task: send CANCELLED.", Permission.TasksManage, 400, 404);
        tasks.MapPut("/{guid:guid}/priority", SetPriorityAsync).Describe("Changes a task's place in the queue.", Permission.TasksManage, 400, 404, 409);
        tasks.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a task that does not run, with its log.", Permission.TasksManage, 404, 409);
        tasks.MapDelete("/all-finished", DeleteFinishedAsync).Describe("Deletes all tasks that have ended.", Permission.TasksManage);
        tasks.MapDelete("/all-finished-and-queued", DeleteFinishedAndQueuedAsync).Describe("Cancels all tasks that wait and deletes all that have ended.", Permission.TasksManage);
        tasks.MapDelete("/all-running", CancelRunningAsync).Describe("Cancels all tasks that run.", Permission.TasksManage);
    }

    private static async Task<Ok<List<TaskView>>> ListAsync(
        [AsParameters] ListParameters list, Guid? protectedEntity, Guid? backup, Guid? schedule, Guid? policy, Guid? workflow, string[]? state, string[]? type,
        string? tenantId, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        var filter = new TaskFilter
        {
            States = EnumParameter.Parse<TaskState>("state", state),
            Types = EnumParameter.Parse<TaskType>("type", type),
            Machine = protectedEntity,
            RestorePoint = backup,
            Schedule = schedule,
            Policy = policy,
            Workflow = workflow,
            Tenant = tenantId,
        };
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<CatalogTask> page = await session.Tasks.ListAsync(filter, list.ToQuery(), cancellationToken);
        ListParameters.Answer(context, page, task => task.Guid);
        return TypedResults.Ok(await TaskViews.OfAsync(session, page.Rows, cancellationToken));
    }

    private static async Task<Ok<TaskView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        CatalogTask task = await session.Tasks.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, task.Version);
        return TypedResults.Ok(await TaskViews.OfAsync(session, task, cancellationToken));
    }

    private static async Task<Ok<List<TaskLineView>>> LogAsync(Guid guid, long? after, int? size, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        TaskBodyChecks.Between("size", size, 1, LinesMax);
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        await session.Tasks.GetAsync(guid, cancellationToken);
        IReadOnlyList<TaskLogLine> lines = await session.Tasks.LogAsync(guid, after ?? 0, size ?? LinesMax, cancellationToken);
        return TypedResults.Ok(lines.Select(line => new TaskLineView(line.Seq, line.At, line.Level, line.Text)).ToList());
    }

    private static async Task<Ok<TaskView>> SetStateAsync(
        Guid guid, JsonElement request, HttpContext context, CatalogDatabase catalog, TaskCommands commands, CancellationToken cancellationToken)
    {
        if (TaskBodyChecks.NameOf(request) != ApiName.Of(TaskState.Cancelled))
        {
            throw new InvalidFieldException("state", "A task can only be cancelled.", "Send \"CANCELLED\".");
        }

        await commands.CancelAsync(guid, $"Cancelled by {Caller.Of(context).Login}.", cancellationToken);
        await NoteAsync(context, catalog, "tasks.cancel", guid, cancellationToken);
        return await GetAsync(guid, context, catalog, cancellationToken);
    }

    private static async Task<Ok<TaskView>> SetPriorityAsync(
        Guid guid, PriorityBody request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        TaskBodyChecks.Between("priority", request.Priority ?? -1, 0, 100);
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            await transaction.Tasks.SetPriorityAsync(guid, request.Priority!.Value, cancellationToken);
            await AuditTrail.AppendAsync(transaction, context, "tasks.priority", Kind, guid, name: null, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return await GetAsync(guid, context, catalog, cancellationToken);
    }

    private static async Task<NoContent> DeleteAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, TaskCommands commands, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await commands.DeleteAsync(transaction, guid, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "tasks.delete", Kind, guid, name: null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteFinishedAsync(HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Tasks.DeleteEndedAsync(DateTimeOffset.MaxValue, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "tasks.delete-finished", Kind, guid: null, name: null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteFinishedAndQueuedAsync(
        HttpContext context, CatalogDatabase catalog, TaskCommands commands, CancellationToken cancellationToken)
    {
        await commands.CancelAllAsync(TaskState.Queued, $"Cancelled by {Caller.Of(context).Login}.", cancellationToken);
        await NoteAsync(context, catalog, "tasks.cancel-queued", guid: null, cancellationToken);
        return await DeleteFinishedAsync(context, catalog, cancellationToken);
    }

    private static async Task<NoContent> CancelRunningAsync(HttpContext context, CatalogDatabase catalog, TaskCommands commands, CancellationToken cancellationToken)
    {
        await commands.CancelAllAsync(TaskState.Running, $"Cancelled by {Caller.Of(context).Login}.", cancellationToken);
        await NoteAsync(context, catalog, "tasks.cancel-running", guid: null, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task NoteAsync(HttpContext context, CatalogDatabase catalog, string action, Guid? guid, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, action, Kind, guid, name: null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
