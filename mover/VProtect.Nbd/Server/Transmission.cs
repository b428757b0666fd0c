using System.Buffers;
using System.IO.Pipelines;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>
/// Requests of one connection and their answers.
/// <code>
///  1. head  ─► 2. slot and bytes ─► 3. payload of a write ─► 4. check ─► 5. export, on its own ─► 6. reply queued, sent, room free again
/// </code>
/// Steps 1 to 3 are in order and by one task; where room lacks, it waits, and the client with it. Steps 5 of several requests run at once.
/// </summary>
internal sealed partial class Transmission : IDisposable
{
    private readonly ServerConnection _connection;
    private readonly NbdServer _server;
    private readonly PipeReader _input;
    private readonly ServerTerms _terms;
    private readonly ServedExport _served;
    private readonly INbdExport _export;
    private readonly ReplySender _sender;
    private readonly ByteBudget _budget;
    private readonly SemaphoreSlim _slots;
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _head = new byte[RequestHeader.CompactBytes];
    private int _inFlight = 1; // the receiving itself
    private volatile bool _isBetweenRequests;
    private long _readBytes;
    private long _writtenBytes;
    private long _requestCount;

    public Transmission(ServerConnection connection, Stream stream, PipeReader input, ServerTerms terms)
    {
        (_connection, _server, _input, _terms) = (connection, connection.Server, input, terms);
        (_served, _export) = (terms.Export, terms.Export.Export);
        _sender = new ReplySender(connection, stream, Release);
        _budget = new ByteBudget(_server.Options.BytesInFlightMax);
        _slots = new SemaphoreSlim(_server.Options.RequestsInFlightMax);
    }

    public ServedExport Export => _served;

    public long ReadBytes => Interlocked.Read(ref _readBytes);

    public long WrittenBytes => Interlocked.Read(ref _writtenBytes);

    public long RequestCount => Interlocked.Read(ref _requestCount);

    /// <summary>Whether the client waits for us and we for nothing of it.</summary>
    public bool IsOwing => _isBetweenRequests && Volatile.Read(ref _inFlight) > 1;

    /// <summary>Takes no more requests; those that have come are refused as shutting down.</summary>
    public void Stop() => _input.CancelPendingRead();

