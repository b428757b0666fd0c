using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Tasks;
using VProtect.Server.Rebuild;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Scheduling;

/// <summary>
/// Schedules whose time has come → tasks. What is started and when a schedule runs next is one transaction, so that a restart neither doubles nor forgets:
/// <code>
/// 1 plan       schedules of which nobody said when they run next
/// 2 due        those whose time has come; what was missed runs once, within its start window
/// 3 rules      of these; one that two schedules start at once runs once, and full if either asks for that
/// 4 machines   of their policies that are there and whose last run of the rule has ended
/// </code>
/// </summary>
internal sealed partial class ScheduledRuns(CatalogDatabase catalog, TaskRequests requests, Succession succession, TimeProvider time, ILogger<ScheduledRuns> logger)
{
    private const int ChunkSize = 1000;

    /// <summary>Starts what is due now.</summary>
    /// <returns>Tasks that were queued.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (succession.IsSuperseded)
        {
            return 0;
        }

        DateTimeOffset now = time.GetUtcNow();
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        bool isPlanned = await PlanAsync(transaction, await transaction.Schedules.UnplannedAsync(cancellationToken), now, cancellationToken); // 1
        var starts = new Dictionary<Guid, Start>();
        IReadOnlyList<Schedule> due = await transaction.Schedules.DueAsync(now, cancellationToken); // 2
        foreach (Schedule schedule in due)
        {
            await DueAsync(transaction, schedule, starts, now, cancellationToken);
        }

        int tasks = 0;
        foreach ((Guid rule, Start start) in starts)
        {
            tasks += await StartAsync(transaction, rule, start, cancellationToken); // 4
        }

        if (isPlanned || due.Count > 0)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        return tasks;
    }

    /// <summary>Looks again when these schedules run next, after they were changed. One whose time has come is left to <see cref="RunAsync"/>.</summary>
    public async Task ReplanAsync(IReadOnlyCollection<Guid> schedules, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        IReadOnlyList<Schedule> changed = await transaction.Schedules.FindManyAsync(schedules, cancellationToken);
        if (await PlanAsync(transaction, [.. changed.Where(schedule => schedule.NextRunAt is null || schedule.NextRunAt > now)], now, cancellationToken))
        {
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static async Task<bool> PlanAsync(
        CatalogTransaction transaction, IReadOnlyList<Schedule> schedules, DateTimeOffset now, CancellationToken cancellationToken)
    {
        bool isPlanned = false;
        foreach (Schedule schedule in schedules)
        {
            DateTimeOffset? next = schedule.Active ? ValidSchedules.Find(schedule)?.Times.Next(now) : null;
            if (next != schedule.NextRunAt)
            {
                await transaction.Schedules.SetNextRunAsync(schedule.Guid, lastRun: null, next, cancellationToken);
                isPlanned = true;
            }
        }

        return isPlanned;
    }

    private async Task DueAsync(
        CatalogTransaction transaction, Schedule schedule, Dictionary<Guid, Start> starts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ScheduleModel? model = ValidSchedules.Find(schedule);
        DueRun? run = model is null ? null : DueRun.Of(model, schedule.NextRunAt!.Value.AddMilliseconds(-1), now);
        await transaction.Schedules.SetNextRunAsync(schedule.Guid, run is null ? null : now, model?.Times.Next(now), cancellationToken);
        if (run is null)
        {
            Log.Missed(logger, schedule.Name, schedule.NextRunAt!.Value);
            return;
        }

        foreach (Guid rule in await transaction.Schedules.RulesAsync(schedule.Guid, cancellationToken)) // 3
        {
            if (!starts.TryGetValue(rule, out Start? other) || other.Schedule.BackupType > schedule.BackupType)
            {
                starts[rule] = new Start(schedule, run);
            }
        }
    }

    private async Task<int> StartAsync(CatalogTransaction transaction, Guid guid, Start start, CancellationToken cancellationToken)
    {
        Rule rule = await transaction.Rules.GetAsync(guid, cancellationToken);
        Policy policy = await transaction.Policies.GetAsync(rule.PolicyGuid, cancellationToken);
        bool isBackup = policy.Kind == PolicyKind.VmBackup;
        if (!rule.Active || !policy.Active || start.Schedule.Type != (isBackup ? ScheduleType.VmBackup : ScheduleType.VmSnapshot))
        {
            return 0;
        }

        List<Guid> machines = await MachinesAsync(transaction, policy, rule, cancellationToken);
        if (machines.Count == 0)
        {
            return 0;
        }

        try
        {
            TaskOrigin origin = TaskOrigin.Schedule(start.Schedule.Guid);
            IReadOnlyList<CatalogTask> tasks = isBackup
                ? await requests.ExportAsync(
                    transaction,
                    new ExportRequest
                    {
                        Machines = machines,
                        Rules = [guid],
                        BackupType = start.Schedule.BackupType,
                        Schedule = start.Schedule.Guid,
                        WindowEnd = start.Run.WindowEnd,
                    },
                    origin,
                    cancellationToken)
                : await requests.SnapshotAsync(
                    transaction,
                    new SnapshotRequest { Machines = machines, Rule = guid, Schedule = start.Schedule.Guid, WindowEnd = start.Run.WindowEnd },
                    origin,
                    cancellationToken);
            Log.Started(logger, start.Schedule.Name, policy.Name, rule.Name, tasks.Count);
            return tasks.Count;
        }
        catch (VProtectException failure) when (failure.Code == ErrorCode.TaskImpossible)
        {
            Log.Impossible(logger, start.Schedule.Name, policy.Name, failure.Message);
            return 0;
        }
    }

    private async Task<List<Guid>> MachinesAsync(CatalogSession session, Policy policy, Rule rule, CancellationToken cancellationToken)
    {
        HashSet<Guid> busy = [.. await session.Tasks.MachinesUnderWayAsync(rule.Guid, cancellationToken)];
        List<Guid> machines = [];
        foreach (PolicyMachine[] some in (await session.Policies.MachinesAsync(policy.Guid, cancellationToken)).Chunk(ChunkSize))
        {
            foreach (Machine machine in await session.Machines.FindManyAsync([.. some.Select(link => link.MachineGuid)], cancellationToken))
            {
                if (busy.Contains(machine.Guid))
                {
                    Log.Busy(logger, machine.Name, policy.Name);
                }
                else if (machine.Present && (machine.HypervisorManagerGuid ?? machine.HypervisorGuid) is not null)
                {
                    machines.Add(machine.Guid);
                }
            }
        }

        return machines;
    }

    /// <param name="Schedule">What starts the rule.</param>
    /// <param name="Run">Its time and window.</param>
    private sealed record Start(Schedule Schedule, DueRun Run);

    private static partial class Log
    {
        [LoggerMessage(5320, LogLevel.Information, "Schedule {Schedule} started rule {Rule} of policy {Policy}: {Count} tasks")]
        public static partial void Started(ILogger logger, string schedule, string policy, string rule, int count);

        [LoggerMessage(5321, LogLevel.Warning, "Schedule {Schedule} missed its run of {At}: its start window is over")]
        public static partial void Missed(ILogger logger, string schedule, DateTimeOffset at);

        [LoggerMessage(5322, LogLevel.Warning, "Schedule {Schedule} cannot start policy {Policy}: {Problem}")]
        public static partial void Impossible(ILogger logger, string schedule, string policy, string problem);

        [LoggerMessage(5323, LogLevel.Warning, "Machine {Machine} is left out of this run of policy {Policy}: its last one has not ended")]
        public static partial void Busy(ILogger logger, string machine, string policy);
    }
}
