using System.Threading.Tasks.Sources;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

/// <summary>One request, pooled by its connection, and the source of the task its caller awaits.
/// <para>Two lives end separately: the caller's, when its outcome is known and nothing uses its buffer any more
/// (<see cref="IsSignalled"/>), and the wire's, when the last reply chunk is in (<see cref="IsOffWire"/>). A cancelled
/// request ends the first at once and stays on the wire, its data being thrown away. When both are over and the
/// caller has fetched the result, the object returns to the pool.</para>
/// All fields are guarded by the connection's lock, except those written only while the object is owned by one side.</summary>
internal sealed class NbdRequest(NbdConnection connection) : IValueTaskSource
{
    private static readonly object Succeeded = new();

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellation;
    private object? _outcome; // Succeeded, an NbdException, or this: cancelled

    public CommandType Type { get; private set; }

    public CommandFlags Flags { get; private set; }

    public long Offset { get; private set; }

    public long Length { get; private set; }

    public Memory<byte> Target { get; private set; }

    public ReadOnlyMemory<byte> Source { get; private set; }

    public StatusQuery? Status { get; private set; }

    public ReadCoverage Coverage { get; } = new();

    /// <summary>The first error the server sent for it.</summary>
    public NbdException? Refusal { get; set; }

    public NbdRequest? Next { get; set; }

    public int Slot { get; set; } = -1;

    public ulong Cookie { get; set; }

    /// <summary>Its head has been handed to the socket, or is about to be: only a reply ends it.</summary>
    public bool IsOnWire { get; set; }

    public bool IsOffWire { get; set; }

    /// <summary>Somebody uses the caller's buffer right now; the outcome has to wait.</summary>
    public bool IsPinned { get; set; }

    public bool IsSignalled { get; private set; }

    public bool IsFetched { get; set; }

    public bool HasOutcome => _outcome is not null;

    public ValueTask Task => new(this, _core.Version);

    public void Prepare(CommandType type, CommandFlags flags, long offset, long length)
    {
        (Type, Flags, Offset, Length) = (type, flags, offset, length);
        Coverage.Reset();
    }

    public NbdRequest WithTarget(Memory<byte> target)
    {
        Target = target;
        return this;
    }

    public NbdRequest WithSource(ReadOnlyMemory<byte> source)
    {
        Source = source;
        return this;
    }

    public NbdRequest WithStatus(StatusQuery status)
    {
        Status = status;
        return this;
    }

    /// <summary>Called after submission and before the caller gets the task, so cancellation always finds it queued,
    /// on the wire, or over.</summary>
    public void ListenTo(CancellationToken ct)
    {
        _cancellation = ct;
        if (ct.CanBeCanceled)
        {
            _registration = ct.UnsafeRegister(static state => ((NbdRequest)state!).OnCancelled(), this);
        }
    }

    public void SetOutcome(NbdException? failure) => _outcome ??= (object?)failure ?? Succeeded;

    public void SetCancelled() => _outcome ??= this;

    public void Signal()
    {
        System.Diagnostics.Debug.Assert(!IsPinned && HasOutcome && !IsSignalled, "signalled too early or twice");
        IsSignalled = true;
        Target = default;
        Source = default;
        _core.SetResult(true);
    }

    /// <summary>Makes it as new. Only once both lives are over.</summary>
    public void Reset()
    {
        _core.Reset();
        _outcome = null;
        Refusal = null;
        Next = null;
        Status = null;
        Slot = -1;
        IsOnWire = IsOffWire = IsPinned = IsSignalled = IsFetched = false;
        _cancellation = default;
    }

    void IValueTaskSource.GetResult(short token)
    {
        _core.GetResult(token);

        // Waits for a cancellation callback under way, so that it can never hit the object's next use.
        _registration.Dispose();
        _registration = default;
        object? outcome = _outcome;
        CancellationToken cancellation = _cancellation;
        connection.Fetched(this);
        if (!ReferenceEquals(outcome, Succeeded))
        {
            throw outcome is NbdException failure ? failure.ForRequest() : new OperationCanceledException(cancellation);
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token)
    {
        ValueTaskSourceStatus status = _core.GetStatus(token);
        return status != ValueTaskSourceStatus.Succeeded || ReferenceEquals(_outcome, Succeeded) ? status
            : _outcome is NbdException ? ValueTaskSourceStatus.Faulted
            : ValueTaskSourceStatus.Canceled;
    }

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void OnCancelled() => connection.Cancel(this);
}
