using VProtect.Catalog;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Settings;
using VProtect.Server.Mounts;
using VProtect.Server.Policies;
using VProtect.Server.Tasks.Channel;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks;

/// <summary>
/// Looks after tasks that nobody else looks after: those interrupted by the last stop, those whose window passed, those of silent nodes. Wakes nodes that
/// wait when something was queued.
/// </summary>
internal sealed partial class TaskWatch(
    CatalogDatabase catalog, LostOrders lost, LocalNode node, MountKeeping mounts, NodeLives lives, TaskEndings endings, TaskBells bells, PolicyBook book, LiveSettings settings,
    TimeProvider time, ILogger<TaskWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        int interrupted = await lost.ReconcileAsync(cancellationToken);
        if (interrupted > 0)
        {
            Log.Interrupted(logger, interrupted);
        }

        await mounts.RemountAsync(node.Guid, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>One look.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await FailMissedAsync(cancellationToken);
        GlobalSettings now = settings.Current;
        await lost.LookAtSilentAsync(TimeSpan.FromMilliseconds(now.NodeTimeout), TimeSpan.FromMilliseconds(now.NodeLeaseTimeout), cancellationToken);
        await lost.ReconcileAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task listening = ListenAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            long slept = time.GetTimestamp();
            await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (time.GetElapsedTime(slept) > 3 * Every)
            {
                // The machine stood still, so nobody could be heard.
                lives.ListenAnew();
            }

            try
            {
                stoppingToken.ThrowIfCancellationRequested();
                await LookAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                Log.Failed(logger, failure);
            }
        }

        await listening;
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (CatalogChange change in catalog.Changes.Listen(stoppingToken))
            {
                Heard(change);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void Heard(CatalogChange change)
    {
        if (change.Table is "" or "settings" || (change.Table == "tasks" && change.Kind is CatalogChangeKind.Inserted or CatalogChangeKind.Reset))
        {
            bells.Work.Ring();
        }

        if (change.Table is "" or "policies" or "rules" or "rule_destinations" or "schedules")
        {
            book.Forget();
        }
    }

    private async Task FailMissedAsync(CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        IReadOnlyList<CatalogTask> missed = await transaction.Tasks.FailMissedAsync(cancellationToken);
        foreach (CatalogTask task in missed)
        {
            CatalogTask now = await transaction.Tasks.GetAsync(task.Guid, cancellationToken);
            await endings.FollowAsync(transaction, now, new Ending { State = now.State, StatusInfo = now.StatusInfo, ErrorCode = now.ErrorCode }, cancellationToken);
            Log.Missed(logger, task.Type, task.Guid);
        }

        if (missed.Count > 0)
        {
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5315, LogLevel.Information, "{Count} tasks were interrupted by the last stop")]
        public static partial void Interrupted(ILogger logger, int count);

        [LoggerMessage(5313, LogLevel.Warning, "{Type} {Task} did not begin within its start window")]
        public static partial void Missed(ILogger logger, TaskType type, Guid task);

        [LoggerMessage(5314, LogLevel.Warning, "Looking after tasks failed and is tried again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
