using System.Globalization;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Files of a mounted backup, into a machine that runs.</summary>
internal sealed partial class TaskRequests
{
    /// <summary>Queues it. The node is the one that serves the mount; it must reach the machine's platform too.</summary>
    public async Task<CatalogTask> RestoreFilesAsync(CatalogTransaction transaction, FileRestoreRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Mount mount = await transaction.Mounts.GetAsync(request.Mount, cancellationToken);
        if (mount.State != MountState.Mounted)
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, $"The mount is {mount.State.ToString().ToLowerInvariant()}.", "Wait until it is mounted, or mount the backup again.");
        }

        RestorePoint point = await transaction.RestorePoints.GetAsync(mount.RestorePointGuid, cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(request.Machine ?? point.MachineGuid, cancellationToken);
        if (!machine.Present)
        {
            throw new VProtectException(
                ErrorCode.TaskImpossible, ErrorSide.Request, $"The machine {machine.Name} is not there any more.", "Name another machine that runs, or download the files.");
        }

        string suffix = $" (restored {time.GetUtcNow().ToString("yyyy-MM-dd HHmm", CultureInfo.InvariantCulture)})";
        Workflow workflow = WorkflowOf($"Files into {machine.Name}", origin, machine.Guid);
        var parameters = new TaskParameters { Mount = mount.Guid, GuestFiles = request.Files with { Suffix = suffix } };
        CatalogTask task = OnMachine(TaskOf(TaskType.FileRestore, request, origin, workflow, parameters), machine) with
        {
            RestorePointGuid = point.Guid,
            DestinationGuid = point.DestinationGuid,
            NodeGuid = mount.NodeGuid,
        };
        return await QueueAsync(transaction, workflow, task, cancellationToken);
    }
}
