using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Restores: to files on a node, or to a platform as a RESTORE and its IMPORT.</summary>
internal sealed partial class TaskRequests
{
    /// <summary>Queues a restore to files.</summary>
    public async Task<CatalogTask> RestoreAsync(CatalogTransaction transaction, RestoreRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        RestorePoint point = await RestorableAsync(transaction, request.Point, cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
        Workflow workflow = WorkflowOf($"Restore of {machine.Name}", origin, machine.Guid);
        CatalogTask task = TaskOf(TaskType.Restore, request, origin, workflow, new TaskParameters { Files = request.Files, Disks = request.Disks }) with
        {
            RestorePointGuid = point.Guid,
            DestinationGuid = point.DestinationGuid,
            NodeGuid = request.Node,
            TenantId = machine.TenantId,
        };
        return await QueueAsync(transaction, workflow, task, cancellationToken);
    }

    /// <summary>Queues a restore to a platform; returns the RESTORE task, which leads the IMPORT.</summary>
    public async Task<CatalogTask> RestoreAndImportAsync(
        CatalogTransaction transaction, ImportRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        RestorePoint point = await RestorableAsync(transaction, request.Point, cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
        Workflow workflow = WorkflowOf($"Restore of {machine.Name}", origin, machine.Guid);
        await transaction.Workflows.InsertAsync(workflow, cancellationToken);
        CatalogTask restore = await ImportOfAsync(transaction, workflow, machine, point, request, origin, cancellationToken);
        await transaction.Tasks.InsertAsync(restore, cancellationToken);
        await transaction.Tasks.TieHalvesAsync(workflow.CreatedAt, cancellationToken);
        return restore;
    }

    /// <summary>Inserts the IMPORT of a restore to a platform; returns the RESTORE that leads it, which is still to be inserted, and both to be tied.</summary>
    private static async Task<CatalogTask> ImportOfAsync(
        CatalogTransaction transaction, Workflow workflow, Machine machine, RestorePoint point, ImportRequest request, TaskOrigin origin,
        CancellationToken cancellationToken)
    {
        (Guid source, Hypervisor? host) = await TargetAsync(transaction, request.Source, request.Hypervisor, machine, cancellationToken);
        if (request.Overwrites && (!machine.Present || source != SourceOf(machine)))
        {
            throw new VProtectException(
                ErrorCode.TaskImpossible, ErrorSide.Request, $"The machine {machine.Name} is not there to be overwritten.",
                "Restore it as a new machine, or to the platform where it still is.");
        }

        ImportParameters import = request.Import with { OverwriteUuid = request.Overwrites ? machine.Uuid : null, HostUuid = host?.Uuid };
        CatalogTask half = TaskOf(TaskType.Import, request, origin, workflow) with
        {
            RestorePointGuid = point.Guid,
            HypervisorGuid = host?.Guid,
            TenantId = machine.TenantId,
            WindowStart = null,
            WindowEnd = null,

            // Only a machine that is overwritten must not be touched by anything else meanwhile.
            MachineGuid = request.Overwrites ? machine.Guid : null,
        };
        await transaction.Tasks.InsertAsync(half, cancellationToken);
        return TaskOf(TaskType.Restore, request, origin, workflow, new TaskParameters { Import = import, Disks = request.Disks }) with
        {
            MachineGuid = machine.Guid,
            RestorePointGuid = point.Guid,
            DestinationGuid = point.DestinationGuid,
            HypervisorGuid = host?.Guid,
            SourceGuid = source,
            TenantId = machine.TenantId,
            LinkedTaskGuid = half.Guid,
        };
    }

    private static async Task<(Guid Source, Hypervisor? Host)> TargetAsync(
        CatalogSession session, Guid? source, Guid? hypervisor, Machine machine, CancellationToken cancellationToken)
    {
        if (hypervisor is not { } guid)
        {
            return (source ?? SourceOf(machine), null);
        }

        Hypervisor host = await session.Hypervisors.GetAsync(guid, cancellationToken);
        return (host.HypervisorManagerGuid ?? host.Guid, host);
    }
}
