using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Requests;

/// <summary>
/// Queues work: a checked request → workflow, tasks and what they are to make, in the caller's transaction. Nodes hear of it when it is committed.
/// A file for each kind of work.
/// </summary>
internal sealed partial class TaskRequests(TimeProvider time)
{
    /// <summary>Priority when nobody says.</summary>
    public const int DefaultPriority = 50;

    private static CatalogTask TaskOf(TaskType type, TaskRequest request, TaskOrigin origin, Workflow workflow, TaskParameters? parameters = null)
    {
        TaskParameters all = (parameters ?? new TaskParameters()) with { RetryCount = request.RetryCount ?? parameters?.RetryCount ?? 0 };
        return new CatalogTask
        {
            Type = type,
            Priority = Math.Clamp(request.Priority ?? DefaultPriority, 0, 100),
            WindowStart = request.WindowStart,
            WindowEnd = request.WindowEnd,
            WorkflowGuid = workflow.Guid,
            OriginType = origin.Type,
            OriginGuid = origin.Guid,
            MachineGuid = workflow.MachineGuid,
            PolicyGuid = workflow.PolicyGuid,
            ScheduleGuid = workflow.ScheduleGuid,
            Parameters = all.ToJson(),
            MaxAttempts = 1 + all.RetryCount,
            CreatedAt = workflow.CreatedAt,
        };
    }

    private Workflow WorkflowOf(string name, TaskOrigin origin, Guid? machine = null) => new()
    {
        Name = name,
        OriginType = origin.Type,
        OriginGuid = origin.Guid,
        MachineGuid = machine,
        CreatedAt = time.GetUtcNow(),
    };

    private static async Task<CatalogTask> QueueAsync(CatalogTransaction transaction, Workflow workflow, CatalogTask task, CancellationToken cancellationToken)
    {
        await transaction.Workflows.InsertAsync(workflow, cancellationToken);
        await transaction.Tasks.InsertAsync(task, cancellationToken);
        return task;
    }

    /// <summary>What the limit per source counts: the manager of a machine, or its host when it stands alone.</summary>
    private static Guid SourceOf(Machine machine) => machine.HypervisorManagerGuid ?? machine.HypervisorGuid ?? throw new VProtectException(
        ErrorCode.TaskImpossible, ErrorSide.Request, $"The platform of machine {machine.Name} was removed.", "Add the platform again and read its inventory.");

    private static async Task<RestorePoint> RestorableAsync(CatalogSession session, Guid guid, CancellationToken cancellationToken)
    {
        RestorePoint point = await session.RestorePoints.GetAsync(guid, cancellationToken);
        return point is { State: RestorePointState.Success, RepositoryPointId: not null }
            ? point
            : throw new VProtectException(
                ErrorCode.RestorePointUnfit, ErrorSide.Request, $"Nothing can be restored from a backup that is {point.State.ToString().ToLowerInvariant()}.",
                "Choose one whose status is SUCCESS.");
    }
}
