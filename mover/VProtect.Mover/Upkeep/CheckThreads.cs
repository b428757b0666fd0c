using System.Collections.Concurrent;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Threads of their own for work that computes: it leaves those of the thread pool to the reads, which would otherwise wait behind
/// it. Give it to <see cref="ParallelOptions.TaskScheduler"/>; what awaits there goes on there.
/// </summary>
internal sealed class CheckThreads : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> _tasks = [];
    private readonly Thread[] _threads;

    public CheckThreads(int count)
    {
        _threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(Run) { IsBackground = true, Name = "verify" })];
        foreach (Thread thread in _threads)
        {
            thread.Start();
        }
    }

    public override int MaximumConcurrencyLevel => _threads.Length;

    /// <summary>Ends the threads; everything given to them has ended before.</summary>
    public void Dispose()
    {
        _tasks.CompleteAdding();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _tasks.Dispose();
    }

    protected override void QueueTask(Task task) => _tasks.Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && Array.IndexOf(_threads, Thread.CurrentThread) >= 0 && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [.. _tasks];

    private void Run()
    {
        foreach (Task task in _tasks.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }
}