    /// <summary>Runs until the client leaves, is cut, or <see cref="Stop"/>. Afterwards the export is not used any more.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ReceiveAsync();
        }
        catch
        {
            // What is at work has nobody to answer to.
            _connection.Cut(reason: null);
            throw;
        }
        finally
        {
            EndOne();
            _sender.Kick();
            await _idle.Task;
            await _sender.DrainAsync();
        }
    }

    public void Dispose() => _slots.Dispose();

    private async Task ReceiveAsync()
    {
        while (true)
        {
            // :: 1. Head.
            if (!await TryReadHeadAsync())
            {
                return;
            }

            if (!RequestHeader.TryRead(_head, extended: false, out RequestHeader request))
            {
                throw new ClientFaultException("a request began with a wrong magic number");
            }

            if (request.Type == CommandType.Disconnect)
            {
                return;
            }

            Interlocked.Increment(ref _requestCount);

            // :: 2. Room.
            if (!_slots.Wait(0))
            {
                _sender.Kick();
                _connection.SetReceiveDeadline(within: null); // we wait for ourselves, or for the client to take replies
                await _slots.WaitAsync(_connection.Ended);
            }

            Interlocked.Increment(ref _inFlight);
            var reply = new Reply(request.Cookie, _terms.IsStructured);
            (NbdFault Fault, string Message)? refusal = Check(request);
            bool isStopping = _connection.IsStopping;
            try
            {
                if (request.Type == CommandType.Write)
                {
                    if (!await TryReceivePayloadAsync(request, reply, isRefused: refusal is not null || isStopping))
                    {
                        Release(reply);
                        return;
                    }
                }
                else if (request.Type == CommandType.Read && refusal is null && !isStopping)
                {
                    await TakeBytesAsync(reply, (long)request.Length);
                }
            }
            catch
            {
                Release(reply);
                throw;
            }

            // :: 4. Check.
            if (isStopping)
            {
                reply.Fail(NbdFault.Shutdown, "The server is shutting down.");
                _sender.Enqueue(reply);
            }
            else if (refusal is { } refused)
            {
                reply.Fail(refused.Fault, refused.Message);
                _sender.Enqueue(reply);
            }
            else
            {
                // :: 5. The export. What is answered at once leaves with what else has come, unless it is long.
                ValueTask work = ExecuteAsync(request, reply);
                if (!work.IsCompletedSuccessfully)
                {
                    _ = ThenKickAsync(work);
                }
                else if (request.Length >= 64 * 1024)
                {
                    _sender.Kick();
                }
            }
        }
    }

    private async Task ThenKickAsync(ValueTask work)
    {
        await work;
        _sender.Kick();
    }

    private async ValueTask<bool> TryReadHeadAsync()
    {
        bool hasSome = _input.TryRead(out ReadResult result);
        if (!hasSome || result.Buffer.Length < _head.Length)
        {
            if (result.IsCanceled || _connection.IsStopping)
            {
                return false;
            }

            if (hasSome)
            {
                _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }

            _sender.Kick();
            bool isPartial = hasSome && !result.Buffer.IsEmpty;
            _isBetweenRequests = !isPartial;
            _connection.SetReceiveDeadline(isPartial ? _server.Options.StallTimeout : _server.Options.IdleTimeout);
            result = await _input.ReadAtLeastAsync(_head.Length, _connection.Ended);
            _isBetweenRequests = false;
        }

        if (result.Buffer.Length < _head.Length)
        {
            bool isBroken = !result.IsCanceled && !result.Buffer.IsEmpty;
            _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            return isBroken ? throw new ClientFaultException("it left within a request") : false;
        }

        ReadOnlySequence<byte> bytes = result.Buffer.Slice(0, _head.Length);
        bytes.CopyTo(_head);
        _input.AdvanceTo(bytes.End);
        return true;
    }

    /// <summary>:: 3. Takes the payload of a write, or lets it pass when the write is refused.</summary>
    private async ValueTask<bool> TryReceivePayloadAsync(RequestHeader request, Reply reply, bool isRefused)
    {
        long left = (long)request.Length;
        if (left > 2L * WireLimits.PayloadBytesMax)
        {
            // Refusing it politely would mean to take gigabytes first.
            throw new ClientFaultException("it wants to write more at once than any request may");
        }

        if (!isRefused)
        {
            await TakeBytesAsync(reply, left);
            reply.Payload = _server.Payloads.Rent((int)left);
        }

        for (int at = 0; left > 0;)
        {
            _connection.SetReceiveDeadline(_server.Options.StallTimeout);
            if (!_input.TryRead(out ReadResult result))
            {
                _sender.Kick();
                result = await _input.ReadAsync(_connection.Ended);
            }

            if (result.Buffer.IsEmpty)
            {
                if (result.IsCompleted)
                {
                    throw new ClientFaultException("it left within a request");
                }

                _input.AdvanceTo(result.Buffer.Start);
                if (result.IsCanceled && _connection.IsStopping)
                {
                    return false;
                }

                continue;
            }

            ReadOnlySequence<byte> bytes = result.Buffer.Slice(0, Math.Min(left, result.Buffer.Length));
            if (reply.Payload is { } payload)
            {
                bytes.CopyTo(payload.AsSpan(at));
            }

            at += (int)bytes.Length;
            left -= bytes.Length;
            _input.AdvanceTo(bytes.End);
        }

        return true;
    }

    private async ValueTask TakeBytesAsync(Reply reply, long bytes)
    {
        ValueTask own = _budget.TakeAsync(bytes, _connection.Ended);
        if (!own.IsCompletedSuccessfully)
        {
            _sender.Kick();
            _connection.SetReceiveDeadline(within: null);
        }

        await own;
        try
        {
            ValueTask all = _server.Budget.TakeAsync(bytes, _connection.Ended);
            if (!all.IsCompletedSuccessfully)
            {
                _sender.Kick();
                _connection.SetReceiveDeadline(within: null);
            }

            await all;
        }
        catch
        {
            _budget.Return(bytes);
            throw;
        }

        reply.HeldBytes = bytes;
    }

    /// <summary>:: 6. A reply has been sent, or has nobody to go to.</summary>
    private void Release(Reply reply)
    {
        if (reply.Payload is { } payload)
        {
            reply.Payload = null;
            _server.Payloads.Return(payload);
        }

        if (reply.HeldBytes > 0)
        {
            _budget.Return(reply.HeldBytes);
            _server.Budget.Return(reply.HeldBytes);
        }

        _slots.Release();
        EndOne();
    }

    private void EndOne()
    {
        if (Interlocked.Decrement(ref _inFlight) == 0)
        {
            _idle.SetResult();
        }
    }
}
