using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Policies.Retention;

/// <summary>
/// Decides for restore points of the catalog what goes, and queues its removal as OLD_BACKUPS_REMOVAL tasks. The rule that made a restore point decides;
/// one without a rule stays until a user marks it.
/// </summary>
internal sealed class RetentionRun(CatalogDatabase catalog, PolicyBook book, TaskRequests requests, TimeProvider time)
{
    private const int MachinesAtOnce = 200;

    /// <summary>Restore points that one task removes: a failure leaves no more than these.</summary>
    private const int PointsOfTask = 500;

    private static readonly RetentionSettings Unruled = new();

    /// <summary>Looks at all machines.</summary>
    /// <returns>How many restore points are to go.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var goes = new Dictionary<Guid, List<Guid>>();
        string? next = null;
        do
        {
            await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
            ListPage<Machine> page = await session.Machines.ListAsync(new MachineFilter(), new ListQuery { Size = MachinesAtOnce, After = next }, cancellationToken);
            foreach ((RestorePoint point, RetentionReason _) in await GoingAsync(session, page.Rows, cancellationToken))
            {
                if (!goes.TryGetValue(point.DestinationGuid, out List<Guid>? points))
                {
                    goes[point.DestinationGuid] = points = [];
                }

                points.Add(point.Guid);
            }

            next = page.Next;
        }
        while (next is not null);

        foreach ((Guid destination, List<Guid> points) in goes)
        {
            await QueueAsync(destination, points, cancellationToken);
        }

        return goes.Values.Sum(points => points.Count);
    }

    /// <summary>Looks at one machine after a backup of it, in the transaction that ends the backup.</summary>
    public async Task AfterBackupAsync(CatalogTransaction transaction, Machine machine, CancellationToken cancellationToken)
    {
        foreach (IGrouping<Guid, (RestorePoint Point, RetentionReason Reason)> there in
            (await GoingAsync(transaction, [machine], cancellationToken)).GroupBy(going => going.Point.DestinationGuid))
        {
            if (!await transaction.Tasks.IsUnderWayAsync(TaskType.OldBackupsRemoval, source: null, there.Key, machine.Guid, cancellationToken))
            {
                await requests.RemoveOldAsync(transaction, there.Key, [.. there.Select(going => going.Point.Guid)], machine.Guid, cancellationToken);
            }
        }
    }

    /// <summary>What would become of the restore points of a machine.</summary>
    /// <param name="session">Where they are read.</param>
    /// <param name="machine">Machine.</param>
    /// <param name="settings">In place of those of the rules; null for the rules' own.</param>
    /// <param name="at">Ages are taken at this instant.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<(RestorePoint Point, RetentionDecision Decision)>> DecideAsync(
        CatalogSession session, Machine machine, RetentionSettings? settings, DateTimeOffset at, CancellationToken cancellationToken)
    {
        PolicyBook.Page page = await book.ReadAsync(session, cancellationToken);
        IReadOnlyList<RestorePoint> points = await session.RestorePoints.GoodOfMachineAsync(machine.Guid, cancellationToken: cancellationToken);
        return [.. Decide(page, machine, points, settings, at)];
    }

    private async Task QueueAsync(Guid destination, List<Guid> points, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (await transaction.Tasks.IsUnderWayAsync(TaskType.OldBackupsRemoval, source: null, destination, machine: null, cancellationToken))
        {
            return;
        }

        foreach (Guid[] some in points.Chunk(PointsOfTask))
        {
            await requests.RemoveOldAsync(transaction, destination, some, machine: null, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<List<(RestorePoint Point, RetentionReason Reason)>> GoingAsync(
        CatalogSession session, IReadOnlyList<Machine> machines, CancellationToken cancellationToken)
    {
        PolicyBook.Page page = await book.ReadAsync(session, cancellationToken);
        IReadOnlyDictionary<Guid, IReadOnlyList<RestorePoint>> points = await session.RestorePoints.GoodOfMachinesAsync(
            machines.Select(machine => machine.Guid), cancellationToken: cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        return
        [
            .. from machine in machines
               from decided in Decide(page, machine, points[machine.Guid], settings: null, now)
               where !decided.Decision.Keep
               select (decided.Point, decided.Decision.Reason),
        ];
    }

    // The points of one machine in one destination under one rule are decided together.
    private static IEnumerable<(RestorePoint Point, RetentionDecision Decision)> Decide(
        PolicyBook.Page page, Machine machine, IEnumerable<RestorePoint> points, RetentionSettings? settings, DateTimeOffset at)
    {
        foreach (var group in points.GroupBy(point => (point.DestinationGuid, settings is null ? point.RuleGuid : null, settings is null ? point.Role : null)))
        {
            Dictionary<Guid, RestorePoint> rows = group.ToDictionary(point => point.Guid);
            RetentionSettings applied = settings ?? SettingsOf(page, group.First());
            foreach (RetentionDecision decision in RetentionSimulator.Decide([.. rows.Values.Select(RetentionPoint.Of)], applied, machine.Present, at))
            {
                yield return (rows[decision.Point.Guid], decision);
            }
        }
    }

    private static RetentionSettings SettingsOf(PolicyBook.Page page, RestorePoint point)
    {
        RuleModel? rule = point.RuleGuid is { } guid ? page.Rules.GetValueOrDefault(guid) : null;
        return (point.Role == DestinationRole.Secondary ? rule?.Secondary : rule?.Primary)?.Retention ?? Unruled;
    }
}
