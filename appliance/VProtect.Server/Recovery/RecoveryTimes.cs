using VProtect.Catalog;
using VProtect.Catalog.Recovery;
using VProtect.Server.Rebuild;
using VProtect.Server.Scheduling;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Recovery;

/// <summary>Begins recovery plans on time. A run and the next time are one transaction, so that a restart neither doubles nor forgets.</summary>
internal sealed partial class RecoveryTimes(CatalogDatabase catalog, TaskRequests requests, Succession succession, TimeProvider time, ILogger<RecoveryTimes> logger)
{
    /// <summary>Begins those that are due now; one whose last run has not ended is left out.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (succession.IsSuperseded)
        {
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            if ((await session.RecoveryPlans.DueAsync(now, cancellationToken)).Count == 0)
            {
                return;
            }
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        foreach (RecoveryPlan plan in await transaction.RecoveryPlans.DueAsync(now, cancellationToken))
        {
            ScheduleModel? model = RecoverySchedule.Of(plan);
            DueRun? run = model is null ? null : DueRun.Of(model, plan.NextRunAt!.Value.AddMilliseconds(-1), now);
            bool isBusy = run is not null && await transaction.Workflows.IsPlanUnderWayAsync(plan.Guid, cancellationToken);
            await transaction.RecoveryPlans.SetNextRunAsync(plan.Guid, run is null || isBusy ? null : now, model?.Times.Next(now), cancellationToken);
            if (run is null)
            {
                Log.Missed(logger, plan.Name, plan.NextRunAt!.Value);
            }
            else if (isBusy)
            {
                Log.Busy(logger, plan.Name);
            }
            else
            {
                await requests.RecoverAsync(transaction, plan, TaskOrigin.Appliance, cancellationToken);
                Log.Began(logger, plan.Name);
            }
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(5330, LogLevel.Information, "Recovery plan {Plan} began by its schedule")]
        public static partial void Began(ILogger logger, string plan);

        [LoggerMessage(5331, LogLevel.Warning, "Recovery plan {Plan} missed its run of {At} by more than an hour: it waits for the next")]
        public static partial void Missed(ILogger logger, string plan, DateTimeOffset at);

        [LoggerMessage(5332, LogLevel.Warning, "Recovery plan {Plan} is not begun: its last run has not ended")]
        public static partial void Busy(ILogger logger, string plan);
    }
}
