using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Policies.Retention;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>SNAPSHOT: one that stays on the platform.</summary>
internal sealed class SnapshotKind(References references, SnapshotRetention retention) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.Snapshot];

    /// <summary>Nobody knows whether it was made: a second one would take space that no row tells of.</summary>
    public override bool IsRepeatable(CatalogTask task) => false;

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        Snapshot snapshot = await transaction.Snapshots.GetAsync(TaskParameters.Of(task).Snapshots![0], cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(snapshot.MachineGuid, cancellationToken);
        GuestCommands commands = await GuestCommands.OfAsync(transaction, references, machine, task.PolicyGuid, cancellationToken);
        return new CreateSnapshotWork(
            await references.PlatformAsync(transaction, task.SourceGuid ?? default, cancellationToken), machine.Uuid, snapshot.Name, commands.Quiesce);
    }

    /// <inheritdoc/>
    public override async Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        if (result is SnapshotResult made && await SnapshotAsync(transaction, task, cancellationToken) is { } snapshot)
        {
            await transaction.Snapshots.UpdateAsync(
                snapshot with { Uuid = made.SnapshotId, State = SnapshotState.Present, Quiesced = made.IsQuiesced == true, StatusInfo = null }, cancellationToken);
            await retention.LookAsync(transaction, snapshot.MachineGuid, cancellationToken);
        }

        return null;
    }

    /// <inheritdoc/>
    public override async Task FailedAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        if (await SnapshotAsync(transaction, task, cancellationToken) is { } snapshot)
        {
            await transaction.Snapshots.UpdateAsync(snapshot with { State = SnapshotState.Failed, StatusInfo = ending.StatusInfo }, cancellationToken);
        }
    }

    private static Task<Snapshot?> SnapshotAsync(CatalogSession session, CatalogTask task, CancellationToken cancellationToken) =>
        session.Snapshots.FindAsync(TaskParameters.Of(task).Snapshots![0], cancellationToken);
}
