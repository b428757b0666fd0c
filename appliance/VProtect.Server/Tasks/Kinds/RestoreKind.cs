using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks.Requests;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>RESTORE, to files or, leading its IMPORT, to a platform.</summary>
internal sealed class RestoreKind(References references, TaskRequests requests) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.Restore];

    /// <summary>Files are written again from the start; a machine that was begun on a platform would stand there twice.</summary>
    public override bool IsRepeatable(CatalogTask task) => TaskParameters.Of(task).Files is not null;

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        TaskParameters parameters = TaskParameters.Of(task);
        if (parameters.Step?.Problem is { } problem)
        {
            throw new VProtectException(ErrorCode.TaskImpossible, ErrorSide.Catalog, problem, "Then run the recovery plan again.");
        }

        RestorePoint? point = task.RestorePointGuid is { } guid ? await transaction.RestorePoints.FindAsync(guid, cancellationToken) : null;
        if (point is not { State: RestorePointState.Success, RepositoryPointId: { } pointId })
        {
            throw new VProtectException(
                ErrorCode.RestorePointUnfit, ErrorSide.Catalog, "The backup that was to be restored has been removed.", "Choose another one.");
        }

        RepositoryReference repository = await references.RepositoryAsync(transaction, point.DestinationGuid, cancellationToken);
        IReadOnlyList<string> disks = parameters.Disks ?? [];
        if (parameters.Files is { } files)
        {
            return new RestoreFilesWork(repository, pointId, disks, files.Directory, files.Format, files.IsSparse);
        }

        ImportParameters import = parameters.Import!;
        return new RestoreMachineWork
        {
            Repository = repository,
            PointId = pointId,
            Disks = disks,
            Platform = await references.PlatformAsync(transaction, task.SourceGuid ?? default, cancellationToken),
            Name = import.Name,
            OverwriteMachineUuid = import.OverwriteUuid,
            HostId = import.HostUuid,
            StorageId = import.StorageUuid,
            Networks = import.Networks ?? new Dictionary<int, string>(),
            IsPreallocated = import.IsPreallocated,
            PowersOn = import.PowersOn,
        };
    }

    /// <inheritdoc/>
    public override async Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        if (task.MachineGuid is { } machine)
        {
            await transaction.Machines.SetRestoreStatusAsync(machine, "SUCCESS", cancellationToken);
        }

        if (task.SourceGuid is { } source)
        {
            // The new machine is to be seen without waiting for the next reading.
            await requests.InventorySyncAsync(transaction, source, new PlainRequest(), TaskOrigin.Appliance, cancellationToken);
        }

        return result is RestoreResult { Files.Count: > 0 } restored ? string.Join(", ", restored.Files) : null;
    }

    /// <inheritdoc/>
    public override async Task FailedAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        if (task.MachineGuid is { } machine)
        {
            await transaction.Machines.SetRestoreStatusAsync(machine, ending.State == TaskState.Cancelled ? "CANCELLED" : "FAILED", cancellationToken);
        }
    }
}
