using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Tasks;
using VProtect.Server.Policies;
using VProtect.Server.Tasks.Outcomes;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>INVENTORY_SYNC: what a platform holds, then who belongs to which policy.</summary>
internal sealed class InventoryKind(References references, FollowUps followUps, CleanUps cleanUps, AutoAssignmentRun assignment, TimeProvider time) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.InventorySync];

    /// <inheritdoc/>
    public override bool IsHarmlessTwice => true;

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken) =>
        new InventoryWork(await references.PlatformAsync(transaction, task.SourceGuid ?? default, cancellationToken));

    /// <inheritdoc/>
    public override async Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        if (result is not InventoryResult found || task.SourceGuid is not { } source)
        {
            return null;
        }

        HypervisorManager? manager = await transaction.HypervisorManagers.FindAsync(source, cancellationToken);
        Hypervisor? host = await transaction.Hypervisors.FindAsync(source, cancellationToken);
        string? platform = manager?.Platform ?? host?.Platform;
        if (platform is null)
        {
            return "The platform connection was removed meanwhile.";
        }

        var of = new InventorySource(platform, manager?.Guid, manager is null ? source : null);
        await new InventoryUpdate(transaction, of, time.GetUtcNow()).ApplyAsync(found, cancellationToken);
        await StateAsync(transaction, source, ConnectionState.Online, info: null, cancellationToken);
        if ((manager?.State ?? host!.State) != ConnectionState.Online)
        {
            // It was away, and nobody could remove what was on it then.
            cleanUps.Soon([source]);
        }

        followUps.Post("Assignment of machines to policies", AssignAsync);
        return $"{Quantity.Of(found.Hosts.Count, "host")}, {Quantity.Of(found.Machines.Count, "machine")}.";
    }

    /// <inheritdoc/>
    public override async Task FailedAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        if (ending.State == TaskState.Failed && task.SourceGuid is { } source)
        {
            ConnectionState state = ending.ErrorCode == (int)ErrorCode.PlatformUnavailable ? ConnectionState.Offline : ConnectionState.Failed;
            await StateAsync(transaction, source, state, ending.StatusInfo, cancellationToken);
        }
    }

    /// <summary>What was found is in the catalog; as a result of the task it would be there twice.</summary>
    public override string? ResultOf(WorkResult? result) => null;

    private async Task StateAsync(CatalogTransaction transaction, Guid source, ConnectionState state, string? info, CancellationToken cancellationToken)
    {
        bool isOnline = state == ConnectionState.Online;
        if (await transaction.HypervisorManagers.FindAsync(source, cancellationToken) is { } manager)
        {
            await transaction.HypervisorManagers.RecordStateAsync(manager.Guid, state, info, isOnline ? time.GetUtcNow() : null, cancellationToken);
        }
        else if (await transaction.Hypervisors.FindAsync(source, cancellationToken) is { } host)
        {
            await transaction.Hypervisors.RecordStateAsync(host.Guid, state, info, isOnline ? time.GetUtcNow() : null, cancellationToken);
        }
    }

    private async Task AssignAsync(CancellationToken cancellationToken)
    {
        await assignment.RunAsync(PolicyKind.VmBackup, cancellationToken);
        await assignment.RunAsync(PolicyKind.VmSnapshot, cancellationToken);
    }
}
