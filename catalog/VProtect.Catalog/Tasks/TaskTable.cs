using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>
/// Tasks. Users queue, re-order and cancel them (here); nodes claim them and act on what they claimed (<c>TaskTable.Lease.cs</c>); their logs and
/// checkpoints are in <c>TaskTable.Log.cs</c>, and how they hang together in <c>TaskTable.Bonds.cs</c>.
/// </summary>
public sealed partial class TaskTable : EditableTable<CatalogTask>
{
    private static readonly TableMap<CatalogTask> Rows = new("tasks");

    private static readonly ListShape Listed = new(
        null,
        [
            new SortColumn("created", "created_at"),
            new SortColumn("finished", "finished_at", Nullable: true),
            new SortColumn("type", "type", Text: true),
            new SortColumn("state", "state", Text: true),
        ],
        SortDirection.Desc,
        [CountTable.Tasks]);

    internal TaskTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of tasks, newest first unless said otherwise. <see cref="ListQuery.Filter"/> is about the machine's name.</summary>
    public Task<ListPage<CatalogTask>> ListAsync(TaskFilter filter, ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(filter.ToSql(query), query, cancellationToken);

    /// <summary>Tasks of these machines that wait or run, newest first.</summary>
    public async Task<ILookup<Guid?, CatalogTask>> OpenOfMachinesAsync(IReadOnlyCollection<Guid> machines, CancellationToken cancellationToken) =>
        (await WhereAsync(
            $"machine_guid IN {machines} AND state IN ({TaskState.Queued}, {TaskState.Running}) ORDER BY created_at DESC, guid DESC", cancellationToken))
        .ToLookup(task => task.MachineGuid);

    /// <summary>Tasks that run, by the node that has them: what a start looks at.</summary>
    public async Task<IReadOnlyList<CatalogTask>> RunningAsync(CancellationToken cancellationToken) =>
        await WhereAsync($"state = {TaskState.Running} ORDER BY lease_node_guid, created_at, guid", cancellationToken);

    /// <summary>Tasks that ended later than a mark (a time, and at that time behind a task) and no later than <paramref name="until"/>, in the order in which they did.</summary>
    public async Task<IReadOnlyList<CatalogTask>> EndedBetweenAsync((DateTimeOffset At, Guid Guid) mark, DateTimeOffset until, int size, CancellationToken cancellationToken) =>
        await WhereAsync(
            $"""
            finished_at >= {mark.At} AND finished_at <= {until} AND (finished_at > {mark.At} OR guid > {mark.Guid})
            AND state IN ({TaskState.Finished}, {TaskState.Failed}, {TaskState.Cancelled}) ORDER BY finished_at, guid LIMIT {size}
            """,
            cancellationToken);

    /// <summary>How many there are in each state; cheap at any number of tasks.</summary>
    public async Task<IReadOnlyDictionary<TaskState, long>> CountByStateAsync(CancellationToken cancellationToken)
    {
        List<(TaskState State, long Count)> rows = await Session.QueryAsync(
            $"SELECT state, SUM(n) FROM task_counts GROUP BY state HAVING SUM(n) <> 0",
            row => (ApiName.Parse<TaskState>(row.GetString(0)), Convert.ToInt64(row.GetValue(1), null)),
            cancellationToken);
        return rows.ToDictionary(row => row.State, row => row.Count);
    }

    /// <summary>How many there are of each type in each state; cheap at any number of tasks.</summary>
    public async Task<IReadOnlyList<(TaskType Type, TaskState State, long Count)>> CountByTypeAndStateAsync(CancellationToken cancellationToken) =>
        await Session.QueryAsync(
            $"SELECT type, state, SUM(n) FROM task_counts GROUP BY type, state HAVING SUM(n) <> 0 ORDER BY type, state",
            row => (ApiName.Parse<TaskType>(row.GetString(0)), ApiName.Parse<TaskState>(row.GetString(1)), Convert.ToInt64(row.GetValue(2), null)),
            cancellationToken);

    /// <summary>Changes the priority of a task, and with it its place in the queue.</summary>
    public async Task SetPriorityAsync(Guid task, int priority, CancellationToken cancellationToken)
    {
        long aging = (long)CatalogTask.AgingPerPoint.TotalMilliseconds;
        await ChangeOneAsync(
            task,
            $"UPDATE tasks SET priority = {priority}, claim_order = created_at - {priority * aging}, version = version + 1 WHERE guid = {task}",
            CatalogChangeKind.Updated,
            cancellationToken);
    }

    /// <summary>
    /// Cancels a task: at once while it waits; when it runs its node is told with the answer to its next report. One that has ended stays as it is.
    /// </summary>
    /// <returns>The task as it is now.</returns>
    public async Task<CatalogTask> CancelAsync(Guid task, string reason, CancellationToken cancellationToken)
    {
        await ChangeOneAsync(
            task,
            $"""
            UPDATE tasks SET
              finished_at = CASE WHEN state = {TaskState.Queued} THEN {Session.Time.GetUtcNow()} ELSE finished_at END,
              status_info = CASE WHEN state IN ({TaskState.Queued}, {TaskState.Running}) THEN {reason} ELSE status_info END,
              cancel_requested = CASE WHEN state = {TaskState.Running} THEN 1 ELSE cancel_requested END,
              state = CASE WHEN state = {TaskState.Queued} THEN {TaskState.Cancelled} ELSE state END,
              version = version + 1
            WHERE guid = {task}
            """,
            CatalogChangeKind.Updated,
            cancellationToken);
        return await GetAsync(task, cancellationToken);
    }

    /// <summary>Fails the tasks that wait though their start window is over; returns them as they were.</summary>
    public async Task<IReadOnlyList<CatalogTask>> FailMissedAsync(CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        DateTimeOffset now = writer.Time.GetUtcNow();
        List<CatalogTask> missed = await WhereAsync(
            $"state = {TaskState.Queued} AND window_end <= {now} ORDER BY claim_order, guid{SqlText.Raw(writer.Dialect.SkipLocked)}", cancellationToken);
        foreach (CatalogTask task in missed)
        {
            await EndAsync(
                task,
                new TaskOutcome
                {
                    State = TaskState.Failed,
                    StatusInfo = "It did not begin within its start window.",
                    ErrorCode = (int)Abstractions.ErrorCode.StartWindowMissed,
                },
                cancellationToken);
        }

        return missed;
    }

    /// <summary>
    /// Ends a task that no node has: one that waits, or one whose lease is void. Takes the version that was read, so that a node which has just
    /// claimed it keeps it.
    /// </summary>
    public Task EndAsync(CatalogTask task, TaskOutcome outcome, CancellationToken cancellationToken) => ChangeOneAsync(
        task.Guid,
        $"""
        UPDATE tasks SET state = {outcome.State}, finished_at = {Session.Time.GetUtcNow()}, status_info = {outcome.StatusInfo},
          error_code = {outcome.ErrorCode}, result = {outcome.Result}, lease_generation = NULL, version = version + 1
        WHERE guid = {task.Guid} AND version = {task.Version}
        """,
        CatalogChangeKind.Updated,
        cancellationToken);

    /// <summary>
    /// Puts a task whose lease is void back into the queue; its checkpoints stay. The try does not count against those it has, and keeps its
    /// number: who still works on it cannot be taken for who gets it next.
    /// </summary>
    public Task RequeueAsync(CatalogTask task, CancellationToken cancellationToken) => ChangeOneAsync(
        task.Guid,
        $"""
        UPDATE tasks SET state = {TaskState.Queued}, lease_node_guid = NULL, lease_generation = NULL, max_attempts = max_attempts + 1,
          rate_bytes = 0, version = version + 1
        WHERE guid = {task.Guid} AND version = {task.Version} AND state = {TaskState.Running}
        """,
        CatalogChangeKind.Updated,
        cancellationToken);

    /// <summary>Keeps a task that waits from beginning before a time; null lifts that. One that does not wait is left as it is.</summary>
    public async Task DelayAsync(Guid task, DateTimeOffset? notBefore, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        if (await writer.ExecuteAsync(
            $"UPDATE tasks SET not_before = {notBefore}, version = version + 1 WHERE guid = {task} AND state = {TaskState.Queued}", cancellationToken) > 0)
        {
            writer.Changed(Rows.Name, task, CatalogChangeKind.Updated);
        }
    }

    /// <summary>Removes tasks that have ended before a time, with their logs and checkpoints; returns how many.</summary>
    public async Task<int> DeleteEndedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        SqlText seen = await Session.OnlySeenAsync("tasks", $"finished_at < {before}", cancellationToken);
        int deleted = await writer.ExecuteAsync(
            $"DELETE FROM tasks WHERE finished_at < {before}{seen} AND appliance_guid IS NULL AND state IN ({TaskState.Finished}, {TaskState.Failed}, {TaskState.Cancelled})",
            cancellationToken);
        writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
        return deleted;
    }
}
