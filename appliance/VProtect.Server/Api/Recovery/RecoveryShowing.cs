using VProtect.Catalog;
using VProtect.Catalog.Recovery;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Backups;
using VProtect.Server.Api.Shared;
using VProtect.Server.Api.Tasks;
using VProtect.Server.Recovery;
using VProtect.Server.Tasks;

namespace VProtect.Server.Api.Recovery;

/// <summary>Recovery plans and their runs as clients see them.</summary>
internal static class RecoveryShowing
{
    /// <summary>Views of plans, by their identity.</summary>
    public static async Task<Dictionary<Guid, RecoveryPlanView>> PlansAsync(
        CatalogSession session, IReadOnlyList<RecoveryPlan> plans, CancellationToken cancellationToken)
    {
        Dictionary<Guid, IReadOnlyList<RecoveryStep>> steps = plans.ToDictionary(plan => plan.Guid, RecoveryStep.Of);
        RecoveryStep[] all = [.. steps.Values.SelectMany(some => some)];
        var names = new Names();
        await names.AddAsync(session.Machines, all.Select(step => (Guid?)step.Machine), cancellationToken);
        await names.AddAsync(session.Hypervisors, all.Select(step => step.Hypervisor), cancellationToken);
        await names.AddAsync(session.HypervisorManagers, all.Select(step => step.HypervisorManager), cancellationToken);
        await names.AddAsync(session.Networks, all.SelectMany(step => step.Networks?.Values ?? []).Select(network => (Guid?)network), cancellationToken);
        await names.AddAsync(session.Destinations, plans.Select(plan => plan.DestinationGuid), cancellationToken);
        return plans.ToDictionary(plan => plan.Guid, plan => new RecoveryPlanView(
            plan.Guid, plan.Name, plan.Description, plan.Active, plan.GoesOnAfterFailure, names.Of(plan.DestinationGuid), plan.Cron, plan.TimeZone, plan.LastRunAt,
            plan.NextRunAt, plan.TenantId, [.. steps[plan.Guid].Select(step => View(step, names))]));
    }

    /// <summary>What a run would do now, step by step.</summary>
    public static async Task<List<RecoveryCheckView>> CheckAsync(
        CatalogSession session, RecoveryPlan plan, DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<RecoveryCheckView> views = [];
        DateTimeOffset wall = TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(plan.TimeZone));
        foreach ((int index, RecoveryStep step) in RecoveryStep.Of(plan).Index())
        {
            ResolvedStep resolved = await ResolvedStep.OfAsync(session, plan, step, cancellationToken);
            string machine = resolved.Machine?.Name ?? step.MachineName;
            views.Add(new RecoveryCheckView(
                index + 1, new NameAndGuid(step.Machine, machine), Reference(resolved.Point), TimeOf(resolved.Point), Age(resolved.Point, now), resolved.Point?.SizeBytes,
                step.NameAt(machine, wall) ?? machine, resolved.Problem));
        }

        return views;
    }

    /// <summary>Reports of runs, by their identity.</summary>
    public static async Task<Dictionary<Guid, RecoveryRunView>> RunsAsync(
        CatalogSession session, IReadOnlyList<Workflow> runs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var names = new Names();
        await names.AddAsync(session.RecoveryPlans, runs.Select(run => run.RecoveryPlanGuid), cancellationToken);
        await names.AddAsync(session.Users, runs.Where(run => run.OriginType == OriginType.User).Select(run => run.OriginGuid), cancellationToken);
        var views = new Dictionary<Guid, RecoveryRunView>();
        foreach (Workflow run in runs)
        {
            CatalogTask[] tasks =
            [
                .. (await session.Tasks.OfWorkflowAsync(run.Guid, cancellationToken)).Where(task => task.Type == TaskType.Restore)
                    .OrderBy(task => TaskParameters.Of(task).Step?.Position),
            ];
            Dictionary<Guid, RestorePoint> points = (await session.RestorePoints.FindManyAsync(
                [.. tasks.Select(task => task.RestorePointGuid).OfType<Guid>().Distinct()], cancellationToken)).ToDictionary(point => point.Guid);
            RecoveryRunStepView[] steps = [.. tasks.Select(task => View(task, run, task.RestorePointGuid is { } guid ? points.GetValueOrDefault(guid) : null))];
            views[run.Guid] = new RecoveryRunView(
                run.Guid, names.Of(run.RecoveryPlanGuid), run.Name, run.State, new OriginView(run.OriginType, run.OriginGuid, names.Of(run.OriginGuid)?.Name), run.CreatedAt,
                run.FinishedAt, Milliseconds((run.FinishedAt ?? now) - run.CreatedAt), steps.Max(step => step.DataAge), steps.Count(step => step.State == TaskState.Finished),
                steps.Count(step => step.State is TaskState.Failed or TaskState.Cancelled), steps);
        }

        return views;
    }

    private static RecoveryRunStepView View(CatalogTask task, Workflow run, RestorePoint? point)
    {
        TaskParameters parameters = TaskParameters.Of(task);
        return new RecoveryRunStepView(
            parameters.Step?.Position ?? 1, new NameAndGuid(task.MachineGuid ?? default, parameters.Step?.Machine), task.Guid, task.State, Reference(point),
            Age(point, run.CreatedAt), parameters.Import?.Name, task.StartedAt, task.FinishedAt,
            task is { StartedAt: { } started, FinishedAt: { } finished } ? Milliseconds(finished - started) : null, task.BytesDone, task.Percent, task.StatusInfo,
            task.ErrorCode);
    }

    private static RecoveryStepView View(RecoveryStep step, Names names) => new(
        names.Of(step.Machine) is { Name: not null } machine ? machine : new NameAndGuid(step.Machine, step.MachineName),
        step.StartDelay,
        names.Of(step.Hypervisor),
        names.Of(step.HypervisorManager),
        step.Storage,
        step.Networks is { } networks ? [.. networks.OrderBy(card => card.Key).Select(card => new RestoredNetwork(names.Of(card.Value), card.Key))] : null,
        step.Name,
        step.Overwrites,
        step.PowersOn,
        step.IsPreallocated ? DiskAllocation.Preallocated : DiskAllocation.Sparse);

    private static DateTimeOffset? TimeOf(RestorePoint? point) => point is null ? null : point.SnapshotAt ?? point.CreatedAt;

    private static NameAndGuid? Reference(RestorePoint? point) => point is null
        ? null
        : BackupView.ReferenceTo(point);

    private static long? Age(RestorePoint? point, DateTimeOffset at) => TimeOf(point) is { } instant ? Milliseconds(at - instant) : null;

    private static long Milliseconds(TimeSpan span) => Math.Max(0, (long)span.TotalMilliseconds);
}
