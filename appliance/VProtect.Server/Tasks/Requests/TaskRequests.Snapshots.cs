using System.Globalization;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Snapshots that stay on the platform: made, gone back to, removed.</summary>
internal sealed partial class TaskRequests
{
    /// <summary>Queues a snapshot of each machine; its row exists from now on.</summary>
    public async Task<IReadOnlyList<CatalogTask>> SnapshotAsync(
        CatalogTransaction transaction, SnapshotRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Rule? rule = request.Rule is { } guid ? await transaction.Rules.GetAsync(guid, cancellationToken) : null;
        Policy? policy = rule is null ? null : await transaction.Policies.GetAsync(rule.PolicyGuid, cancellationToken);
        string name = request.Name ?? $"vprotect-{time.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        var tasks = new List<CatalogTask>();
        foreach (Machine machine in await MachinesAsync(transaction, request.Machines, cancellationToken))
        {
            Workflow workflow = WorkflowOf($"Snapshot of {machine.Name}", origin, machine.Guid) with { PolicyGuid = policy?.Guid, ScheduleGuid = request.Schedule };
            var snapshot = new Snapshot
            {
                Name = name,
                MachineGuid = machine.Guid,
                State = SnapshotState.Creating,
                CreatedAt = workflow.CreatedAt,
                PolicyGuid = policy?.Guid,
                RuleGuid = rule?.Guid,
            };
            await transaction.Snapshots.InsertAsync(snapshot, cancellationToken);
            SnapshotRequest asked = request with { Priority = request.Priority ?? policy?.Priority };
            var parameters = new TaskParameters
            {
                Snapshots = [snapshot.Guid],
                RetryCount = policy?.RetryCount ?? 0,
                RetryDelay = (long)(policy?.RetryDelay.TotalMilliseconds ?? 0),
            };
            CatalogTask task = OnMachine(TaskOf(TaskType.Snapshot, asked, origin, workflow, parameters), machine) with { RuleGuid = rule?.Guid };
            tasks.Add(await QueueAsync(transaction, workflow, task, cancellationToken));
        }

        return tasks;
    }

    /// <summary>Queues that a machine goes back to a snapshot.</summary>
    public async Task<CatalogTask> RevertAsync(
        CatalogTransaction transaction, Guid snapshot, TaskRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Snapshot found = await transaction.Snapshots.GetAsync(snapshot, cancellationToken);
        if (found.State != SnapshotState.Present)
        {
            throw new VProtectException(
                ErrorCode.TaskImpossible, ErrorSide.Request, $"The snapshot {found.Name} does not exist on the platform.", "Choose one that is present.");
        }

        Machine machine = await transaction.Machines.GetAsync(found.MachineGuid, cancellationToken);
        Workflow workflow = WorkflowOf($"{machine.Name} back to {found.Name}", origin, machine.Guid);
        CatalogTask task = TaskOf(TaskType.SnapshotReversion, request, origin, workflow, new TaskParameters { Snapshots = [snapshot] });
        return await QueueAsync(transaction, workflow, OnMachine(task, machine), cancellationToken);
    }

    /// <summary>Queues the removal of snapshots of one machine.</summary>
    public async Task<CatalogTask> RemoveSnapshotsAsync(
        CatalogTransaction transaction, Machine machine, IReadOnlyList<Guid> snapshots, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Workflow workflow = WorkflowOf($"Old snapshots of {machine.Name}", origin, machine.Guid);
        CatalogTask task = TaskOf(TaskType.OldSnapshotsRemoval, new PlainRequest(), origin, workflow, new TaskParameters { Snapshots = snapshots });
        return await QueueAsync(transaction, workflow, OnMachine(task, machine), cancellationToken);
    }

    private static CatalogTask OnMachine(CatalogTask task, Machine machine) =>
        task with { HypervisorGuid = machine.HypervisorGuid, SourceGuid = SourceOf(machine), TenantId = machine.TenantId };
}
