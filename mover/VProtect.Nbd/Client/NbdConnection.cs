using System.Net.Sockets;
using System.Security.Authentication;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

/// <summary>One connection in transmission phase.
/// <code>
/// caller ─ Submit ─┬─ slot free ─ _toSend ─ send loop ─ socket ─ server
///                  └─ none ───── _waiting ┐
/// caller ← Signal ─ request ←─ slot[cookie] ←─ receive loop ← socket
/// </code>
/// 1. A request takes a slot, or waits for one; its cookie is slot and generation, so a stale reply is recognised.
/// 2. Whoever submits to an idle sender becomes the sender until nothing is left, so bursts leave in few writes.
/// 3. The receive loop finds the slot, lets payload pass into the caller's buffer under a pin, and ends the request.
/// 4. <see cref="Cancel"/> and <see cref="Fail"/> end the caller's side at once unless the buffer is pinned; then the
///    one who pinned it does, when it lets go. So nothing touches a buffer after its task has completed.
/// </summary>
internal sealed partial class NbdConnection : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly WireReader _reader;
    private readonly WireStream _stream;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _inactivity;
    private readonly TimeSpan _disconnect;
    private readonly ITimer? _watch;
    private readonly NbdRequest?[] _slots;
    private readonly Stack<int> _freeSlots;
    private readonly Stack<NbdRequest> _pool = new();
    private readonly Task _receiving;
    private Task _sending = Task.CompletedTask;
    private RequestQueue _waiting;
    private RequestQueue _toSend;
    private ulong _generation;
    private int _outstanding;
    private long _lastMoved;
    private bool _isSending;
    private bool _isClosing;
    private NbdException? _failure;

    public NbdConnection(WireReader reader, ExportTerms terms, NbdConnectOptions options)
    {
        _reader = reader;
        _stream = reader.Stream;
        Terms = terms;
        _clock = options.TimeProvider;
        _inactivity = options.InactivityTimeout;
        _disconnect = options.DisconnectTimeout;
        _slots = new NbdRequest?[options.RequestsInFlightMax];
        _freeSlots = new Stack<int>(Enumerable.Range(0, _slots.Length).Reverse());
        _lastMoved = _clock.GetTimestamp();
        if (_inactivity != Timeout.InfiniteTimeSpan)
        {
            TimeSpan period = TimeSpan.FromTicks(Math.Max(_inactivity.Ticks / 4, TimeSpan.TicksPerMillisecond * 10));
            _watch = _clock.CreateTimer(static state => ((NbdConnection)state!).CheckInactivity(), this, period, period);
        }

        _receiving = Task.Run(ReceiveLoopAsync);
    }

    public ExportTerms Terms { get; }

    /// <summary>Requests not yet ended by the wire: the measure of load.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>Why the connection is of no use any more; null while it is.</summary>
    public NbdException? Failure => Volatile.Read(ref _failure);

    /// <summary>A request to fill in and <see cref="Submit"/>.</summary>
    public NbdRequest Rent(CommandType type, CommandFlags flags, long offset, long length)
    {
        NbdRequest? request;
        lock (_gate)
        {
            _pool.TryPop(out request);
        }

        request ??= new NbdRequest(this);
        request.Prepare(type, flags, offset, length);
        return request;
    }

    /// <summary>Sends a rented request when its turn comes. The task is to be awaited exactly once.</summary>
    public ValueTask Submit(NbdRequest request, CancellationToken ct)
    {
        bool send = false;
        ValueTask task = request.Task;
        lock (_gate)
        {
            if (_failure is not null || _isClosing)
            {
                request.IsOffWire = true;
                request.SetOutcome(_failure ?? Closed());
                request.Signal();
                return task;
            }

            if (_outstanding++ == 0)
            {
                Touch();
            }

            if (_freeSlots.Count > 0)
            {
                TakeSlot(request);
                send = ClaimSender();
            }
            else
            {
                _waiting.Enqueue(request);
            }
        }

        request.ListenTo(ct);
        if (send)
        {
            StartSending();
        }

        return task;
    }

    /// <summary>Ends the caller's side of a request. What is on the wire stays there, and its data is thrown away.</summary>
    public void Cancel(NbdRequest request)
    {
        bool send = false;
        lock (_gate)
        {
            if (request.HasOutcome)
            {
                return;
            }

            request.SetCancelled();
            if (!request.IsOnWire && !request.IsOffWire)
            {
                _ = _toSend.Remove(request) || _waiting.Remove(request);
                send = LeaveWire(request);
            }

            SignalUnlessPinned(request);
        }

        if (send)
        {
            StartSending();
        }
    }

    /// <summary>The caller has its result.</summary>
    public void Fetched(NbdRequest request)
    {
        lock (_gate)
        {
            request.IsFetched = true;
            ReturnIfOver(request);
        }
    }

    /// <summary>Gives up the connection: every request outstanding ends with this failure, later ones too.</summary>
    public void Fail(NbdException failure)
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            Volatile.Write(ref _failure, failure);
            _toSend = default;
            foreach (NbdRequest? request in _slots)
            {
                if (request is not null)
                {
                    Abandon(request, failure);
                }
            }

            while (_waiting.Dequeue() is { } request)
            {
                Abandon(request, failure);
            }

            Array.Clear(_slots);
            Volatile.Write(ref _outstanding, 0);
        }

        _watch?.Dispose();
        _stream.Dispose();
    }

    /// <summary>Says goodbye if nothing is outstanding, else breaks off; in both cases all is over when it returns.</summary>
    public async ValueTask DisposeAsync()
    {
        bool polite, send;
        lock (_gate)
        {
            polite = _failure is null && _outstanding == 0 && !_isClosing;
            _isClosing = true;
            send = polite && ClaimSender();
        }

        if (send)
        {
            StartSending();
        }

        if (polite)
        {
            try
            {
                await _receiving.WaitAsync(_disconnect, _clock);
            }
            catch (TimeoutException)
            {
                // A server that does not hang up after the goodbye is hung up on.
            }
        }

        Fail(Closed());
        await _receiving;
        await _sending;
        _stream.Release();
    }

    private static NbdException Closed() => new(
        NbdErrorKind.Disconnected,
        "The NBD client was closed while the request was outstanding. Connect again to go on.");

    private static void Abandon(NbdRequest request, NbdException failure)
    {
        request.IsOffWire = true;
        request.SetOutcome(failure);
        SignalUnlessPinned(request);
    }

    private static void SignalUnlessPinned(NbdRequest request)
    {
        if (!request.IsPinned && !request.IsSignalled)
        {
            request.Signal();
        }
    }

    private bool TryPin(NbdRequest request)
    {
        lock (_gate)
        {
            return request.IsPinned = !request.HasOutcome;
        }
    }

    private void Unpin(NbdRequest request)
    {
        lock (_gate)
        {
            request.IsPinned = false;
            if (request.HasOutcome)
            {
                SignalUnlessPinned(request);
                ReturnIfOver(request);
            }
        }
    }

    /// <summary>The last reply to a request is in.</summary>
    private void End(NbdRequest request, NbdException? failure)
    {
        bool send;
        lock (_gate)
        {
            if (request.IsOffWire)
            {
                return; // the connection failed meanwhile
            }

            send = LeaveWire(request);
            request.SetOutcome(failure);
            SignalUnlessPinned(request);
            ReturnIfOver(request);
        }

        if (send)
        {
            StartSending();
        }
    }

    private void TakeSlot(NbdRequest request)
    {
        request.Slot = _freeSlots.Pop();
        request.Cookie = (++_generation << 16) | (uint)request.Slot;
        _slots[request.Slot] = request;
        _toSend.Enqueue(request);
    }

    /// <summary>Frees what the request held; true if the caller has become the sender of one that waited.</summary>
    private bool LeaveWire(NbdRequest request)
    {
        request.IsOffWire = true;
        _outstanding--;
        if (request.Slot < 0)
        {
            return false;
        }

        _slots[request.Slot] = null;
        _freeSlots.Push(request.Slot);
        if (_waiting.Dequeue() is not { } next)
        {
            return false;
        }

        TakeSlot(next);
        return ClaimSender();
    }

    private void ReturnIfOver(NbdRequest request)
    {
        // After a failure the receive loop may still hold one of them; none is used again.
        if (request.IsFetched && request.IsOffWire && !request.IsPinned && _failure is null)
        {
            request.Reset();
            _pool.Push(request);
        }
    }

    private void Touch() => Volatile.Write(ref _lastMoved, _clock.GetTimestamp());

    private void CheckInactivity()
    {
        if (Outstanding > 0 && _clock.GetElapsedTime(Volatile.Read(ref _lastMoved)) > _inactivity)
        {
            Fail(new NbdException(
                NbdErrorKind.TimedOut,
                $"The NBD server has been silent for {_inactivity.TotalSeconds:0.###} s while requests were outstanding; the "
                + "connection was closed. Check the storage behind the export and the network, or raise the inactivity timeout."));
        }
    }

    private static bool IsConnectionLoss(Exception e) =>
        e is IOException or SocketException or InvalidOperationException or AuthenticationException;
}
