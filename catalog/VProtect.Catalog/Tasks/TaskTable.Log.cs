using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>Logs and checkpoints of tasks.</summary>
public sealed partial class TaskTable
{
    private static readonly TableMap<TaskLogLine> LogRows = new("task_log");
    private static readonly TableMap<TaskCheckpoint> CheckpointRows = new("task_checkpoints");

    /// <summary>Appends a line to a task's log.</summary>
    public async Task AppendLogAsync(Guid task, TaskLogLevel level, string text, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;

        // Two that append to the same log wait for each other here, so that numbers do not collide.
        if (await writer.NumberAsync($"SELECT 1 FROM tasks WHERE guid = {task}{SqlText.Raw(writer.Dialect.ForUpdate)}", cancellationToken) is null)
        {
            throw CatalogErrors.NotFound(Rows.Name, task);
        }

        await writer.ExecuteAsync(
            $"""
            INSERT INTO task_log (task_guid, seq, at, level, text)
            SELECT {task}, COALESCE(MAX(seq), 0) + 1, {writer.Time.GetUtcNow().ToUnixTimeMilliseconds()}, {level}, {text} FROM task_log WHERE task_guid = {task}
            """,
            cancellationToken);
        writer.Changed(LogRows.Name, task, CatalogChangeKind.Updated);
    }

    /// <summary>Appends lines with the times that they bear, and counts the warnings among them.</summary>
    public async Task AppendLogAsync(Guid task, IReadOnlyCollection<TaskLogLine> lines, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        int warnings = lines.Count(line => line.Level == TaskLogLevel.Warning);

        // Counting comes first, for it also makes two that append to the same log wait for each other.
        await ChangeOneAsync(task, $"UPDATE tasks SET warnings = warnings + {warnings} WHERE guid = {task}", CatalogChangeKind.Updated, cancellationToken);
        long last = await writer.NumberAsync($"SELECT MAX(seq) FROM task_log WHERE task_guid = {task}", cancellationToken) ?? 0;
        await new RowInserter<TaskLogLine>(writer, LogRows).InsertAsync(lines.Select(line => line with { TaskGuid = task, Seq = ++last }), cancellationToken);
        writer.Changed(LogRows.Name, task, CatalogChangeKind.Updated);
    }

    /// <summary>Lines of a task's log behind number <paramref name="after"/> (0 for all), in order.</summary>
    public async Task<IReadOnlyList<TaskLogLine>> LogAsync(Guid task, long after, int size, CancellationToken cancellationToken) => await Session.QueryAsync(
        $"SELECT {LogRows.Select} FROM task_log WHERE task_guid = {task} AND seq > {after} ORDER BY seq LIMIT {size}", LogRows.Read, cancellationToken);

    /// <summary>Writes what a stage has behind it, in place of what it wrote before. In the same transaction as what it tells of.</summary>
    /// <exception cref="Abstractions.VProtectException"><see cref="Abstractions.ErrorCode.TaskLeaseLost"/>.</exception>
    public async Task SetCheckpointAsync(TaskLease lease, string stage, byte[] data, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Session.Time.GetUtcNow();
        await ActAsync(lease, $"stage = {stage}, progress_at = {now}", cancellationToken);
        await Session.ExecuteAsync(
            $"""
            INSERT INTO task_checkpoints (task_guid, stage, data, at) VALUES ({lease.Task}, {stage}, {data}, {now})
            ON CONFLICT (task_guid, stage) DO UPDATE SET data = excluded.data, at = excluded.at
            """,
            cancellationToken);
    }

    /// <summary>What a task has behind it, oldest first.</summary>
    public async Task<IReadOnlyList<TaskCheckpoint>> CheckpointsAsync(Guid task, CancellationToken cancellationToken) => await Session.QueryAsync(
        $"SELECT {CheckpointRows.Select} FROM task_checkpoints WHERE task_guid = {task} ORDER BY at, stage", CheckpointRows.Read, cancellationToken);
}
