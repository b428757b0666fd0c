using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution;

/// <summary>Creates, reverts and removes snapshots that the platform keeps.</summary>
internal static class Snapshots
{
    public static async Task<WorkResult> CreateAsync(CreateSnapshotWork work, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("creating the snapshot");
        await using IConnector connector = context.Connect(work.Platform);
        Require(connector);
        string name = work.Name.StartsWith(TaskMark.Prefix, StringComparison.Ordinal) ? work.Name : TaskMark.Prefix + work.Name;
        MachineSnapshot snapshot = await connector.CreateSnapshotAsync(
            new SnapshotCreation(context.TaskGuid, work.MachineUuid, name, Quiescing.Of(work.Quiesce)), cancellationToken);
        return new SnapshotResult(snapshot.Id, snapshot.CreatedAt, snapshot.IsQuiesced);
    }

    public static async Task RevertAsync(RevertSnapshotWork work, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("reverting to the snapshot");
        await using IConnector connector = context.Connect(work.Platform);
        Require(connector);
        await connector.RevertSnapshotAsync(work.MachineUuid, work.SnapshotId, cancellationToken);
    }

    /// <summary>One that cannot be removed keeps nobody from removing the others.</summary>
    public static async Task RemoveAsync(RemoveSnapshotsWork work, WorkContext context, CancellationToken cancellationToken)
    {
        await using IConnector connector = context.Connect(work.Platform);
        Require(connector);
        VProtectException? failure = null;
        foreach (string id in work.SnapshotIds)
        {
            context.Enter("removing snapshots");
            try
            {
                await connector.RemoveSnapshotAsync(work.MachineUuid, id, cancellationToken);
                context.Note($"Removed snapshot {id}.");
            }
            catch (VProtectException e)
            {
                context.Warn($"Snapshot {id} could not be removed: {e.Message}");
                failure ??= e;
            }
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    private static void Require(IConnector connector)
    {
        if (!connector.Capabilities.Snapshots)
        {
            throw new VProtectException(
                ErrorCode.NotSupported, ErrorSide.Platform, "The platform has no snapshots that can be managed.", "Use backups instead.");
        }
    }
}
