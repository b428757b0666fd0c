using System.Collections.Concurrent;
using System.Threading.Channels;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog.Nodes;
using VProtect.Server.Tasks.Channel;

namespace VProtect.Server.Federation;

/// <summary>Appliances that joined this server, as they call: which are here, and the users' requests that wait for them. Safe for any number of callers.</summary>
internal sealed class JoinedAppliances(NodeLives lives, TimeProvider time)
{
    /// <summary>How long it waits for requests before it asks again.</summary>
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(20);

    /// <summary>Who waits for nothing for this long is away: a slow line, and a try that failed. A dead line is found by pings, and ends the wait.</summary>
    private static readonly TimeSpan AwayAfter = TimeSpan.FromSeconds(10);

    private const int WaitingMax = 256;
    private const int AtOnceMax = 32;

    private readonly ConcurrentDictionary<Guid, Seat> _seats = new();

    /// <summary>Whether it is here: it waits for requests, or did a moment ago.</summary>
    public bool IsHere(Guid appliance) => _seats.TryGetValue(appliance, out Seat? seat) && seat.IsHere(time);

    /// <summary>It was removed: it waits no longer, and hears why when it asks again.</summary>
    public void Forget(Guid appliance)
    {
        if (_seats.TryRemove(appliance, out Seat? seat))
        {
            seat.Waiting.Writer.TryComplete();
        }
    }

    /// <summary>It asks for requests: those that wait, or the next.</summary>
    public async Task<CallsAnswer> TakeAsync(Guid appliance, CallsQuestion question, CancellationToken cancellationToken)
    {
        Seat seat = _seats.GetOrAdd(appliance, _ => new Seat());
        seat.Begin();
        try
        {
            return await TakeAsync(seat, appliance, question, cancellationToken);
        }
        finally
        {
            seat.End(time);
        }
    }

    private async Task<CallsAnswer> TakeAsync(Seat seat, Guid appliance, CallsQuestion question, CancellationToken cancellationToken)
    {
        await lives.HeardAsync(appliance, new(question.Version, [], 0, []), cancellationToken);
        List<ForwardedCall> calls = [];
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        wait.CancelAfter(WaitMax);
        try
        {
            while (calls.Count == 0 && await seat.Waiting.Reader.WaitToReadAsync(wait.Token))
            {
                while (calls.Count < AtOnceMax && seat.Waiting.Reader.TryRead(out PendingCall? call))
                {
                    if (!call.IsGivenUp)
                    {
                        calls.Add(call.Call);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing came: it asks again.
        }

        return new CallsAnswer(calls);
    }

    /// <summary>Has a request answered by an appliance.</summary>
    /// <param name="node">The appliance.</param>
    /// <param name="pending">The request.</param>
    /// <param name="beginMax">How long to wait for the answer to begin.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.ApplianceAway"/>: it is not here, or was asked and did not answer.</exception>
    public async Task ForwardAsync(Node node, PendingCall pending, TimeSpan beginMax)
    {
        Seat seat = _seats.TryGetValue(node.Guid, out Seat? found) && found.IsHere(time) ? found : throw Away(node);
        if (seat.ById.Count >= WaitingMax)
        {
            throw new VProtectException(
                ErrorCode.ApplianceAway, ErrorSide.Source, $"The appliance {node.Name} has too much to answer at the moment.", "Try again in a minute.", RetryAdvice.Later);
        }

        seat.ById[pending.Call.Id] = pending;
        try
        {
            seat.Waiting.Writer.TryWrite(pending);
            if (!await pending.WaitAsync(beginMax, time, pending.Context.RequestAborted))
            {
                throw new VProtectException(
                    ErrorCode.ApplianceAway, ErrorSide.Source, $"The appliance {node.Name} was asked and has not answered.",
                    "Look whether it was done before you try again: the line may have been cut before or after.", RetryAdvice.Later);
            }
        }
        finally
        {
            seat.ById.TryRemove(pending.Call.Id, out _);
        }
    }

    /// <summary>The request that is answered now, for whoever writes the answer; null when nobody waits for it.</summary>
    public PendingCall? Begin(Guid appliance, string id) =>
        _seats.TryGetValue(appliance, out Seat? seat) && seat.ById.TryGetValue(id, out PendingCall? call) && call.TryBegin() ? call : null;

    private static VProtectException Away(Node node) => new(
        ErrorCode.ApplianceAway, ErrorSide.Source,
        $"This belongs to the appliance {node.Name}, which is away{(node.LastSeenAt is { } at ? $" (it was last heard of at {at:u})" : "")}.",
        "It goes on by its own policies, and can be used at its own address. Try again when it is back.", RetryAdvice.Later);

    private sealed class Seat
    {
        private int _open;
        private long _ended;

        public Channel<PendingCall> Waiting { get; } = Channel.CreateUnbounded<PendingCall>();

        public ConcurrentDictionary<string, PendingCall> ById { get; } = new(StringComparer.Ordinal);

        public void Begin() => Interlocked.Increment(ref _open);

        public void End(TimeProvider time)
        {
            Volatile.Write(ref _ended, time.GetTimestamp());
            Interlocked.Decrement(ref _open);
        }

        public bool IsHere(TimeProvider time) =>
            Volatile.Read(ref _open) > 0 || (Volatile.Read(ref _ended) is not 0 and long ended && time.GetElapsedTime(ended) < AwayAfter);
    }
}
