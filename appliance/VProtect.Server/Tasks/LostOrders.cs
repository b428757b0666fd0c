using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks.Channel;
using VProtect.Server.Tasks.Kinds;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks;

/// <summary>
/// Tasks whose node died, lost them, or began another life: they begin again where that is safe, else they fail and say why; what they left on their
/// platforms is cleaned up.
/// </summary>
internal sealed partial class LostOrders(
    CatalogDatabase catalog, TaskKinds kinds, TaskEndings endings, NodeLives lives, CleanUps cleanUps, TaskBells bells, LocalNode own, ILogger<LostOrders> logger)
{
    /// <summary>So often a task may be interrupted and begin again.</summary>
    public const int InterruptionsMax = 5;

    /// <summary>An order of which nothing was heard for so long, and which its node does not list, is lost.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>How often a task was interrupted: every interruption gave it another try.</summary>
    public static int InterruptionsOf(CatalogTask task) => task.MaxAttempts - 1 - TaskParameters.Of(task).RetryCount;

    /// <summary>Decides on every task whose lease is void: at start, and after a node was given up.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> ReconcileAsync(CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        IReadOnlyList<CatalogTask> tasks = await transaction.Tasks.VoidLeasesAsync(cancellationToken);
        foreach (CatalogTask task in tasks)
        {
            await DecideAsync(transaction, task, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        CleanUp(tasks);
        return tasks.Count;
    }

    /// <summary>Decides on tasks that a node was given and does not know of.</summary>
    public async Task LookAsync(Guid node, IReadOnlyList<string> known, CancellationToken cancellationToken)
    {
        List<CatalogTask> missing;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            missing = [.. (await session.Tasks.RunningAsync(cancellationToken)).Where(task => task.LeaseNodeGuid == node && IsLost(task, known))];
        }

        if (missing.Count == 0)
        {
            return;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        foreach (CatalogTask task in missing)
        {
            CatalogTask now = await transaction.Tasks.GetAsync(task.Guid, cancellationToken);
            if (now.State == TaskState.Running && now.Attempt == task.Attempt)
            {
                await DecideAsync(transaction, now, cancellationToken);
            }
        }

        await transaction.CommitAsync(cancellationToken);
        CleanUp(missing);
    }

    /// <summary>
    /// Looks at nodes that are silent:
    /// <code>
    /// after offlineAfter   OFFLINE: no new tasks; what is cancelled ends, and what does no harm twice is moved if another node may do it
    /// after leaseTime      its lease is over: everything else that it has begins again or fails
    /// heard of before      it is ONLINE, and what it was not rid of goes on
    /// </code>
    /// </summary>
    public async Task LookAtSilentAsync(TimeSpan offlineAfter, TimeSpan leaseTime, CancellationToken cancellationToken)
    {
        List<CatalogTask> taken = [];
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            IReadOnlyList<CatalogTask> running = await transaction.Tasks.RunningAsync(cancellationToken);
            foreach (Node node in await transaction.Nodes.CallersAsync(cancellationToken))
            {
                TimeSpan silence = lives.SilenceOf(node.Guid);
                if (silence <= offlineAfter)
                {
                    continue;
                }

                if (node.State == NodeState.Online)
                {
                    await transaction.Nodes.UpdateAsync(node with { State = NodeState.Offline }, cancellationToken);
                    lives.NoteNext(node.Guid);
                    Log.Offline(logger, node.Name, silence.TotalSeconds);
                }

                List<CatalogTask> held = [.. running.Where(task => task.LeaseNodeGuid == node.Guid && kinds.Find(task.Type) is not null)];
                if (silence > leaseTime && held.Count > 0)
                {
                    taken.AddRange(await GiveUpAsync(transaction, node.Guid, cancellationToken));
                    Log.GivenUp(logger, node.Name, silence.TotalMinutes, held.Count);
                    continue;
                }

                foreach (CatalogTask task in held)
                {
                    if (task.CancelRequested || (kinds.Find(task.Type)!.IsHarmlessTwice && await transaction.Tasks.HasOtherTakerAsync(task, own.Work, cancellationToken)))
                    {
                        await DecideAsync(transaction, task, cancellationToken);
                        taken.Add(task);
                    }
                }
            }

            await transaction.CommitAsync(cancellationToken);
        }

        CleanUp(taken);
    }

    /// <summary>Ends a node's lease and decides on every task that it has.</summary>
    /// <returns>They, for <see cref="CleanUp"/> once this is committed.</returns>
    public async Task<IReadOnlyList<CatalogTask>> GiveUpAsync(CatalogTransaction transaction, Guid guid, CancellationToken cancellationToken)
    {
        Node node = await transaction.Nodes.GetAsync(guid, cancellationToken);
        await transaction.Nodes.NextGenerationAsync(guid, node.State, cancellationToken);
        return await TakeAsync(transaction, guid, cancellationToken);
    }

    /// <summary>Decides on every task of a node that is about to be removed.</summary>
    /// <returns>They, for <see cref="CleanUp"/> once this is committed.</returns>
    public async Task<IReadOnlyList<CatalogTask>> TakeAsync(CatalogTransaction transaction, Guid node, CancellationToken cancellationToken)
    {
        List<CatalogTask> tasks = [.. (await transaction.Tasks.RunningAsync(cancellationToken)).Where(task => task.LeaseNodeGuid == node && kinds.Find(task.Type) is not null)];
        foreach (CatalogTask task in tasks)
        {
            await DecideAsync(transaction, task, cancellationToken);
        }

        return tasks;
    }

    /// <summary>Decides on a task that its node gave back because it stops.</summary>
    public Task GivenBackAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken) =>
        DecideAsync(transaction, task, cancellationToken);

    private bool IsLost(CatalogTask task, IReadOnlyList<string> known) =>
        kinds.Find(task.Type) is not null && !known.Contains(task.Guid.ToString("D"))
        && lives.SilenceOf(task) > Grace;

    private async Task DecideAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        lives.Forget(task);
        if (task.CancelRequested)
        {
            await endings.EndAsync(transaction, task, new Ending { State = TaskState.Cancelled, StatusInfo = task.StatusInfo, Warnings = task.Warnings }, cancellationToken);
            return;
        }

        if (kinds.Find(task.Type)?.IsRepeatable(task) == true && InterruptionsOf(task) < InterruptionsMax)
        {
            await transaction.Tasks.AppendLogAsync(task.Guid, TaskLogLevel.Info, "The node stopped before it was done; it begins again.", cancellationToken);
            await endings.RequeueAsync(transaction, task, "The node stopped before it was done; it begins again.", cancellationToken);
            Log.Requeued(logger, task.Type, task.Guid);
            return;
        }

        string reason = InterruptionsOf(task) >= InterruptionsMax
            ? $"It was interrupted {InterruptionsMax + 1} times. Look into the node's log for what stops it."
            : "The node stopped before it was done, and this kind of work may not simply begin again. Look at the machine, then ask for it again.";
        await transaction.Tasks.AppendLogAsync(task.Guid, TaskLogLevel.Error, reason, cancellationToken);
        await endings.EndAsync(
            transaction,
            task,
            new Ending { State = TaskState.Failed, StatusInfo = reason, ErrorCode = (int)ErrorCode.TaskInterrupted, Warnings = task.Warnings },
            cancellationToken);
        Log.Interrupted(logger, task.Type, task.Guid);
    }

    /// <summary>Has what they left on their platforms removed, and rings for those that begin again.</summary>
    public void CleanUp(IReadOnlyList<CatalogTask> tasks)
    {
        if (tasks.Count > 0)
        {
            cleanUps.Soon(tasks.Select(task => task.SourceGuid).OfType<Guid>());
            bells.Work.Ring();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5304, LogLevel.Warning, "Node {Node} was not heard of for {SilenceSeconds} s: it gets no new tasks, and what does no harm twice is moved")]
        public static partial void Offline(ILogger logger, string node, double silenceSeconds);

        [LoggerMessage(5309, LogLevel.Warning, "Node {Node} was not heard of for {SilenceMinutes} min: its {Count} tasks are taken from it")]
        public static partial void GivenUp(ILogger logger, string node, double silenceMinutes, int count);

        [LoggerMessage(5305, LogLevel.Information, "{Type} {Task} was interrupted and begins again")]
        public static partial void Requeued(ILogger logger, TaskType type, Guid task);

        [LoggerMessage(5306, LogLevel.Warning, "{Type} {Task} was interrupted and cannot begin again")]
        public static partial void Interrupted(ILogger logger, TaskType type, Guid task);
    }
}
