using VProtect.Catalog;
using VProtect.Server.Recovery;
using VProtect.Server.Tasks;

namespace VProtect.Server.Scheduling;

/// <summary>Starts schedules and recovery plans on time, and plans anew what was changed.</summary>
internal sealed partial class Scheduler(CatalogDatabase catalog, ScheduledRuns runs, RecoveryTimes recovery, TimeProvider time, ILogger<Scheduler> logger) : BackgroundService
{
    /// <summary>A run begins at most this long after its time.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly Bell _changed = new();
    private readonly Lock _lock = new();
    private HashSet<Guid> _waiting = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task listening = ListenAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Task ring = _changed.Next;
                await LookAsync(stoppingToken);
                await Bell.WaitAsync(ring, Every, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                Log.Failed(logger, failure);
                await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await listening;
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        HashSet<Guid> changed;
        lock (_lock)
        {
            (changed, _waiting) = (_waiting, []);
        }

        if (changed.Count > 0)
        {
            await runs.ReplanAsync(changed, cancellationToken);
        }

        await runs.RunAsync(cancellationToken);
        await recovery.RunAsync(cancellationToken);
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (CatalogChange change in catalog.Changes.Listen(stoppingToken))
            {
                if (change.Table == "schedules" && change.Kind != CatalogChangeKind.Deleted && change.Guid != Guid.Empty)
                {
                    lock (_lock)
                    {
                        _waiting.Add(change.Guid);
                    }

                    _changed.Ring();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5324, LogLevel.Error, "Schedules could not be looked at, which is tried again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
