using System.Runtime.ExceptionServices;

namespace VProtect.Mover;

/// <summary>Runs stages side by side until all have ended; the first failure stops the others and is what the caller sees.</summary>
internal static class StageGroup
{
    /// <summary>
    /// Starts a stage where its starter runs: on the thread pool, or on the one thread of a simulation. Started even when cancelled,
    /// since it may own what it must dispose.
    /// </summary>
    public static Task Start(Func<Task> stage) =>
        Task.Factory.StartNew(stage, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    /// <inheritdoc cref="Start(Func{Task})"/>
    public static Task<T> Start<T>(Func<Task<T>> stage) =>
        Task.Factory.StartNew(stage, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    public static async Task RunAsync(IReadOnlyCollection<Task> stages, CancellationTokenSource stop, CancellationToken cancellationToken)
    {
        Exception? first = null;
        var running = new HashSet<Task>(stages);
        while (running.Count > 0)
        {
            Task ended = await Task.WhenAny(running);
            running.Remove(ended);
            Exception? error = ended.IsCanceled ? null : ended.Exception?.InnerException;

            // What fails because it was told to stop is not the cause.
            if (error is not null and not OperationCanceledException)
            {
                first ??= error;
            }

            if (!ended.IsCompletedSuccessfully)
            {
                await stop.CancelAsync();
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        stop.Token.ThrowIfCancellationRequested();
    }
}
