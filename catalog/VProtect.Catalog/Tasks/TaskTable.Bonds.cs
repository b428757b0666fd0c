using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>
/// How tasks hang together. STORE and IMPORT are halves: they are never claimed, but follow the EXPORT or RESTORE that they are linked to.
/// </summary>
public sealed partial class TaskTable
{
    private static readonly TaskType[] Halves = [TaskType.Store, TaskType.Import];

    /// <summary>Brings the other half of a task to a state; nothing when it has none. Progress and lease are those of <paramref name="leader"/>.</summary>
    /// <param name="leader">The task that was claimed, as it is now.</param>
    /// <param name="state">Where its half stands now.</param>
    /// <param name="bytesDone">What the half has moved, bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task FollowAsync(CatalogTask leader, TaskState state, long bytesDone, CancellationToken cancellationToken)
    {
        if (leader.LinkedTaskGuid is not { } half)
        {
            return;
        }

        CatalogTransaction writer = Session.Writer;
        DateTimeOffset now = writer.Time.GetUtcNow();
        DateTimeOffset? ended = state is TaskState.Queued or TaskState.Running ? null : now;
        DateTimeOffset? begun = state == TaskState.Queued ? null : now;
        int changed = await writer.ExecuteAsync(
            $"""
            UPDATE tasks SET state = {state}, started_at = COALESCE(started_at, {begun}), finished_at = {ended}, attempt = {leader.Attempt},
              max_attempts = {leader.MaxAttempts}, lease_node_guid = {leader.LeaseNodeGuid}, lease_generation = {leader.LeaseGeneration}, stage = {leader.Stage},
              percent = {leader.Percent}, bytes_done = {bytesDone}, bytes_total = {leader.BytesTotal}, rate_bytes = {leader.RateBytes},
              progress_at = {leader.ProgressAt}, status_info = {leader.StatusInfo}, error_code = {leader.ErrorCode}, version = version + 1
            WHERE guid = {half}
            """,
            cancellationToken);
        if (changed > 0)
        {
            writer.Changed(Rows.Name, half, CatalogChangeKind.Updated);
        }
    }

    /// <summary>Links the halves that were asked for at an instant back to those that lead them.</summary>
    public Task TieHalvesAsync(DateTimeOffset createdAt, CancellationToken cancellationToken) => Session.Writer.ExecuteAsync(
        $"""
        UPDATE tasks SET linked_task_guid = (SELECT leader.guid FROM tasks AS leader WHERE leader.linked_task_guid = tasks.guid)
        WHERE created_at = {createdAt} AND type IN {Halves} AND linked_task_guid IS NULL
        """,
        cancellationToken);

    /// <summary>Tasks of a workflow, in the order in which they were asked for.</summary>
    public async Task<IReadOnlyList<CatalogTask>> OfWorkflowAsync(Guid workflow, CancellationToken cancellationToken) =>
        await WhereAsync($"workflow_guid = {workflow} ORDER BY created_at, guid", cancellationToken);

    /// <summary>Tasks that wait for another to be FINISHED.</summary>
    public async Task<IReadOnlyList<CatalogTask>> DependentsAsync(Guid task, CancellationToken cancellationToken) =>
        await WhereAsync($"depends_on_guid = {task} AND state = {TaskState.Queued} ORDER BY created_at, guid", cancellationToken);

    /// <summary>Lets a task begin without the one it waited for.</summary>
    public Task ReleaseAsync(Guid task, CancellationToken cancellationToken) => ChangeOneAsync(
        task, $"UPDATE tasks SET depends_on_guid = NULL, version = version + 1 WHERE guid = {task}", CatalogChangeKind.Updated, cancellationToken);

    /// <summary>Error codes of the exports of a run that failed. A run is what was asked for at one instant for one policy.</summary>
    public async Task<IReadOnlyList<int>> FailuresOfRunAsync(Guid policy, DateTimeOffset createdAt, CancellationToken cancellationToken) => await Session.QueryAsync(
        $"""
        SELECT COALESCE(error_code, 0) FROM tasks
        WHERE policy_guid = {policy} AND created_at = {createdAt} AND type = {TaskType.Export} AND state = {TaskState.Failed}
        """,
        row => Convert.ToInt32(row.GetValue(0), null),
        cancellationToken);

    /// <summary>Exports of a run that wait.</summary>
    public async Task<IReadOnlyList<CatalogTask>> RestOfRunAsync(Guid policy, DateTimeOffset createdAt, CancellationToken cancellationToken) => await WhereAsync(
        $"policy_guid = {policy} AND created_at = {createdAt} AND type = {TaskType.Export} AND state = {TaskState.Queued} ORDER BY guid", cancellationToken);

    /// <summary>Whether a task of a type waits or runs for something; what is null is not asked for.</summary>
    public async Task<bool> IsUnderWayAsync(TaskType type, Guid? source, Guid? destination, Guid? machine, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("type", type)
            .In("state", [TaskState.Queued, TaskState.Running])
            .Equal("source_guid", source)
            .Equal("destination_guid", destination)
            .Equal("machine_guid", machine);
        return await Session.NumberAsync($"SELECT 1 FROM tasks{filter.ToWhere((column, _) => column)} LIMIT 1", cancellationToken) is not null;
    }

    /// <summary>Machines for which a task of a rule waits or runs.</summary>
    public async Task<IReadOnlyList<Guid>> MachinesUnderWayAsync(Guid rule, CancellationToken cancellationToken) => await Session.QueryAsync(
        $"""
        SELECT DISTINCT machine_guid FROM tasks
        WHERE rule_guid = {rule} AND state IN ({TaskState.Queued}, {TaskState.Running}) AND machine_guid IS NOT NULL
        """,
        row => Guid.ParseExact(row.GetString(0), "D"),
        cancellationToken);

    /// <summary>When a task of one of these types was last done for a destination; null when none is known.</summary>
    public async Task<DateTimeOffset?> LastFinishedAsync(IReadOnlyCollection<TaskType> types, Guid destination, CancellationToken cancellationToken) =>
        await Session.NumberAsync(
            $"SELECT MAX(finished_at) FROM tasks WHERE destination_guid = {destination} AND type IN {types} AND state = {TaskState.Finished}", cancellationToken)
            is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
}
