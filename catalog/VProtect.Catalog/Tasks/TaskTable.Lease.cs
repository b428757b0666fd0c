using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>
/// What a node does with tasks.
/// <code>
/// ClaimNext ──► Report … Report ──► Finish            the same node, generation and try all the way, or LeaseLost
///     ▲                               │ failed, tries left
///     └───────────── QUEUED ◄─────────┘
/// </code>
/// </summary>
public sealed partial class TaskTable
{
    /// <summary>What changes a machine, or what its platform holds of it: one at a time for each machine.</summary>
    private static readonly TaskType[] Exclusive =
        [TaskType.Export, TaskType.Import, TaskType.Snapshot, TaskType.SnapshotReversion, TaskType.OldSnapshotsRemoval, TaskType.FileRestore];

    /// <summary>The node configuration that a task's platform is left to; null for none.</summary>
    private static readonly SqlText SourceNodeConfig = SqlText.Raw(
        "(SELECT COALESCE((SELECT h.node_config_guid FROM hypervisors AS h WHERE h.guid = tasks.source_guid), (SELECT m.node_config_guid FROM hypervisor_managers AS m WHERE m.guid = tasks.source_guid)))");

    private static readonly SqlText NodeFits = SqlText.Raw("(tasks.node_guid IS NULL OR tasks.node_guid = taker.guid)");

    /// <summary>A platform that is not in the catalog any more is for the order to complain of. Capabilities are a list in JSON.</summary>
    private static readonly SqlText PlatformFits = SqlText.Raw(
        """
        (tasks.source_guid IS NULL OR COALESCE(
          (SELECT taker.capabilities LIKE '%"' || h.platform || '"%' FROM hypervisors AS h WHERE h.guid = tasks.source_guid),
          (SELECT taker.capabilities LIKE '%"' || m.platform || '"%' FROM hypervisor_managers AS m WHERE m.guid = tasks.source_guid), 1 = 1))
        """);

    /// <summary>
    /// What a node configuration allows, where it says so: a list in JSON. Nothing else in settings is a word in capitals. What ends a mount is not withheld: it was begun there.
    /// </summary>
    private static readonly SqlText TypeFits = SqlText.Raw(
        """
        (tasks.type = 'UNMOUNT' OR NOT EXISTS (SELECT 1 FROM node_configs AS config WHERE config.guid = taker.node_config_guid
          AND config.settings LIKE '%"allowedTaskTypes"%' AND config.settings NOT LIKE '%"' || tasks.type || '"%'))
        """);

    /// <summary>
    /// Gives the node the task that comes first among those that may begin now and that it can do: by priority, where five minutes of waiting
    /// count as a point, so that nothing waits for ever. Null when there is none, a limit is reached, or the node's generation is over.
    /// </summary>
    /// <remarks>Claims are made one at a time, over all servers: else two could pass the same limit at once.</remarks>
    public async Task<CatalogTask?> ClaimNextAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        await writer.ExclusiveAsync(CatalogLock.Claim, cancellationToken);
        DateTimeOffset now = writer.Time.GetUtcNow();
        if (await Session.NumberAsync($"SELECT 1 FROM nodes WHERE guid = {claim.Node} AND generation = {claim.Generation} AND state = {NodeState.Online}", cancellationToken) is null
            || !await BelowAsync(claim, cancellationToken))
        {
            return null;
        }

        List<CatalogTask> first = await WhereAsync(
            $"""
            state = {TaskState.Queued} AND type IN {claim.Types}
              AND (window_start IS NULL OR window_start <= {now}) AND (window_end IS NULL OR window_end > {now})
              AND (not_before IS NULL OR not_before <= {now})
              AND (depends_on_guid IS NULL
                OR (SELECT needed.state FROM tasks AS needed WHERE needed.guid = tasks.depends_on_guid) = {TaskState.Finished})
              AND (source_guid IS NULL
                OR (SELECT COUNT(*) FROM tasks AS other WHERE other.source_guid = tasks.source_guid AND other.state = {TaskState.Running})
                  < {claim.SourceRunningMax})
              AND NOT EXISTS (SELECT 1 FROM tasks AS busy WHERE busy.state = {TaskState.Running} AND busy.type IN {Exclusive}
                AND busy.machine_guid = {MachineNeeded})
              AND EXISTS (SELECT 1 FROM nodes AS taker WHERE taker.guid = {claim.Node} AND {MayTake(claim.Own)})
            ORDER BY claim_order, guid LIMIT 1{SqlText.Raw(writer.Dialect.SkipLocked)}
            """,
            cancellationToken);
        if (first.Count == 0)
        {
            return null;
        }

