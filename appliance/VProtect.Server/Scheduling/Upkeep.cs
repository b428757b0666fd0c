namespace VProtect.Server.Scheduling;

/// <summary>Something that is looked after every minute; most minutes there is nothing to do.</summary>
internal interface IUpkeep
{
    /// <summary>Does what is due; called by one caller at a time.</summary>
    Task LookAsync(CancellationToken cancellationToken);
}

/// <summary>Looks after what happens by the clock without a schedule of a user's.</summary>
internal sealed partial class Upkeep(IEnumerable<IUpkeep> all, TimeProvider time, ILogger<Upkeep> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first look waits as well: a start is quick, and platforms are asked when somebody may be looking.
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (IUpkeep upkeep in all)
            {
                await LookAsync(upkeep, stoppingToken);
            }
        }
    }

    private async Task LookAsync(IUpkeep upkeep, CancellationToken stoppingToken)
    {
        if (stoppingToken.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await upkeep.LookAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, upkeep.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5325, LogLevel.Error, "{Upkeep} failed and is tried again")]
        public static partial void Failed(ILogger logger, Exception exception, string upkeep);
    }
}
