using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

internal sealed partial class NbdConnection
{
    /// <summary>Payloads up to this long are copied behind their head, to leave in one write.</summary>
    private const int CopiedPayloadBytesMax = 8 * 1024;

    /// <summary>Longer payloads leave in pieces, each of which counts as a sign of life.</summary>
    private const int PieceBytes = 1024 * 1024;

    private readonly byte[] _sendBuffer = GC.AllocateUninitializedArray<byte>(32 * 1024);
    private bool _saidGoodbye;

    private int HeadBytes => Terms.IsExtended ? RequestHeader.ExtendedBytes : RequestHeader.CompactBytes;

    /// <summary>Under the lock: true if nobody was sending, and from now on the caller is.</summary>
    private bool ClaimSender() => !_isSending && (_isSending = true);

    // The loop usually ends without having waited, and then costs nothing.
    private void StartSending() => _sending = SendLoopAsync();

    private async Task SendLoopAsync()
    {
        try
        {
            while (true)
            {
                int used = Gather(out NbdRequest? pinned);
                if (used == 0)
                {
                    return;
                }

                try
                {
                    await _stream.WriteAsync(_sendBuffer.AsMemory(0, used), CancellationToken.None);
                    Touch();
                    ReadOnlyMemory<byte> payload = pinned?.Source ?? default;
                    while (!payload.IsEmpty)
                    {
                        int piece = Math.Min(payload.Length, PieceBytes);
                        await _stream.WriteAsync(payload[..piece], CancellationToken.None);
                        payload = payload[piece..];
                        Touch();
                    }
                }
                finally
                {
                    if (pinned is not null)
                    {
                        Unpin(pinned);
                    }
                }

                if (_saidGoodbye)
                {
                    await _stream.ShutdownAsync();
                    return;
                }
            }
        }
        catch (Exception e) when (IsConnectionLoss(e))
        {
            Fail(NbdException.Lost("sending failed", e));
        }
        catch (Exception e)
        {
            Fail(NbdException.Lost("an internal error stopped sending", e)); // our bug, but nobody may wait for ever
            throw;
        }
    }

    /// <summary>Encodes what is queued, up to the first payload too long to copy, which is pinned. Nothing left: the
    /// sender resigns and 0 is returned.</summary>
    private int Gather(out NbdRequest? pinned)
    {
        pinned = null;
        int used = 0;
        lock (_gate)
        {
            while (pinned is null && _toSend.Peek() is { } request)
            {
                int payload = request.Source.Length;
                bool copied = payload is > 0 and <= CopiedPayloadBytesMax;
                if (used + HeadBytes + (copied ? payload : 0) > _sendBuffer.Length)
                {
                    break;
                }

                _toSend.Dequeue();
                used += Encode(request, _sendBuffer.AsSpan(used));
                request.IsOnWire = true;
                if (copied)
                {
                    request.Source.Span.CopyTo(_sendBuffer.AsSpan(used));
                    used += payload;
                }
                else if (payload > 0)
                {
                    request.IsPinned = true;
                    pinned = request;
                }
            }

            if (used == 0 && _isClosing && !_saidGoodbye && _failure is null)
            {
                _saidGoodbye = true;
                return new RequestHeader(CommandFlags.None, CommandType.Disconnect, 0, 0, 0).Write(_sendBuffer, Terms.IsExtended);
            }

            _isSending = used > 0;
        }

        return used;
    }

    private int Encode(NbdRequest request, Span<byte> target)
    {
        CommandFlags flags = request.Flags;
        if (Terms.IsExtended && request.Type == CommandType.Write)
        {
            flags |= CommandFlags.PayloadLength;
        }

        return new RequestHeader(flags, request.Type, request.Cookie, (ulong)request.Offset, (ulong)request.Length)
            .Write(target, Terms.IsExtended);
    }
}
