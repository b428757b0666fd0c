using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks.Kinds;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks;

/// <summary>
/// What follows when a task ends, in the same transaction:
/// <code>
/// 1 the task itself: ended, or back in the queue while tries are left
/// 2 its other half does the same
/// 3 what it was to make: restore point, snapshot …
/// 4 those that wait for it
/// 5 the rest of the run, when too much of it failed
/// 6 its workflow
/// </code>
/// </summary>
internal sealed class TaskEndings(TaskKinds kinds, TimeProvider time)
{
    // Errors of the repository are the STORE's, all others the EXPORT's.
    private const int FirstStoreError = 2100;
    private const int LastStoreError = 2399;

    /// <summary>Ends the try of a task that its node has told of.</summary>
    public async Task EndTryAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        CatalogTask now = await transaction.Tasks.FinishAsync(TaskTable.LeaseOf(task), ending, cancellationToken);
        await FollowAsync(transaction, now, ending, cancellationToken);
    }

    /// <summary>Ends a task that no node has: one that waits, or one whose lease is void.</summary>
    public async Task EndAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        await transaction.Tasks.EndAsync(task, ending, cancellationToken);
        await FollowAsync(transaction, await transaction.Tasks.GetAsync(task.Guid, cancellationToken), ending, cancellationToken);
    }

    /// <summary>Puts a task whose lease is void back into the queue.</summary>
    public async Task RequeueAsync(CatalogTransaction transaction, CatalogTask task, string reason, CancellationToken cancellationToken)
    {
        await transaction.Tasks.RequeueAsync(task, cancellationToken);
        await FollowAsync(
            transaction, await transaction.Tasks.GetAsync(task.Guid, cancellationToken), new Ending { State = TaskState.Failed, StatusInfo = reason }, cancellationToken);
    }

    /// <summary>Steps 2 to 6 for a task whose row has its new state already.</summary>
    public async Task FollowAsync(CatalogTransaction transaction, CatalogTask now, Ending ending, CancellationToken cancellationToken)
    {
        await transaction.Tasks.FollowAsync(now, now.State, now.BytesDone, cancellationToken); // 2
        TaskKind? kind = kinds.Find(now.Type);
        if (now.State == TaskState.Queued)
        {
            await (kind?.WaitsAgainAsync(transaction, now, ending.StatusInfo, cancellationToken) ?? Task.CompletedTask); // 3
            return;
        }

        if (now.State != TaskState.Finished)
        {
            await (kind?.FailedAsync(transaction, now, ending, cancellationToken) ?? Task.CompletedTask); // 3
        }

        await DependentsAsync(transaction, now, cancellationToken); // 4
        if (now is { Type: TaskType.Export, State: TaskState.Failed, PolicyGuid: { } policy })
        {
            await RestOfRunAsync(transaction, now, policy, cancellationToken); // 5
        }

        if (now.WorkflowGuid is { } workflow)
        {
            await WorkflowStates.UpdateAsync(transaction, workflow, cancellationToken); // 6
        }
    }

    private async Task DependentsAsync(CatalogTransaction transaction, CatalogTask ended, CancellationToken cancellationToken)
    {
        foreach (CatalogTask waiting in await transaction.Tasks.DependentsAsync(ended.Guid, cancellationToken))
        {
            StepParameters? step = TaskParameters.Of(waiting).Step;
            bool goesOn = ended.State == TaskState.Finished || (step is { RunsAfterFailure: true } && ended.State == TaskState.Failed);
            if (goesOn && step is { StartDelay: > 0 })
            {
                await transaction.Tasks.DelayAsync(waiting.Guid, time.GetUtcNow().AddMilliseconds(step.StartDelay), cancellationToken);
            }

            if (ended.State == TaskState.Finished)
            {
                continue;
            }

            if (goesOn)
            {
                await transaction.Tasks.ReleaseAsync(waiting.Guid, cancellationToken);
                continue;
            }

            if (waiting.Type == TaskType.Export && ended.ErrorCode != (int)ErrorCode.RunGivenUp)
            {
                // The secondary is a backup of its own, which only begins after the primary.
                await transaction.Tasks.ReleaseAsync(waiting.Guid, cancellationToken);
                continue;
            }

            bool isCancelled = ended.State == TaskState.Cancelled;
            await EndAsync(
                transaction,
                waiting,
                new Ending
                {
                    State = isCancelled ? TaskState.Cancelled : TaskState.Failed,
                    StatusInfo = "The task that had to be done first was not done.",
                    ErrorCode = isCancelled ? null : (int)ErrorCode.NeededTaskFailed,
                },
                cancellationToken);
        }
    }

    private async Task RestOfRunAsync(CatalogTransaction transaction, CatalogTask failed, Guid guid, CancellationToken cancellationToken)
    {
        if (failed.ErrorCode == (int)ErrorCode.RunGivenUp || await transaction.Policies.FindAsync(guid, cancellationToken) is not { } policy
            || (policy.FailExportThreshold ?? policy.FailStoreThreshold) is null)
        {
            return;
        }

        IReadOnlyList<int> failures = await transaction.Tasks.FailuresOfRunAsync(guid, failed.CreatedAt, cancellationToken);
        int stores = failures.Count(code => code is >= FirstStoreError and <= LastStoreError);
        if (!(failures.Count - stores >= policy.FailExportThreshold) && !(stores >= policy.FailStoreThreshold))
        {
            return;
        }

        foreach (CatalogTask waiting in await transaction.Tasks.RestOfRunAsync(guid, failed.CreatedAt, cancellationToken))
        {
            await EndAsync(transaction, waiting, GivenUp(policy, failures.Count), cancellationToken);
        }
    }

    private static Ending GivenUp(Policy policy, int failures) => new()
    {
        State = TaskState.Failed,
        StatusInfo = $"{Quantity.Of(failures, "backup")} of this run failed, as many as the policy {policy.Name} allows; the rest was not begun.",
        ErrorCode = (int)ErrorCode.RunGivenUp,
    };
}
