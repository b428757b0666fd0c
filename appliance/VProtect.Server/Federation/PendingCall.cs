using VProtect.Abstractions.Nodes.Wire;

namespace VProtect.Server.Federation;

/// <summary>A user's request that a joined appliance answers. The user's side waits; whoever brings the answer writes it, alone, between <see cref="TryBegin"/> and <see cref="End"/>.</summary>
/// <param name="context">The user's request.</param>
/// <param name="call">What is handed on.</param>
internal sealed class PendingCall(HttpContext context, ForwardedCall call)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public HttpContext Context { get; } = context;

    public ForwardedCall Call { get; } = call;

    /// <summary>Whether nobody waits for it any more.</summary>
    public bool IsGivenUp => Volatile.Read(ref _state) == 2;

    /// <summary>The answer comes now; false when nobody waits for it, or it came.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, 1, 0) == 0;

    /// <summary>The answer was written, or was cut.</summary>
    public void End() => _ended.TrySetResult();

    /// <summary>Waits for the end. An answer that has begun is waited for as long as it takes.</summary>
    /// <returns>False when none has begun in time.</returns>
    public async Task<bool> WaitAsync(TimeSpan beginMax, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await _ended.Task.WaitAsync(beginMax, time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            if (Interlocked.CompareExchange(ref _state, 2, 0) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return false;
            }

            await _ended.Task;
        }

        return true;
    }
}
