using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

internal sealed partial class NbdConnection
{
    /// <summary>A remainder this short is received through the head buffer, which may bring the next head along.</summary>
    private const int SmallRemainderBytes = 2048;

    private async Task ReceiveLoopAsync()
    {
        try
        {
            while (await TryFillHeadAsync(sizeof(uint)))
            {
                uint magic = BinaryPrimitives.ReadUInt32BigEndian(_reader.Buffered);
                if (magic == (Terms.IsExtended ? Magic.ExtendedReply : Magic.StructuredReply) && Terms.IsStructured)
                {
                    await ReceiveChunkAsync();
                }
                else if (magic == Magic.SimpleReply && !Terms.IsExtended)
                {
                    await ReceiveSimpleReplyAsync();
                }
                else
                {
                    throw NbdException.Violation("a reply began with a wrong magic number");
                }
            }

            Fail(_isClosing ? Closed() : NbdException.Lost("the server closed it"));
        }
        catch (NbdException e)
        {
            Fail(e);
        }
        catch (Exception e) when (IsConnectionLoss(e))
        {
            Fail(NbdException.Lost("receiving failed", e));
        }
        catch (Exception e)
        {
            Fail(NbdException.Lost("an internal error stopped receiving", e)); // our bug, but nobody may wait for ever
            throw;
        }
    }

    /// <summary>False at a clean end between two replies.</summary>
    private async ValueTask<bool> TryFillHeadAsync(int count)
    {
        if (_reader.Buffered.Length < count && !await _reader.FillAsync(count, CancellationToken.None))
        {
            return _reader.Buffered.IsEmpty ? false : throw NbdException.Lost("the server closed it within a reply");
        }

        Touch();
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(int count)
    {
        if (!await _reader.FillAsync(count, CancellationToken.None))
        {
            throw NbdException.Lost("the server closed it within a reply");
        }

        Touch();
    }

    private NbdRequest Find(ulong cookie)
    {
        lock (_gate)
        {
            int slot = (int)(cookie & 0xffff);
            return slot < _slots.Length && _slots[slot] is { IsOnWire: true } request && request.Cookie == cookie
                ? request
                : throw _failure ?? NbdException.Violation("a reply answers no request (wrong cookie)");
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveSimpleReplyAsync()
    {
        await FillAsync(SimpleReplyHeader.Bytes);
        SimpleReplyHeader head = SimpleReplyHeader.Read(_reader.Buffered);
        _reader.Advance(SimpleReplyHeader.Bytes);
        NbdRequest request = Find(head.Cookie);
        if (Terms.IsStructured && request.Type == CommandType.Read)
        {
            throw NbdException.Violation("it answered a read with a simple reply although structured ones were agreed");
        }

        if (head.Error != 0)
        {
            End(request, Refusal(head.Error, default));
            return;
        }

        if (request.Type == CommandType.BlockStatus)
        {
            throw NbdException.Violation("it answered a block status request without any status");
        }

        if (request.Type == CommandType.Read)
        {
            await ReceivePayloadAsync(request, 0, (int)request.Length);
        }

        End(request, failure: null);
    }

    /// <summary>Lets payload pass into the caller's buffer, or nowhere if the caller has gone.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceivePayloadAsync(NbdRequest request, int at, int count)
    {
        while (count > 0)
        {
            int moved = Math.Min(count, _reader.Buffered.Length);
            if (moved > 0)
            {
                if (TryPin(request))
                {
                    _reader.Buffered[..moved].CopyTo(request.Target.Span[at..]);
                    Unpin(request);
                }

                _reader.Advance(moved);
            }
            else if (count < SmallRemainderBytes || !TryPin(request))
            {
                await FillAsync(1);
                continue;
            }
            else
            {
                try
                {
                    Memory<byte> target = request.Target.Slice(at, count);
                    moved = _stream.IsEncrypted
                        ? await _stream.ReadAsync(target, CancellationToken.None)
                        : _stream.TryReceive(target.Span);
                }
                finally
                {
                    Unpin(request);
                }

                if (moved < 0)
                {
                    await _stream.WaitReadableAsync();
                    continue;
                }

                if (moved == 0)
                {
                    throw NbdException.Lost("the server closed it within a reply");
                }

                Touch();
            }

            at += moved;
            count -= moved;
        }
    }

    private void Clear(NbdRequest request, int at, int count)
    {
        if (TryPin(request))
        {
            request.Target.Span.Slice(at, count).Clear();
            Unpin(request);
        }
    }

    private static NbdException Refusal(uint error, ReadOnlySpan<byte> text)
    {
        int errno = (int)Math.Min(error, int.MaxValue);
        string said = WireText.ReadForPeople(text);
        return new NbdException(
            NbdErrorKind.ServerError,
            $"The NBD server refused a request with error {errno} ({Errno.Describe(errno)})." + (said.Length > 0 ? $" It said: {said}" : ""))
        {
            ServerErrno = errno,
        };
    }
}
