using System.Collections.Concurrent;
using VProtect.Abstractions.Nodes;

namespace VProtect.Node.Tests;

/// <summary>A server in a few lines: gives orders, hears reports and outcomes, cancels, and can be cut off.</summary>
internal sealed class ScriptedChannel : INodeChannel
{
    private readonly ConcurrentQueue<TaskOrder> _orders = new();
    private readonly ConcurrentQueue<TaskStop> _stops = new();
    private readonly ConcurrentDictionary<string, TaskDirective> _directives = new();
    private int _stopsTold;
    private volatile int _stopsObeyed;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<TaskOutcome>> _outcomes = new();

    /// <summary>Nothing gets through.</summary>
    public bool IsCut { get; set; }

    /// <summary>What orders say of how to work.</summary>
    public NodeSettings? Settings { get; set; }

    /// <summary>Called with every outcome that gets through, before it counts; throws to refuse it.</summary>
    public Action<TaskOutcome>? OnComplete { get; set; }

    public ConcurrentQueue<TaskReport> Reports { get; } = new();

    public ConcurrentQueue<NodeStatus> Statuses { get; } = new();

    public ConcurrentQueue<TaskOutcome> Outcomes { get; } = new();

    /// <summary>Gives an order.</summary>
    /// <returns>Its task.</returns>
    public string Give(Work work, IReadOnlyDictionary<string, string>? checkpoints = null)
    {
        string task = Guid.NewGuid().ToString();
        Give(task, 1, work, checkpoints);
        return task;
    }

    public void Give(string task, int attempt, Work work, IReadOnlyDictionary<string, string>? checkpoints = null) =>
        _orders.Enqueue(new TaskOrder(task, attempt, work, checkpoints ?? new Dictionary<string, string>()));

    /// <summary>Tells the node to stop a task, at once or with its next report.</summary>
    public void Stop(string task, TaskDirective directive, bool atOnce = true)
    {
        if (atOnce)
        {
            _stops.Enqueue(new TaskStop(task, 1, directive));
        }
        else
        {
            _directives[task] = directive;
        }
    }

    /// <summary>Tells the node to stop a task at once, and waits until it has obeyed. It obeys before it asks for more.</summary>
    public async Task StopObeyedAsync(string task, TaskDirective directive)
    {
        int before = _stopsObeyed;
        Stop(task, directive);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (_stopsObeyed == before)
        {
            await Task.Delay(5, limit.Token);
        }
    }

    /// <summary>The outcome of a task, when it has come.</summary>
    public Task<TaskOutcome> WaitAsync(string task) => OutcomeOf(task).Task.WaitAsync(TimeSpan.FromSeconds(60));

    public async Task WaitForStageAsync(string task, string stage)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!Reports.Any(report => report.TaskGuid == task && report.Stage.StartsWith(stage, StringComparison.Ordinal)))
        {
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask<TaskOrder?> LeaseAsync(NodeStatus status, CancellationToken cancellationToken)
    {
        RefuseIfCut();
        Statuses.Enqueue(status);
        for (int i = 0; i < 20; i++)
        {
            if (_orders.TryDequeue(out TaskOrder? order))
            {
                return order with { Settings = Settings };
            }

            await Task.Delay(5, cancellationToken);
            RefuseIfCut();
        }

        return null;
    }

    public async ValueTask<IReadOnlyList<TaskStop>> WaitForStopsAsync(CancellationToken cancellationToken)
    {
        _stopsObeyed = _stopsTold;
        RefuseIfCut();
        for (int i = 0; i < 20; i++)
        {
            if (_stops.TryDequeue(out TaskStop? stop))
            {
                _stopsTold++;
                return [stop];
            }

            await Task.Delay(5, cancellationToken);
            RefuseIfCut();
        }

        return [];
    }

    public ValueTask<TaskDirective> ReportAsync(TaskReport report, CancellationToken cancellationToken)
    {
        RefuseIfCut();
        Reports.Enqueue(report);
        return new(_directives.GetValueOrDefault(report.TaskGuid));
    }

    public ValueTask CompleteAsync(TaskOutcome outcome, CancellationToken cancellationToken)
    {
        RefuseIfCut();
        OnComplete?.Invoke(outcome);
        Outcomes.Enqueue(outcome);
        OutcomeOf(outcome.TaskGuid).TrySetResult(outcome);
        return ValueTask.CompletedTask;
    }

    private TaskCompletionSource<TaskOutcome> OutcomeOf(string task) =>
        _outcomes.GetOrAdd(task, _ => new TaskCompletionSource<TaskOutcome>(TaskCreationOptions.RunContinuationsAsynchronously));

    private void RefuseIfCut()
    {
        if (IsCut)
        {
            throw new IOException("The line is cut.");
        }
    }
}
