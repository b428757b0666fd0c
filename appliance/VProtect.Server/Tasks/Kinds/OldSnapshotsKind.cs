using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>OLD_SNAPSHOTS_REMOVAL: snapshots of one machine that retention chose.</summary>
internal sealed class OldSnapshotsKind(References references) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.OldSnapshotsRemoval];

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        List<string> uuids = [];
        foreach (Snapshot snapshot in await SnapshotsAsync(transaction, task, cancellationToken))
        {
            if (snapshot is { Ours: true, Uuid: { } uuid })
            {
                uuids.Add(uuid);
                await transaction.Snapshots.UpdateAsync(snapshot with { State = SnapshotState.Removing }, cancellationToken);
            }
        }

        if (uuids.Count == 0 || task.MachineGuid is not { } machine)
        {
            return null;
        }

        PlatformReference platform = await references.PlatformAsync(transaction, task.SourceGuid ?? default, cancellationToken);
        return new RemoveSnapshotsWork(platform, (await transaction.Machines.GetAsync(machine, cancellationToken)).Uuid, uuids);
    }

    /// <inheritdoc/>
    public override async Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        foreach (Snapshot snapshot in await SnapshotsAsync(transaction, task, cancellationToken))
        {
            if (snapshot.State == SnapshotState.Removing || snapshot.Uuid is null)
            {
                await transaction.Snapshots.DeleteAsync(snapshot.Guid, version: null, cancellationToken);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public override async Task FailedAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        foreach (Snapshot snapshot in await SnapshotsAsync(transaction, task, cancellationToken))
        {
            if (snapshot.State == SnapshotState.Removing)
            {
                await transaction.Snapshots.UpdateAsync(snapshot with { State = SnapshotState.Present, StatusInfo = ending.StatusInfo }, cancellationToken);
            }
        }
    }

    private static Task<IReadOnlyList<Snapshot>> SnapshotsAsync(CatalogSession session, CatalogTask task, CancellationToken cancellationToken) =>
        session.Snapshots.FindManyAsync([.. TaskParameters.Of(task).Snapshots!], cancellationToken);
}
