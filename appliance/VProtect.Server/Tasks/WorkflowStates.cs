using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks;

/// <summary>Where a workflow stands, by its tasks.</summary>
internal static class WorkflowStates
{
    /// <summary>Failures that stay until a user does something about it.</summary>
    private static readonly HashSet<int> Critical =
    [
        (int)ErrorCode.WrongKey, (int)ErrorCode.KeyRequired, (int)ErrorCode.RepositoryNotFound, (int)ErrorCode.RepositoryInvalid, (int)ErrorCode.StoreFull,
        (int)ErrorCode.StoreDenied, (int)ErrorCode.ObjectMissing, (int)ErrorCode.DataCorrupt, (int)ErrorCode.PlatformDenied, (int)ErrorCode.SecretUnreadable,
    ];

    /// <summary>The state that these tasks make.</summary>
    public static WorkflowState Of(IReadOnlyList<CatalogTask> tasks)
    {
        if (tasks.Count == 0)
        {
            return WorkflowState.Unknown;
        }

        if (tasks.Any(task => task.State is TaskState.Queued or TaskState.Running))
        {
            return WorkflowState.Running;
        }

        int done = tasks.Count(task => task.State == TaskState.Finished);
        if (done > 0)
        {
            return done < tasks.Count
                ? WorkflowState.PartiallyFinished
                : tasks.Any(task => task.Warnings > 0) ? WorkflowState.FinishedWithWarnings : WorkflowState.Finished;
        }

        if (tasks.All(task => task.State == TaskState.Cancelled))
        {
            return WorkflowState.Cancelled;
        }

        return tasks.Any(task => task.ErrorCode is { } code && Critical.Contains(code)) ? WorkflowState.FailedWithCriticalErrors : WorkflowState.Failed;
    }

    /// <summary>Brings the row up to date after one of its tasks changed.</summary>
    public static async Task UpdateAsync(CatalogTransaction transaction, Guid guid, CancellationToken cancellationToken)
    {
        if (await transaction.Workflows.FindAsync(guid, cancellationToken) is not { } workflow)
        {
            return;
        }

        IReadOnlyList<CatalogTask> tasks = await transaction.Tasks.OfWorkflowAsync(guid, cancellationToken);
        WorkflowState state = Of(tasks);
        string? info = tasks.Select(task => task.StatusInfo).LastOrDefault(text => text is not null);
        if (state != workflow.State || info != workflow.StatusInfo)
        {
            DateTimeOffset? finished = state == WorkflowState.Running ? null : tasks.Max(task => task.FinishedAt) ?? workflow.CreatedAt;
            await transaction.Workflows.UpdateAsync(workflow with { State = state, FinishedAt = finished, StatusInfo = info }, cancellationToken);
        }
    }
}