        await ChangeOneAsync(
            first[0].Guid,
            $"""
            UPDATE tasks SET state = {TaskState.Running}, lease_node_guid = {claim.Node}, lease_generation = {claim.Generation},
              attempt = attempt + 1, started_at = {now}, finished_at = NULL, not_before = NULL, version = version + 1
            WHERE guid = {first[0].Guid} AND state = {TaskState.Queued}
            """,
            CatalogChangeKind.Updated,
            cancellationToken);
        return await GetAsync(first[0].Guid, cancellationToken);
    }

    /// <summary>The right to act on a task that <see cref="ClaimNextAsync"/> gave.</summary>
    public static TaskLease LeaseOf(CatalogTask task) => new(
        task.Guid,
        task.LeaseNodeGuid ?? throw new ArgumentException("No node has the task.", nameof(task)),
        task.LeaseGeneration ?? throw new ArgumentException("No node has the task.", nameof(task)),
        task.Attempt);

    /// <summary>Notes progress. Not a new version. The answer is whether a user wants the task stopped.</summary>
    /// <exception cref="Abstractions.VProtectException"><see cref="Abstractions.ErrorCode.TaskLeaseLost"/>: stop and clean up.</exception>
    public async Task<bool> ReportAsync(TaskLease lease, TaskProgress progress, CancellationToken cancellationToken)
    {
        await ActAsync(
            lease,
            $"""
            stage = {progress.Stage}, percent = {Math.Clamp(progress.Percent, 0, 100)}, bytes_done = {progress.BytesDone},
            bytes_total = {progress.BytesTotal}, rate_bytes = {progress.RateBytes}, progress_at = {Session.Time.GetUtcNow()}
            """,
            cancellationToken);
        return await Session.NumberAsync($"SELECT cancel_requested FROM tasks WHERE guid = {lease.Task}", cancellationToken) == 1;
    }

    /// <summary>
    /// Ends the try. A failure with a time for the next try puts the task back into the queue while tries are left and nobody cancelled it.
    /// </summary>
    /// <returns>The task as it is now.</returns>
    /// <exception cref="Abstractions.VProtectException"><see cref="Abstractions.ErrorCode.TaskLeaseLost"/>: the result does not count.</exception>
    public async Task<CatalogTask> FinishAsync(TaskLease lease, TaskOutcome outcome, CancellationToken cancellationToken)
    {
        CatalogTask task = await GetAsync(lease.Task, cancellationToken);
        bool again = outcome is { State: TaskState.Failed, RetryAt: not null } && lease.Attempt < task.MaxAttempts && !task.CancelRequested;
        DateTimeOffset now = Session.Time.GetUtcNow();
        await ActAsync(
            lease,
            $"""
            state = {(again ? TaskState.Queued : outcome.State)}, not_before = {(again ? outcome.RetryAt : null)},
            finished_at = {(again ? (DateTimeOffset?)null : now)}, percent = CASE WHEN {(outcome.State == TaskState.Finished ? 1 : 0)} = 1 THEN 100 ELSE percent END,
            rate_bytes = 0, status_info = {outcome.StatusInfo}, error_code = {outcome.ErrorCode}, result = {outcome.Result}, warnings = {outcome.Warnings},
            lease_node_guid = {(again ? (Guid?)null : lease.Node)}, lease_generation = NULL, version = version + 1
            """,
            cancellationToken);
        return await GetAsync(lease.Task, cancellationToken);
    }

    /// <summary>
    /// Running tasks whose lease is void, because their node has begun another generation or was removed. For each the engine decides:
    /// <see cref="RequeueAsync"/> or <see cref="EndAsync"/>.
    /// </summary>
    public async Task<IReadOnlyList<CatalogTask>> VoidLeasesAsync(CancellationToken cancellationToken) => await WhereAsync(
        $"""
        state = {TaskState.Running} AND type NOT IN {Halves} AND NOT EXISTS (
          SELECT 1 FROM nodes WHERE nodes.guid = tasks.lease_node_guid AND nodes.generation = tasks.lease_generation)
        ORDER BY created_at, guid
        """,
        cancellationToken);

    /// <summary>Whether a node other than the one that has a task is online and may do it.</summary>
    public async Task<bool> HasOtherTakerAsync(CatalogTask task, OwnWork own, CancellationToken cancellationToken) => await Session.NumberAsync(
        $"""
        SELECT 1 FROM tasks WHERE guid = {task.Guid} AND EXISTS (
          SELECT 1 FROM nodes AS taker WHERE taker.state = {NodeState.Online} AND taker.guid <> tasks.lease_node_guid AND {MayTake(own)})
        """,
        cancellationToken) == 1;

    /// <summary>Those of some tasks that wait since no node that is online may do them, and why. Tasks of appliances that joined this one are theirs to tell of.</summary>
    public async Task<IReadOnlyDictionary<Guid, TakerGap>> GapsAsync(IReadOnlyCollection<Guid> tasks, OwnWork own, CancellationToken cancellationToken)
    {
        List<(Guid Task, TakerGap Gap)> gaps = await Session.QueryAsync(
            $"""
            SELECT guid, CASE
                WHEN {NobodyFits(OwnFits(own))} THEN 0
                WHEN {NobodyFits(NodeFits)} THEN 1
                WHEN {NobodyFits(SourceFits(own))} THEN 2
                WHEN {NobodyFits($"{SourceFits(own)} AND {PlatformFits}")} THEN 3
                WHEN {NobodyFits(DestinationFits(own))} THEN 4
                WHEN {NobodyFits(Reaches(own))} THEN 5
                ELSE 6 END
            FROM tasks WHERE guid IN {tasks} AND appliance_guid IS NULL AND state = {TaskState.Queued} AND type NOT IN {Halves} AND {NobodyFits(MayTake(own))}
            """,
            row => (Guid.ParseExact(row.GetString(0), "D"), (TakerGap)Convert.ToInt32(row.GetValue(1), null)),
            cancellationToken);
        return gaps.ToDictionary(gap => gap.Task, gap => gap.Gap);
    }

    private static SqlText NobodyFits(SqlText condition) => $"NOT EXISTS (SELECT 1 FROM nodes AS taker WHERE taker.state = {NodeState.Online} AND {condition})";

    /// <summary>Whether the node <c>taker</c> may do what is in <c>tasks</c>, whatever both are at now.</summary>
    private static SqlText MayTake(OwnWork own) => $"{Reaches(own)} AND {TypeFits}";

    /// <summary>Whether the node <c>taker</c> could do what is in <c>tasks</c>, whatever it is allowed to.</summary>
    private static SqlText Reaches(OwnWork own) => $"{OwnFits(own)} AND {NodeFits} AND {SourceFits(own)} AND {PlatformFits} AND {DestinationFits(own)}";

    private static SqlText OwnFits(OwnWork own) => $"(taker.guid = {own.Node} OR tasks.type NOT IN {own.Types})";

    private static SqlText SourceFits(OwnWork own) =>
        $"""
        (tasks.source_guid IS NULL
          OR taker.guid = {own.Node} AND NOT EXISTS (SELECT 1 FROM nodes AS left_to WHERE left_to.node_config_guid = {SourceNodeConfig})
          OR {SourceNodeConfig} = taker.node_config_guid)
        """;

    private static SqlText DestinationFits(OwnWork own) =>
        $"""
        (tasks.destination_guid IS NULL
          OR taker.guid = {own.Node} AND NOT EXISTS (SELECT 1 FROM destination_node_configs AS reach WHERE reach.destination_guid = tasks.destination_guid)
          OR EXISTS (SELECT 1 FROM destination_node_configs AS reach
            WHERE reach.destination_guid = tasks.destination_guid AND reach.node_config_guid = taker.node_config_guid))
        """;

    // A restore needs the machine that its other half, the import, overwrites.
    private static SqlText MachineNeeded =>
        $"""
        CASE WHEN tasks.type IN {Exclusive} THEN tasks.machine_guid
          WHEN tasks.type = {TaskType.Restore} THEN (SELECT half.machine_guid FROM tasks AS half WHERE half.guid = tasks.linked_task_guid) END
        """;

    /// <summary>Changes a task if the lease holds.</summary>
    private async Task ActAsync(TaskLease lease, SqlText assignments, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        int changed = await writer.ExecuteAsync(
            $"""
            UPDATE tasks SET {assignments}
            WHERE guid = {lease.Task} AND state = {TaskState.Running} AND lease_node_guid = {lease.Node}
              AND lease_generation = {lease.Generation} AND attempt = {lease.Attempt}
              AND EXISTS (SELECT 1 FROM nodes WHERE nodes.guid = {lease.Node} AND nodes.generation = {lease.Generation})
            """,
            cancellationToken);
        if (changed == 0)
        {
            throw CatalogErrors.LeaseLost(lease.Task);
        }

        writer.Changed(Rows.Name, lease.Task, CatalogChangeKind.Updated);
    }

    private async Task<bool> BelowAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        long? onNode = await Session.NumberAsync(
            $"SELECT COUNT(*) FROM tasks WHERE lease_node_guid = {claim.Node} AND state = {TaskState.Running} AND type NOT IN {Halves}", cancellationToken);
        long? everywhere = await Session.NumberAsync(
            $"SELECT COUNT(*) FROM tasks WHERE state = {TaskState.Running} AND type NOT IN {Halves}", cancellationToken);
        return onNode < claim.NodeRunningMax && everywhere < claim.RunningMax;
    }
}
