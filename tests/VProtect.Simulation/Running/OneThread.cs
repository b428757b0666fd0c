namespace VProtect.Simulation.Running;

/// <summary>
/// Runs everything on the thread that asks for it, first come, first served: what is ready runs until all of it waits. The product
/// starts its stages on the scheduler they are called from, so one seed gives one order.
/// </summary>
internal sealed class OneThread : TaskScheduler
{
    private static readonly TimeSpan EscapeMax = TimeSpan.FromSeconds(20);
    private readonly Queue<Task> _ready = new();
    private readonly object _lock = new();
    private readonly Thread _thread = Thread.CurrentThread;

    /// <summary>How often something became ready on another thread: then the order is no longer the seed's.</summary>
    public int Escapes { get; private set; }

    public override int MaximumConcurrencyLevel => 1;

    public Task<T> Start<T>(Func<Task<T>> job) =>
        Task.Factory.StartNew(job, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>Runs what is ready, and what that makes ready, until nothing is.</summary>
    public void RunReady()
    {
        while (TryDequeue() is { } task)
        {
            TryExecuteTask(task);
        }
    }

    /// <summary>Waits for what other threads do. False when they do nothing either: a task hangs.</summary>
    public bool WaitForOthers()
    {
        lock (_lock)
        {
            return _ready.Count > 0 || Monitor.Wait(_lock, EscapeMax);
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            Escapes += Thread.CurrentThread == _thread ? 0 : 1;
            _ready.Enqueue(task);
            Monitor.PulseAll(_lock);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];

    private Task? TryDequeue()
    {
        lock (_lock)
        {
            return _ready.TryDequeue(out Task? task) ? task : null;
        }
    }
}
