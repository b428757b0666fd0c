using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>SNAPSHOT_REVERSION: a machine goes back to a snapshot.</summary>
internal sealed class SnapshotReversionKind(References references) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.SnapshotReversion];

    /// <summary>It may have been done, and the machine may have worked on since.</summary>
    public override bool IsRepeatable(CatalogTask task) => false;

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        Snapshot? snapshot = await transaction.Snapshots.FindAsync(TaskParameters.Of(task).Snapshots![0], cancellationToken);
        if (snapshot is not { State: SnapshotState.Present, Uuid: { } uuid })
        {
            throw new VProtectException(
                ErrorCode.TaskImpossible, ErrorSide.Platform, "The snapshot does not exist any more.", "Choose one that is present.");
        }

        Machine machine = await transaction.Machines.GetAsync(snapshot.MachineGuid, cancellationToken);
        return new RevertSnapshotWork(await references.PlatformAsync(transaction, task.SourceGuid ?? default, cancellationToken), machine.Uuid, uuid);
    }
}
