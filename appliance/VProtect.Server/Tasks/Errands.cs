using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;

namespace VProtect.Server.Tasks;

/// <summary>
/// Work for a node without a task row: somebody waits for its result, and when nobody waits any more it is given up. The first node that asks gets it.
/// Safe for any number of callers.
/// </summary>
internal sealed class Errands(TaskBells bells, TimeProvider time)
{
    private readonly ConcurrentQueue<Errand> _waiting = new();
    private readonly ConcurrentDictionary<Guid, Errand> _open = new();
    private readonly ConcurrentQueue<(Guid Node, Guid Errand)> _givenUp = new();

    /// <summary>Has a node do something now.</summary>
    /// <param name="work">What.</param>
    /// <param name="timeout">How long the caller waits, from now to the result.</param>
    /// <param name="cancellationToken">Gives up; a node that has begun is told to stop.</param>
    /// <exception cref="VProtectException">As the node met it; or <see cref="ErrorCode.NoNode"/>: none answered in time.</exception>
    /// <returns>Its result; null for work that has none.</returns>
    public async Task<WorkResult?> RunAsync(Work work, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var errand = new Errand(work);
        _open[errand.Guid] = errand;
        _waiting.Enqueue(errand);
        bells.Work.Ring();
        try
        {
            return await errand.Result.Task.WaitAsync(timeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new VProtectException(
                ErrorCode.NoNode,
                ErrorSide.Transform,
                errand.Node is not null ? $"The node did not answer within {timeout.TotalSeconds:0} s." : "No node is there to do it.",
                "Look whether the node runs and can reach the place, then try again.",
                RetryAdvice.Later);
        }
        finally
        {
            _open.TryRemove(errand.Guid, out _);
            if (errand.Node is { } node && !errand.Result.Task.IsCompleted)
            {
                _givenUp.Enqueue((node, errand.Guid));
                bells.Stops.Ring();
            }
        }
    }

    /// <summary>An errand for a node that asks; null when there is none.</summary>
    public TaskOrder? Take(Guid node)
    {
        while (_waiting.TryDequeue(out Errand? errand))
        {
            if (_open.ContainsKey(errand.Guid))
            {
                errand.Node = node;
                return new TaskOrder(errand.Guid.ToString("D"), Attempt: 1, errand.Work, new Dictionary<string, string>());
            }
        }

        return null;
    }

    /// <summary>Whether there is one that no node has.</summary>
    public bool IsWaiting => !_waiting.IsEmpty;

    /// <summary>Whether somebody still waits for an errand that a node has.</summary>
    public bool IsOpen(Guid errand, Guid node) => _open.TryGetValue(errand, out Errand? open) && open.Node == node;

    /// <summary>An errand that a node has and nobody waits for any more; null when there is none.</summary>
    public Guid? TakeGivenUp(Guid node)
    {
        // One of another node goes back to the end; there are few, and each is told soon.
        for (int left = _givenUp.Count; left > 0 && _givenUp.TryDequeue(out (Guid Node, Guid Errand) next); left--)
        {
            if (next.Node == node)
            {
                return next.Errand;
            }

            _givenUp.Enqueue(next);
        }

        return null;
    }

    /// <summary>Hands a result to who waits for it, if it comes from the node that has the errand.</summary>
    public void Complete(Guid guid, Guid node, TaskOutcome outcome)
    {
        if (!_open.TryGetValue(guid, out Errand? errand) || errand.Node != node)
        {
            return;
        }

        if (outcome.End == TaskEnd.Succeeded)
        {
            errand.Result.TrySetResult(outcome.Result);
            return;
        }

        errand.Result.TrySetException(outcome.Fault is { } fault
            ? new VProtectException(fault.Code, fault.Side, fault.Message, fault.Guidance, fault.Retry)
            : new VProtectException(ErrorCode.NoNode, ErrorSide.Transform, "The node stopped before it was done.", "Try again.", RetryAdvice.Later));
    }

    private sealed class Errand(Work work)
    {
        public Guid Guid { get; } = Guid.CreateVersion7();

        public Work Work => work;

        /// <summary>Who has it; null while it waits.</summary>
        public Guid? Node { get; set; }

        public TaskCompletionSource<WorkResult?> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
