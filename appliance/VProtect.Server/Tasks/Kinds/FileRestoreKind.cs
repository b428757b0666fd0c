using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>FILE_RESTORE: files of a mounted restore point go into a machine that runs.</summary>
internal sealed class FileRestoreKind(References references) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.FileRestore];

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        TaskParameters parameters = TaskParameters.Of(task);
        GuestFilesParameters files = parameters.GuestFiles!;
        if (await transaction.Mounts.FindAsync(parameters.Mount!.Value, cancellationToken) is not { State: MountState.Mounted } mount)
        {
            throw new VProtectException(ErrorCode.TaskImpossible, ErrorSide.Catalog, "The backup is not mounted any more.", "Mount it again, and ask for the files again.");
        }

        Machine machine = await transaction.Machines.GetAsync(task.MachineGuid!.Value, cancellationToken);
        RestorePoint point = await transaction.RestorePoints.GetAsync(mount.RestorePointGuid, cancellationToken);
        return new RestoreIntoGuestWork
        {
            MountGuid = mount.Guid.ToString("D"),
            Volume = files.Volume,
            Paths = files.Paths,
            Platform = await references.PlatformAsync(transaction, task.SourceGuid ?? default, cancellationToken),
            MachineUuid = machine.Uuid,
            Folder = files.Folder,
            Existing = ApiName.Of(files.Existing),
            Suffix = files.Suffix,

            // Who rules one machine shall not get programs into another one that run there as root.
            KeepsPrivileges = machine.Guid == point.MachineGuid,
        };
    }

    /// <inheritdoc/>
    public override Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken) =>
        Task.FromResult(result is GuestFilesResult done
            ? $"{Quantity.Of(done.Files, "file")}, {Quantity.Of(done.Folders, "folder")} and {Quantity.Of(done.Links, "link")} were restored{(done.Skipped > 0 ? $", {done.Skipped} left as they are: the log says why" : "")}."
            : null);
}
