using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Mounts;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Mounts: a restore point served as disks, until it is unmounted or its time has come.</summary>
internal sealed partial class TaskRequests
{
    /// <summary>How often setting up again after a restart is tried: a repository on the network may come back later than the appliance.</summary>
    private const int RemountRetries = 10;

    /// <summary>Queues a mount; its row is there at once.</summary>
    public async Task<CatalogTask> MountAsync(CatalogTransaction transaction, MountRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        RestorePoint point = await RestorableAsync(transaction, request.Point, cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
        var mount = new Mount
        {
            RestorePointGuid = point.Guid,
            NodeGuid = request.Node,
            Mode = request.Mode,
            State = MountState.Mounting,
            UnmountAt = request.UnmountAt,
            AllowedClients = request.AllowedClients,
            Settings = new MountSettings
            {
                Disks = request.Disks.Count == 0 ? null : request.Disks,
                IsWritable = request.IsWritable,
                Chap = request.Chap,
                MutualChap = request.MutualChap,
                IsTls = request.IsTls,
                TlsClientAuthorities = request.TlsClientAuthorities,
            }.ToJson(),
            CreatedAt = time.GetUtcNow(),
            CreatedBy = origin.Guid,
        };
        return await QueueMountAsync(transaction, mount, point, machine, request, origin, isNew: true, cancellationToken);
    }

    /// <summary>Queues a mount on which a machine is started.</summary>
    public async Task<CatalogTask> BootAsync(CatalogTransaction transaction, BootRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        RestorePoint point = await RestorableAsync(transaction, request.Point, cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
        (Guid source, _) = await TargetAsync(transaction, request.Source, request.Hypervisor, machine, cancellationToken);
        var guid = Guid.CreateVersion7();
        var mount = new Mount
        {
            Guid = guid,
            RestorePointGuid = point.Guid,
            NodeGuid = request.Node,
            Mode = MountMode.Machine,
            State = MountState.Mounting,
            UnmountAt = request.UnmountAt,
            Settings = new MountSettings
            {
                IsWritable = true,
                Boot = new BootSettings(source, request.Name ?? $"{machine.Name}-{guid.ToString("N")[^6..]}", request.IsIsolated, request.Networks),
            }.ToJson(),
            CreatedAt = time.GetUtcNow(),
            CreatedBy = origin.Guid,
        };
        return await QueueMountAsync(transaction, mount, point, machine, request, origin, isNew: true, cancellationToken);
    }

    /// <summary>Queues the setting up of a mount that was there before a restart.</summary>
    public async Task RemountAsync(CatalogTransaction transaction, Mount mount, CancellationToken cancellationToken)
    {
        RestorePoint point = await transaction.RestorePoints.GetAsync(mount.RestorePointGuid, cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
        await QueueMountAsync(
            transaction, mount with { State = MountState.Mounting }, point, machine, new PlainRequest { RetryCount = RemountRetries }, TaskOrigin.Appliance, isNew: false,
            cancellationToken);
    }

    /// <summary>Queues the end of a mount.</summary>
    public async Task<CatalogTask> UnmountAsync(CatalogTransaction transaction, UnmountRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Mount mount = await transaction.Mounts.GetAsync(request.Mount, cancellationToken);
        if (mount.State is MountState.Mounting or MountState.Unmounting)
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, $"The mount is {mount.State.ToString().ToLowerInvariant()}.", "Wait for its task, or cancel that.");
        }

        if (request.Commits && !MountSettings.Of(mount).IsWritable)
        {
            throw new VProtectException(
                ErrorCode.TaskImpossible, ErrorSide.Request, "The mount is read-only: nothing was written that could be committed.", "Unmount it without commit.");
        }

        if (request.KeepsMachine && MountSettings.Of(mount).Boot is null)
        {
            throw new VProtectException(ErrorCode.TaskImpossible, ErrorSide.Request, "No machine runs on the mount that could be kept.", "Unmount it without keep.");
        }

        RestorePoint point = await transaction.RestorePoints.GetAsync(mount.RestorePointGuid, cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
        Workflow workflow = WorkflowOf($"Unmount of {machine.Name}", origin, machine.Guid);
        var parameters = new TaskParameters
        {
            Mount = mount.Guid,
            Commits = request.Commits,
            Label = request.Label,
            KeepsMachine = request.KeepsMachine,
            StorageUuid = request.StorageUuid,
        };
        CatalogTask task = Placed(TaskOf(TaskType.Unmount, request, origin, workflow, parameters), mount, point, machine);
        await QueueAsync(transaction, workflow, task, cancellationToken);
        await transaction.Mounts.UpdateAsync(mount with { State = MountState.Unmounting, TaskGuid = task.Guid, StatusInfo = null }, cancellationToken);
        return task;
    }

    private async Task<CatalogTask> QueueMountAsync(
        CatalogTransaction transaction, Mount mount, RestorePoint point, Machine machine, TaskRequest request, TaskOrigin origin, bool isNew,
        CancellationToken cancellationToken)
    {
        Workflow workflow = WorkflowOf($"{(mount.Mode == MountMode.Machine ? "Start" : "Mount")} of {machine.Name}", origin, machine.Guid);
        CatalogTask task = Placed(TaskOf(TaskType.Mount, request, origin, workflow, new TaskParameters { Mount = mount.Guid }), mount, point, machine);
        await QueueAsync(transaction, workflow, task, cancellationToken);
        mount = mount with { TaskGuid = task.Guid, StatusInfo = null };
        await (isNew ? transaction.Mounts.InsertAsync(mount, cancellationToken) : transaction.Mounts.UpdateAsync(mount, cancellationToken));
        return task;
    }

    private static CatalogTask Placed(CatalogTask task, Mount mount, RestorePoint point, Machine machine) => task with
    {
        RestorePointGuid = point.Guid,
        DestinationGuid = point.DestinationGuid,
        NodeGuid = mount.NodeGuid,
        SourceGuid = MountSettings.Of(mount).Boot?.Source,
        TenantId = machine.TenantId,
    };
}
