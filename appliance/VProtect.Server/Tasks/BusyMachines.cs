using VProtect.Catalog;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks;

/// <summary>
/// A machine that is busy may be so by what an earlier task of ours could not remove from it, as when its platform went away in the middle. So before a task
/// fails for that, its platform is cleaned up and it begins again, once.
/// <code>
/// busy ─► queued, not before the clean-up has ended ─► clean-up ─► tried again ─► as ever: done, or busy because of somebody else
/// </code>
/// </summary>
internal sealed class BusyMachines(CatalogDatabase catalog, TaskEndings endings, CleanUps cleanUps, FollowUps followUps, TaskBells bells, TimeProvider time)
{
    /// <summary>Name of the checkpoint that tells that a task had its clean-up.</summary>
    private const string Stage = "clean-up";

    private const string Told = "The machine is busy. What earlier tasks may have left on its platform is removed, then it begins again.";

    /// <summary>Puts a running task that met a busy machine back into the queue, behind a clean-up.</summary>
    /// <param name="transaction">Of what is decided.</param>
    /// <param name="task">As it is in the transaction.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it will begin again; false when it had its clean-up, and what is in the way is not ours.</returns>
    public async Task<bool> QueueAgainAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        if (task.CancelRequested || task.SourceGuid is null
            || (await transaction.Tasks.CheckpointsAsync(task.Guid, cancellationToken)).Any(checkpoint => checkpoint.Stage == Stage))
        {
            return false;
        }

        await transaction.Tasks.SetCheckpointAsync(TaskTable.LeaseOf(task), Stage, [], cancellationToken);
        await transaction.Tasks.AppendLogAsync(task.Guid, TaskLogLevel.Info, Told, cancellationToken);
        task = await transaction.Tasks.GetAsync(task.Guid, cancellationToken);
        await endings.RequeueAsync(transaction, task, Told, cancellationToken);

        // The time by which the clean-up has ended, whatever becomes of this process.
        await transaction.Tasks.DelayAsync(task.Guid, time.GetUtcNow() + CleanUps.Timeout, cancellationToken);
        return true;
    }

    /// <summary>The clean-up of a task that <see cref="QueueAgainAsync"/> put back, once that is committed.</summary>
    public void CleanUpSoon(CatalogTask task) => followUps.Post($"Clean-up before task {task.Guid}", async cancellationToken =>
    {
        try
        {
            await cleanUps.RunAsync(task.SourceGuid!.Value, cancellationToken);
        }
        finally
        {
            await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
            {
                await transaction.Tasks.DelayAsync(task.Guid, notBefore: null, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }

            bells.Work.Ring();
        }
    });
}
