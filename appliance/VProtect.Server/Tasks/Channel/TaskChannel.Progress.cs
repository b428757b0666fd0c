using System.Collections.Concurrent;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks.Kinds;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Channel;

/// <summary>How orders go and how they end.</summary>
internal sealed partial class TaskChannel
{
    /// <summary>A doubled delay grows no further than this.</summary>
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromHours(6);

    /// <summary>Lines of a log that are looked at for what was told before.</summary>
    private const int LinesMax = 10_000;

    private static readonly TimeSpan RetryDelayDefault = TimeSpan.FromMinutes(1);

    /// <summary>Stops that were told; a report of the task tells them again.</summary>
    private readonly ConcurrentDictionary<(Guid Task, int Attempt), byte> _told = new();

    /// <summary>Lines of a task's log that were heard of each running try.</summary>
    private readonly ConcurrentDictionary<(Guid Task, int Attempt), int> _lines = new();

    private async ValueTask<TaskDirective> ReportAsync(Guid node, TaskReport report, CancellationToken cancellationToken)
    {
        Guid guid = GuidOf(report.TaskGuid);
        if (errands.IsOpen(guid, node))
        {
            return TaskDirective.Continue;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (await RunningAsync(transaction, node, guid, report.Attempt, cancellationToken) is not { } task)
        {
            return TaskDirective.Abandon;
        }

        (Guid, int) order = (guid, report.Attempt);
        await AppendAsync(transaction, guid, [.. report.Lines.Skip(Heard(order, report.LinesBefore))], cancellationToken);
        TaskLease lease = TaskTable.LeaseOf(task);
        foreach ((string stage, string record) in report.Checkpoints)
        {
            await transaction.Tasks.SetCheckpointAsync(lease, stage, System.Text.Encoding.UTF8.GetBytes(record), cancellationToken);
        }

        bool stops = await transaction.Tasks.ReportAsync(lease, ProgressOf(guid, report), cancellationToken);
        if (report.StoredBytes > 0 || task.Type == TaskType.Restore)
        {
            CatalogTask now = await transaction.Tasks.GetAsync(guid, cancellationToken);
            await transaction.Tasks.FollowAsync(now, TaskState.Running, report.StoredBytes > 0 ? report.StoredBytes : report.DoneBytes, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        _lines[order] = report.LinesBefore + report.Lines.Count;
        lives.HeardOf(node, guid, report.Attempt);
        return stops ? TaskDirective.Cancel : TaskDirective.Continue;
    }

    private async ValueTask CompleteAsync(Guid node, Abstractions.Nodes.TaskOutcome outcome, CancellationToken cancellationToken)
    {
        Guid guid = GuidOf(outcome.TaskGuid);
        errands.Complete(guid, node, outcome);
        try
        {
            await EndAsync(node, outcome, cancellationToken);
        }
        catch (Exception failure) when (
            outcome.End == TaskEnd.Succeeded && failure is not (OperationCanceledException or VProtectException { Retry: not RetryAdvice.Never }))
        {
            // Else its node would tell it for ever, and the task would never end.
            Log.ResultRefused(logger, failure, guid);
            var fault = new TaskFault(
                ErrorCode.TaskImpossible, ErrorSide.Catalog, $"It was done, but its result could not be written down: {failure.Message}",
                "What it made is still there; the next look at the destination or platform finds it. Report this with the server's log.", RetryAdvice.Never);
            await EndAsync(node, outcome with { End = TaskEnd.Failed, Result = null, Fault = fault }, cancellationToken);
        }
    }

    private async Task EndAsync(Guid node, Abstractions.Nodes.TaskOutcome outcome, CancellationToken cancellationToken)
    {
        Guid guid = GuidOf(outcome.TaskGuid);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (await RunningAsync(transaction, node, guid, outcome.Attempt, cancellationToken) is not { } task)
        {
            // An errand, told twice, or no longer this node's: nobody needs it.
            return;
        }

        IReadOnlyList<TaskLogLine> told = await transaction.Tasks.LogAsync(guid, after: 0, LinesMax, cancellationToken);
        await AppendAsync(transaction, guid, LinesOf(outcome, [.. told.Select(line => line.Text)]), cancellationToken);
        task = await transaction.Tasks.GetAsync(guid, cancellationToken);
        if (outcome.Fault?.Code == ErrorCode.NodeStopped || (outcome.End == TaskEnd.Cancelled && !task.CancelRequested))
        {
            // A node that stops in good order is as one that dies, only tidier: the task is not to blame.
            await lost.GivenBackAsync(transaction, task, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            bells.Work.Ring();
            return;
        }

        if (outcome.Fault?.Code == ErrorCode.MachineBusy && await busyMachines.QueueAgainAsync(transaction, task, cancellationToken))
        {
            await transaction.CommitAsync(cancellationToken);
            Forget(task);
            busyMachines.CleanUpSoon(task);
            return;
        }

        Ending ending = await EndingAsync(transaction, task, outcome, cancellationToken);
        await endings.EndTryAsync(transaction, task, ending, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Forget(task);
        if (task.DestinationGuid is { } destination)
        {
            succession.Note(destination, outcome);
        }

        if (outcome.Fault is { Side: ErrorSide.Platform } && task.SourceGuid is { } source)
        {
            // A platform that went away or refused may have kept what was made on it, which would be in the way of the next task.
            cleanUps.Soon([source]);
        }

        bells.Work.Ring();
        Log.Ended(logger, task.Type, guid, ending.State, ending.StatusInfo ?? "");
    }

    private void Forget(CatalogTask task)
    {
        lives.Forget(task);
        rates.Forget(task.Guid);
        _told.TryRemove((task.Guid, task.Attempt), out _);
        _lines.TryRemove((task.Guid, task.Attempt), out _);
    }

    private async Task<Ending> EndingAsync(
        CatalogTransaction transaction, CatalogTask task, Abstractions.Nodes.TaskOutcome outcome, CancellationToken cancellationToken)
    {
        if (outcome.End == TaskEnd.Cancelled)
        {
            return new Ending { State = TaskState.Cancelled, StatusInfo = task.StatusInfo ?? "It was cancelled.", Warnings = task.Warnings };
        }

        if (outcome.End == TaskEnd.Failed)
        {
            TaskFault fault = outcome.Fault ?? new TaskFault(ErrorCode.Unknown, ErrorSide.Transform, "It failed.", "See its log.", RetryAdvice.Never);
            return new Ending
            {
                State = TaskState.Failed,
                StatusInfo = fault.Message,
                ErrorCode = (int)fault.Code,
                Result = JsonSerializer.Serialize(fault, JsonSerializerOptions.Web),
                Warnings = task.Warnings,
                RetryAt = fault.Retry == RetryAdvice.Never ? null : time.GetUtcNow() + DelayOf(task),
            };
        }

        TaskKind kind = kinds.Find(task.Type)!;
        string? info = await kind.SucceededAsync(transaction, task, outcome.Result, cancellationToken);
        task = await transaction.Tasks.GetAsync(task.Guid, cancellationToken);
        return new Ending { State = TaskState.Finished, StatusInfo = info, Result = kind.ResultOf(outcome.Result), Warnings = task.Warnings };
    }

    /// <summary>Doubled for each try that failed; interruptions do not count.</summary>
    private static TimeSpan DelayOf(CatalogTask task)
    {
        TaskParameters parameters = TaskParameters.Of(task);
        TimeSpan first = parameters.RetryDelay > 0 ? TimeSpan.FromMilliseconds(parameters.RetryDelay) : RetryDelayDefault;
        int failures = Math.Clamp(task.Attempt - LostOrders.InterruptionsOf(task), 1, 30);
        TimeSpan delay = first * Math.Pow(2, failures - 1);
        return delay < RetryDelayMax ? delay : RetryDelayMax;
    }

    private async Task<List<TaskStop>> StopsAsync(Guid node, CancellationToken cancellationToken)
    {
        var stops = new List<TaskStop>();
        while (errands.TakeGivenUp(node) is { } errand)
        {
            stops.Add(new TaskStop(errand.ToString("D"), Attempt: 1, TaskDirective.Abandon));
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        foreach (CatalogTask task in await session.Tasks.RunningAsync(cancellationToken))
        {
            if (task.CancelRequested && task.LeaseNodeGuid == node && kinds.Find(task.Type) is not null && _told.TryAdd((task.Guid, task.Attempt), 0))
            {
                stops.Add(new TaskStop(task.Guid.ToString("D"), task.Attempt, TaskDirective.Cancel));
            }
        }

        return stops;
    }

    /// <summary>The task if this try of it still runs and is this node's.</summary>
    private static async Task<CatalogTask?> RunningAsync(CatalogSession session, Guid node, Guid guid, int attempt, CancellationToken cancellationToken) =>
        await session.Tasks.FindAsync(guid, cancellationToken) is { State: TaskState.Running } task && task.LeaseNodeGuid == node && task.Attempt == attempt
            && await session.Nodes.FindAsync(node, cancellationToken) is { } holder && holder.Generation == task.LeaseGeneration
            ? task
            : null;

    /// <summary>How many of the lines that follow so many others were heard already: their answer was lost.</summary>
    private int Heard((Guid Task, int Attempt) order, int linesBefore) => _lines.TryGetValue(order, out int heard) ? Math.Max(0, heard - linesBefore) : 0;

    private TaskProgress ProgressOf(Guid task, TaskReport report)
    {
        int percent = report.TotalBytes > 0 ? (int)Math.Clamp(report.DoneBytes * 100.0 / report.TotalBytes, 0, 100) : 0;
        return new TaskProgress(
            report.Stage, percent, report.DoneBytes, report.TotalBytes > 0 ? report.TotalBytes : null, rates.Next(task, report.DoneBytes));
    }

    /// <summary>The last lines of a task: those told, warnings of the result that were not told as lines, and the failure.</summary>
    private List<TaskLine> LinesOf(Abstractions.Nodes.TaskOutcome outcome, HashSet<string> told)
    {
        IReadOnlyList<string> warnings = outcome.Result switch
        {
            BackupResult backup => backup.Warnings,
            RestoreResult restore => restore.Warnings,
            _ => [],
        };
        List<TaskLine> lines = [.. outcome.Lines.Skip(Heard((GuidOf(outcome.TaskGuid), outcome.Attempt), outcome.LinesBefore))];
        DateTimeOffset now = time.GetUtcNow();
        told.UnionWith(lines.Select(line => line.Text));
        lines.AddRange(warnings.Where(warning => !told.Contains(warning)).Select(warning => new TaskLine(now, LineLevel.Warning, warning)));
        if (outcome.Fault is { } fault && !lines.Any(line => line.Level == LineLevel.Error))
        {
            lines.Add(new TaskLine(now, LineLevel.Error, $"{fault.Message} {fault.Guidance}"));
        }

        return lines;
    }

    private static async Task AppendAsync(CatalogTransaction transaction, Guid task, List<TaskLine> lines, CancellationToken cancellationToken)
    {
        if (lines.Count > 0)
        {
            await transaction.Tasks.AppendLogAsync(
                task, [.. lines.Select(line => new TaskLogLine { TaskGuid = task, At = line.At, Level = LevelOf(line.Level), Text = line.Text })], cancellationToken);
        }
    }

    private static TaskLogLevel LevelOf(LineLevel level) => level switch
    {
        LineLevel.Warning => TaskLogLevel.Warning,
        LineLevel.Error => TaskLogLevel.Error,
        _ => TaskLogLevel.Info,
    };
}
