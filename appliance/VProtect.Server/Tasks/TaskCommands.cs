using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks;

/// <summary>What users do with tasks that exist. Each method is a transaction of its own, or several when there are many tasks.</summary>
internal sealed class TaskCommands(CatalogDatabase catalog, TaskEndings endings, TaskBells bells)
{
    private const int BatchSize = 200;

    /// <summary>
    /// Cancels a task: at once while it waits; when it runs its node is told at once, and it ends when the node has cleaned up. For a half this is its whole.
    /// One that has ended stays as it is.
    /// </summary>
    public async Task<CatalogTask> CancelAsync(Guid guid, string reason, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await CancelAsync(transaction, guid, reason, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        bells.Stops.Ring();
        bells.Work.Ring();
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await session.Tasks.GetAsync(guid, cancellationToken);
    }

    /// <summary>Cancels everything in a state.</summary>
    /// <returns>How many tasks were cancelled, or will be.</returns>
    public async Task<int> CancelAllAsync(TaskState state, string reason, CancellationToken cancellationToken)
    {
        List<Guid> guids = [];
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            string? next = null;
            do
            {
                ListPage<CatalogTask> page = await session.Tasks.ListAsync(
                    new TaskFilter { States = [state] }, new ListQuery { Size = 1000, After = next }, cancellationToken);
                guids.AddRange(page.Rows.Select(task => task.Guid));
                next = page.Next;
            }
            while (next is not null);
        }

        foreach (Guid[] batch in guids.Chunk(BatchSize))
        {
            await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
            foreach (Guid guid in batch)
            {
                // One that ended since then is no concern.
                if (await transaction.Tasks.FindAsync(guid, cancellationToken) is not null)
                {
                    await CancelAsync(transaction, guid, reason, cancellationToken);
                }
            }

            await transaction.CommitAsync(cancellationToken);
            bells.Stops.Ring();
        }

        bells.Work.Ring();
        return guids.Count;
    }

    /// <summary>Cancels all tasks of a workflow.</summary>
    public async Task CancelWorkflowAsync(Guid workflow, string reason, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);

        // From the end, so that nothing is released that is then cancelled.
        foreach (CatalogTask task in (await transaction.Tasks.OfWorkflowAsync(workflow, cancellationToken)).OrderBy(task => task.DependsOnGuid is null))
        {
            await CancelAsync(transaction, task.Guid, reason, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        bells.Stops.Ring();
        bells.Work.Ring();
    }

    /// <summary>Removes a task with its log: one that waits is cancelled first, one that runs is refused.</summary>
    public async Task DeleteAsync(CatalogTransaction transaction, Guid guid, CancellationToken cancellationToken)
    {
        CatalogTask task = await transaction.Tasks.GetAsync(guid, cancellationToken);
        if (task.State == TaskState.Queued)
        {
            await CancelAsync(transaction, guid, "It was deleted.", cancellationToken);
            task = await transaction.Tasks.GetAsync(guid, cancellationToken);
        }

        if (task.State is TaskState.Queued or TaskState.Running)
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, "The task is running.", "Cancel it first: PUT /api/tasks/{guid}/state with CANCELLED.");
        }

        await transaction.Tasks.DeleteAsync(guid, version: null, cancellationToken);
    }

    private async Task CancelAsync(CatalogTransaction transaction, Guid guid, string reason, CancellationToken cancellationToken)
    {
        CatalogTask task = await transaction.Tasks.GetAsync(guid, cancellationToken);
        if (task.Type is TaskType.Store or TaskType.Import && task.LinkedTaskGuid is { } leader)
        {
            task = await transaction.Tasks.GetAsync(leader, cancellationToken);
        }

        if (task.State is not (TaskState.Queued or TaskState.Running))
        {
            return;
        }

        CatalogTask now = await transaction.Tasks.CancelAsync(task.Guid, reason, cancellationToken);
        if (now.State == TaskState.Cancelled)
        {
            await endings.FollowAsync(transaction, now, new Ending { State = TaskState.Cancelled, StatusInfo = reason }, cancellationToken);
        }
    }
}
