using System.Runtime.CompilerServices;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>Reads that wait for the store more than they compute: several are under way while one result after the other is used.</summary>
internal static class ReadAhead
{
    /// <summary>Gives each item with its result, in order. Whoever stops early waits for the reads under way.</summary>
    /// <param name="items">What to read; taken as places become free.</param>
    /// <param name="readsMax">Reads under way at once.</param>
    /// <param name="read">Reads one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<(TItem Item, TResult Result)> RunAsync<TItem, TResult>(
        IEnumerable<TItem> items, int readsMax, Func<TItem, CancellationToken, Task<TResult>> read,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = new Queue<(TItem Item, Task<TResult> Result)>();
        try
        {
            foreach (TItem item in items)
            {
                if (reading.Count == readsMax)
                {
                    (TItem oldest, Task<TResult> result) = reading.Dequeue();
                    yield return (oldest, await result);
                }

                reading.Enqueue((item, read(item, cancellationToken)));
            }

            while (reading.TryDequeue(out (TItem Item, Task<TResult> Result) next))
            {
                yield return (next.Item, await next.Result);
            }
        }
        finally
        {
            foreach ((_, Task<TResult> abandoned) in reading)
            {
                await ((Task)abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }
}
