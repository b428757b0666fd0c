namespace VProtect.Node.Execution;

/// <summary>
/// Keeps the cleaning of a platform and work on it apart. What a task makes is told from what a killed one left only by who is running, so
/// work that runs when cleaning begins is spared, and work that would begin meanwhile waits:
/// <list type="table">
/// <item><term>work, then cleaning</term><description>beside each other; the cleaning knows of the work</description></item>
/// <item><term>cleaning, then work</term><description>the work waits for its end</description></item>
/// <item><term>cleaning, then cleaning</term><description>one after the other</description></item>
/// </list>
/// Safe from several threads.
/// </summary>
internal sealed class PlatformGate
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _working = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TaskCompletionSource> _cleanings = new(StringComparer.Ordinal);

    /// <summary>Does work of a task on a platform.</summary>
    public async Task<T> WorkAsync<T>(string platformGuid, string taskGuid, Action waits, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        while (CleaningOrWork(platformGuid, taskGuid) is { } cleaning)
        {
            waits();
            await cleaning.WaitAsync(cancellationToken);
        }

        try
        {
            return await work();
        }
        finally
        {
            lock (_lock)
            {
                _working.Remove(taskGuid);
            }
        }
    }

    /// <summary>Cleans a platform up.</summary>
    /// <param name="platformGuid">Which.</param>
    /// <param name="clean">Does it; is told the tasks at work here, whatever platform they are on.</param>
    /// <param name="cancellationToken">Gives up waiting for another cleaning.</param>
    public async Task CleanAsync(string platformGuid, Func<IReadOnlyList<string>, Task> clean, CancellationToken cancellationToken)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        IReadOnlyList<string> working;
        while (true)
        {
            Task other;
            lock (_lock)
            {
                if (_cleanings.TryAdd(platformGuid, mine))
                {
                    working = [.. _working];
                    break;
                }

                other = _cleanings[platformGuid].Task;
            }

            await other.WaitAsync(cancellationToken);
        }

        try
        {
            await clean(working);
        }
        finally
        {
            lock (_lock)
            {
                _cleanings.Remove(platformGuid);
            }

            mine.SetResult();
        }
    }

    /// <summary>The cleaning to wait for; null when there is none, and the task counts as working.</summary>
    private Task? CleaningOrWork(string platformGuid, string taskGuid)
    {
        lock (_lock)
        {
            if (_cleanings.TryGetValue(platformGuid, out TaskCompletionSource? cleaning))
            {
                return cleaning.Task;
            }

            _working.Add(taskGuid);
            return null;
        }
    }
}
