using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Policies.Retention;

/// <summary>Decides which snapshots that rules made on platforms go, and queues their removal as OLD_SNAPSHOTS_REMOVAL tasks, one for each machine.</summary>
internal sealed class SnapshotRetention(CatalogDatabase catalog, PolicyBook book, TaskRequests requests, TimeProvider time)
{
    /// <summary>Looks at all snapshots.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        HashSet<Guid> machines = [];
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            string? next = null;
            do
            {
                ListPage<Snapshot> page = await session.Snapshots.ListAsync(
                    machine: null, policy: null, new ListQuery { Size = ListQuery.SizeMax, After = next }, cancellationToken);
                machines.UnionWith(page.Rows.Where(snapshot => snapshot.RuleGuid is not null).Select(snapshot => snapshot.MachineGuid));
                next = page.Next;
            }
            while (next is not null);
        }

        foreach (Guid machine in machines)
        {
            await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
            await LookAsync(transaction, machine, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    /// <summary>Looks at the snapshots of one machine.</summary>
    public async Task LookAsync(CatalogTransaction transaction, Guid guid, CancellationToken cancellationToken)
    {
        Machine machine = await transaction.Machines.GetAsync(guid, cancellationToken);
        if ((machine.HypervisorManagerGuid ?? machine.HypervisorGuid) is null || !machine.Present
            || await transaction.Tasks.IsUnderWayAsync(TaskType.OldSnapshotsRemoval, source: null, destination: null, guid, cancellationToken))
        {
            return;
        }

        PolicyBook.Page page = await book.ReadAsync(transaction, cancellationToken);
        IReadOnlyList<Snapshot> snapshots = (await transaction.Snapshots.ListAsync(
            guid, policy: null, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        List<Guid> goes = [];
        foreach (IGrouping<Guid?, Snapshot> ofRule in snapshots.Where(snapshot => snapshot is { State: SnapshotState.Present, Ours: true }).GroupBy(snapshot => snapshot.RuleGuid))
        {
            if (ofRule.Key is { } rule && page.Rules.GetValueOrDefault(rule)?.Snapshots is { } settings)
            {
                RetentionPoint[] points = [.. ofRule.Select(snapshot => new RetentionPoint { Guid = snapshot.Guid, CreatedAt = snapshot.CreatedAt })];
                goes.AddRange(RetentionSimulator.Decide(points, settings, machinePresent: true, time.GetUtcNow())
                    .Where(decision => !decision.Keep).Select(decision => decision.Point.Guid));
            }
        }

        if (goes.Count > 0)
        {
            await requests.RemoveSnapshotsAsync(transaction, machine, goes, TaskOrigin.Appliance, cancellationToken);
        }
    }
}
