using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Node.Execution;

namespace VProtect.Node.Channel;

/// <summary>One order from its lease to its outcome: its work beside its reporter, and what stops it.</summary>
internal sealed partial class OrderRun(TaskOrder order, Workshop workshop, INodeChannel channel, ILogger logger, TimeProvider time) : IDisposable
{
    /// <summary>How often it is looked whether the stage has changed.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(0.1);

    private readonly CancellationTokenSource _stop = new();
    private readonly SecretScrubber _scrubber = new(order.Work);
    private volatile StopReason _reason;

    private enum StopReason
    {
        None,
        Cancel,
        Abandon,
        NodeStop,
    }

    public TaskOrder Order => order;

    /// <summary>Whether it counts among the slots.</summary>
    public bool TakesSlot => Workshop.TakesSlot(order.Work);

    /// <summary>Completes when all is over, its outcome kept. Set by whoever starts it.</summary>
    public Task Completion { get; set; } = Task.CompletedTask;

    /// <summary>It is not this node's any more.</summary>
    public void Abandon() => StopBecause(StopReason.Abandon);

    /// <summary>Does as the server says.</summary>
    public void Obey(TaskDirective directive)
    {
        if (directive != TaskDirective.Continue)
        {
            StopBecause(directive == TaskDirective.Abandon ? StopReason.Abandon : StopReason.Cancel);
        }
    }

    /// <summary>The node stops.</summary>
    public void Stop() => StopBecause(StopReason.NodeStop);

    /// <summary>Runs it.</summary>
    /// <returns>How it ended; null when nobody wants to know. Never throws.</returns>
    public async Task<TaskOutcome?> RunAsync()
    {
        // What is logged meanwhile, by whomever it calls, tells the task.
        using IDisposable? scope = logger.BeginScope(new Dictionary<string, object?> { ["Task"] = order.TaskGuid, ["Attempt"] = order.Attempt });
        var journal = new TaskJournal(order, _scrubber, time);
        using var ended = new CancellationTokenSource();
        Task reporting = ReportAsync(journal, ended.Token);
        TaskEnd end = TaskEnd.Succeeded;
        WorkResult? result = null;
        TaskFault? fault = null;
        Log.Begun(logger, order.TaskGuid, order.Attempt, order.Work.GetType().Name);
        try
        {
            result = await workshop.RunAsync(order, journal, _stop.Token);
        }
        catch (Exception e)
        {
            StopReason reason = _stop.IsCancellationRequested ? _reason : StopReason.None;
            end = reason is StopReason.Cancel or StopReason.Abandon ? TaskEnd.Cancelled : TaskEnd.Failed;
            fault = end == TaskEnd.Cancelled ? null : reason == StopReason.NodeStop ? NodeStopped() : Faults.Of(e, _scrubber);
            LogEnd(e, fault);
            journal.Write(
                end == TaskEnd.Cancelled ? LineLevel.Information : LineLevel.Error, fault is null ? "Cancelled." : $"{fault.Message} {fault.Guidance}");
        }

        await ended.CancelAsync();
        await reporting;
        if (_reason == StopReason.Abandon)
        {
            Log.Abandoned(logger, order.TaskGuid, order.Attempt);
            return null;
        }

        Log.Ended(logger, order.TaskGuid, order.Attempt, end);
        (IReadOnlyList<TaskLine> lines, int before) = journal.TakeRest();
        return new TaskOutcome
        {
            TaskGuid = order.TaskGuid,
            Attempt = order.Attempt,
            End = end,
            Result = result,
            Fault = fault,
            Lines = lines,
            LinesBefore = before,
        };
    }

    public void Dispose() => _stop.Dispose();

    private void StopBecause(StopReason reason)
    {
        // Abandoned stays abandoned; and what the node's stop interrupted is not called cancelled.
        if (_reason == StopReason.None || reason == StopReason.Abandon)
        {
            _reason = reason;
        }

        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended.
        }
    }

    /// <summary>Tells the server how it goes, and does as it says. A server that does not answer is told later; the work goes on.</summary>
    private async Task ReportAsync(TaskJournal journal, CancellationToken ended)
    {
        bool isCut = false;
        long answered = time.GetTimestamp();
        while (!ended.IsCancellationRequested)
        {
            TaskReport report = journal.NextReport();
            try
            {
                TaskDirective directive = await channel.ReportAsync(report, ended);
                journal.Acknowledge(report);
                isCut = false;
                answered = time.GetTimestamp();
                Obey(directive);
            }
            catch (Exception e)
            {
                if (!isCut && !ended.IsCancellationRequested)
                {
                    isCut = true;
                    Log.NotReported(logger, order.TaskGuid, e.Message);
                }

                if (order.Settings?.SilenceMax < time.GetElapsedTime(answered) && !Workshop.MayGoOnUnheard(order.Work) && _reason == StopReason.None)
                {
                    Log.Unheard(logger, order.TaskGuid, time.GetElapsedTime(answered).TotalMinutes);
                    Abandon();
                }
            }

            long told = time.GetTimestamp();
            while (!ended.IsCancellationRequested && time.GetElapsedTime(told) < workshop.Options.ReportPeriod && (isCut || journal.Stage == report.Stage))
            {
                await Task.Delay(LookPeriod, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void LogEnd(Exception e, TaskFault? fault)
    {
        if (fault is { Code: ErrorCode.Unknown })
        {
            // As text: an exception as it is may hold a secret that only we know to be one.
            Log.Unexpected(logger, order.TaskGuid, _scrubber.Clean(e.ToString()));
        }
        else if (fault is not null)
        {
            Log.Failed(logger, order.TaskGuid, (int)fault.Code, fault.Message);
        }
    }

    private static TaskFault NodeStopped() => new(
        ErrorCode.NodeStopped, ErrorSide.Transform, "The node was stopped while it worked on the task.",
        "Start it again: what was stored is used by the next backup.", RetryAdvice.Now);

    private static partial class Log
    {
        [LoggerMessage(6020, LogLevel.Information, "Task {TaskGuid}, attempt {Attempt}: {Work} begins")]
        public static partial void Begun(ILogger logger, string taskGuid, int attempt, string work);

        [LoggerMessage(6021, LogLevel.Information, "Task {TaskGuid}, attempt {Attempt}: {End}")]
        public static partial void Ended(ILogger logger, string taskGuid, int attempt, TaskEnd end);

        [LoggerMessage(6022, LogLevel.Information, "Task {TaskGuid}, attempt {Attempt}: stopped, since it is not this node's any more")]
        public static partial void Abandoned(ILogger logger, string taskGuid, int attempt);

        [LoggerMessage(6023, LogLevel.Warning, "Task {TaskGuid} failed with {Code}: {Reason}")]
        public static partial void Failed(ILogger logger, string taskGuid, int code, string reason);

        [LoggerMessage(6024, LogLevel.Error, "Task {TaskGuid} failed in a way that is not foreseen: {Exception}")]
        public static partial void Unexpected(ILogger logger, string taskGuid, string exception);

        [LoggerMessage(6026, LogLevel.Warning, "Task {TaskGuid} ends: the server did not answer for {SilenceMinutes} min, and is about to take it for lost")]
        public static partial void Unheard(ILogger logger, string taskGuid, double silenceMinutes);

        [LoggerMessage(6025, LogLevel.Warning, "Task {TaskGuid} works on while the server cannot be told how it goes: {Reason}")]
        public static partial void NotReported(ILogger logger, string taskGuid, string reason);
    }
}
