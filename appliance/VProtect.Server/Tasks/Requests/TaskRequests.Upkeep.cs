using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Requests;

/// <summary>What keeps the catalog and the destinations in order.</summary>
internal sealed partial class TaskRequests
{
    /// <summary>Queues the reading of a platform's inventory.</summary>
    /// <param name="transaction">Where.</param>
    /// <param name="source">The manager, or a host; one that has a manager stands for it.</param>
    /// <param name="request">How.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CatalogTask> InventorySyncAsync(
        CatalogTransaction transaction, Guid source, TaskRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Hypervisor? host = await transaction.Hypervisors.FindAsync(source, cancellationToken);
        bool isAlone = host is { HypervisorManagerGuid: null };
        HypervisorManager? manager = isAlone ? null : await transaction.HypervisorManagers.GetAsync(host?.HypervisorManagerGuid ?? source, cancellationToken);
        Workflow workflow = WorkflowOf($"Inventory of {manager?.Name ?? host!.Name}", origin);
        CatalogTask task = TaskOf(TaskType.InventorySync, request, origin, workflow) with
        {
            SourceGuid = manager?.Guid ?? host!.Guid,
            HypervisorGuid = isAlone ? host!.Guid : null,
        };
        return await QueueAsync(transaction, workflow, task, cancellationToken);
    }

    /// <summary>Queues the removal of restore points, a task for each; they cannot be restored from now on.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.RestorePointHeld"/>, <see cref="ErrorCode.RestorePointUnfit"/>.</exception>
    public async Task<IReadOnlyList<CatalogTask>> DeleteAsync(
        CatalogTransaction transaction, IReadOnlyList<Guid> points, TaskRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        var tasks = new List<CatalogTask>();
        foreach (Guid guid in points.Distinct())
        {
            RestorePoint point = await transaction.RestorePoints.GetAsync(guid, cancellationToken);
            RequireRemovable(point);
            if ((await transaction.Mounts.ListAsync(point.Guid, node: null, new ListQuery { Size = 1 }, cancellationToken)).Total > 0)
            {
                throw new VProtectException(
                    ErrorCode.RestorePointHeld, ErrorSide.Request, $"The backup {point.Guid} is mounted.", "Unmount it first; 'vprotect mounted list' tells which mounts there are.");
            }

            await transaction.RestorePoints.UpdateAsync(point with { State = RestorePointState.Removing }, cancellationToken);
            Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
            Workflow workflow = WorkflowOf($"Removal of a backup of {machine.Name}", origin, machine.Guid);
            CatalogTask task = TaskOf(TaskType.Delete, request, origin, workflow, new TaskParameters { Points = [guid] }) with
            {
                RestorePointGuid = guid,
                DestinationGuid = point.DestinationGuid,
                TenantId = machine.TenantId,
            };
            tasks.Add(await QueueAsync(transaction, workflow, task, cancellationToken));
        }

        return tasks;
    }

    /// <summary>Queues the removal of restore points that retention chose, all in one destination.</summary>
    /// <param name="transaction">Where.</param>
    /// <param name="destination">Destination.</param>
    /// <param name="points">Restore points; what is held, locked or archived when the task begins is left alone.</param>
    /// <param name="machine">Their machine, when it is one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CatalogTask> RemoveOldAsync(
        CatalogTransaction transaction, Guid destination, IReadOnlyList<Guid> points, Guid? machine, CancellationToken cancellationToken)
    {
        Destination place = await transaction.Destinations.GetAsync(destination, cancellationToken);
        Workflow workflow = WorkflowOf($"Old backups in {place.Name}", TaskOrigin.Appliance, machine);
        CatalogTask task = TaskOf(TaskType.OldBackupsRemoval, new PlainRequest(), TaskOrigin.Appliance, workflow, new TaskParameters { Points = points });
        return await QueueAsync(transaction, workflow, task with { DestinationGuid = destination }, cancellationToken);
    }

    /// <summary>Queues a verification.</summary>
    public async Task<CatalogTask> VerifyAsync(CatalogTransaction transaction, VerifyRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Destination destination = await transaction.Destinations.GetAsync(request.Destination, cancellationToken);
        Workflow workflow = WorkflowOf($"Verification of {destination.Name}", origin);
        var parameters = new TaskParameters { SamplePercent = Math.Clamp(request.SamplePercent, 1, 100), BytesPerSecondMax = request.BytesPerSecondMax };
        CatalogTask task = TaskOf(TaskType.Verify, request, origin, workflow, parameters) with { DestinationGuid = destination.Guid };
        return await QueueAsync(transaction, workflow, task, cancellationToken);
    }

    /// <summary>Queues a collection: space of what was forgotten is freed.</summary>
    public async Task<CatalogTask> CollectAsync(
        CatalogTransaction transaction, Guid destination, TaskRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Destination place = await transaction.Destinations.GetAsync(destination, cancellationToken);
        Workflow workflow = WorkflowOf($"Collection in {place.Name}", origin);
        CatalogTask task = TaskOf(TaskType.Collect, request, origin, workflow) with { DestinationGuid = destination };
        return await QueueAsync(transaction, workflow, task, cancellationToken);
    }

    /// <summary>Queues the keeping of a copy of the appliance itself.</summary>
    /// <param name="transaction">Where.</param>
    /// <param name="destination">Where to; it must be encrypted.</param>
    /// <param name="node">The node beside the server: no other can.</param>
    /// <param name="request">How.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.TaskImpossible"/>: the destination is not encrypted.</exception>
    public async Task<CatalogTask> ApplianceBackupAsync(
        CatalogTransaction transaction, Guid destination, Guid node, TaskRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Destination place = await transaction.Destinations.GetAsync(destination, cancellationToken);
        if (place.SealedKey is null)
        {
            throw new VProtectException(
                ErrorCode.TaskImpossible, ErrorSide.Request, $"A copy of the appliance holds its secrets, and the destination {place.Name} is not encrypted.",
                "Choose one that is.");
        }

        Workflow workflow = WorkflowOf($"Copy of the appliance in {place.Name}", origin);
        CatalogTask task = TaskOf(TaskType.ApplianceBackup, request, origin, workflow) with { DestinationGuid = destination, NodeGuid = node };
        return await QueueAsync(transaction, workflow, task, cancellationToken);
    }

    private void RequireRemovable(RestorePoint point)
    {
        if (point.Held)
        {
            throw new VProtectException(
                ErrorCode.RestorePointHeld, ErrorSide.Request, $"The backup {point.Guid} is held: {point.HoldReason}", "Release it first.");
        }

        if (point.LockedUntil > time.GetUtcNow())
        {
            throw new VProtectException(
                ErrorCode.RestorePointHeld, ErrorSide.Request, $"The backup {point.Guid} is locked until {point.LockedUntil:u}.", "Wait until its lock has run out.");
        }

        if (point.State is RestorePointState.Pending or RestorePointState.Running or RestorePointState.Removing)
        {
            throw new VProtectException(
                ErrorCode.RestorePointUnfit, ErrorSide.Request, $"The backup {point.Guid} is {point.State.ToString().ToLowerInvariant()}.",
                "Cancel its task first, or wait until it has ended.");
        }
    }
}
