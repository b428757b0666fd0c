namespace VProtect.Server.Tasks;

/// <summary>
/// Wakes those who wait for a change: take <see cref="Next"/>, look, then await it; what rings in between is not missed. Safe for any number of callers.
/// </summary>
internal sealed class Bell
{
    private TaskCompletionSource _next = New();

    /// <summary>Ends when the bell rings next.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Ring() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>Waits for a ring that was taken before, but no longer than a while.</summary>
    public static async Task WaitAsync(Task ring, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await ring.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Looked at again by the caller.
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
