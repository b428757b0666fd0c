using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace VProtect.Nbd.Server;

/// <summary>
/// Sends replies in the order they are ready. Whoever finds nobody sending sends, for all; replies that are ready together leave
/// together.
/// </summary>
/// <param name="connection">Whose deadline it keeps.</param>
/// <param name="stream">Where to.</param>
/// <param name="sent">Called for each reply when its buffer is free again, sent or not.</param>
internal sealed class ReplySender(ServerConnection connection, Stream stream, Action<Reply> sent)
{
    /// <summary>Payloads up to this long are copied behind their head, to leave in one write with others.</summary>
    private const int CopiedPayloadBytesMax = 16 * 1024;

    /// <summary>What is gathered at most before it leaves.</summary>
    private const int GatheredBytesMax = 64 * 1024;

    /// <summary>Longer payloads leave in pieces, each of which counts as a sign of life.</summary>
    private const int PieceBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<Reply> _queue = new();
    private readonly PipeWriter _output = PipeWriter.Create(stream, new StreamPipeWriterOptions(pool: null, minimumBufferSize: GatheredBytesMax, leaveOpen: true));
    private HeadWriter? _head;
    private TaskCompletionSource? _drained;
    private bool _isSending;
    private bool _hasFailed;

    public void Enqueue(Reply reply)
    {
        lock (_gate)
        {
            if (!_hasFailed)
            {
                _queue.Enqueue(reply);
                return;
            }
        }

        sent(reply);
    }

    /// <summary>Begins to send what is queued, unless that is being done.</summary>
    public void Kick()
    {
        lock (_gate)
        {
            if (_isSending || _queue.Count == 0)
            {
                return;
            }

            _isSending = true;
        }

        _ = SendAsync();
    }

    /// <summary>Waits until all that was queued has left or failed. Nothing is queued any more.</summary>
    public async Task DrainAsync()
    {
        Kick();
        Task drained = Task.CompletedTask;
        lock (_gate)
        {
            if (_isSending)
            {
                _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                drained = _drained.Task;
            }
        }

        await drained;
        await _output.CompleteAsync();
    }

    private async Task SendAsync()
    {
        _head ??= new HeadWriter(_output);
        try
        {
            while (true)
            {
                Reply? reply;
                lock (_gate)
                {
                    if (!_queue.TryDequeue(out reply) && _head.UnflushedBytes == 0)
                    {
                        connection.SetSendDeadline(within: null);
                        Resign();
                        return;
                    }
                }

                if (reply is null)
                {
                    await FlushAsync();
                    continue;
                }

                try
                {
                    await SendAsync(reply, _head);
                }
                finally
                {
                    sent(reply);
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            connection.Cut(reason: null);
            Abandon();
        }
    }

    private async ValueTask SendAsync(Reply reply, HeadWriter head)
    {
        foreach (ReadOnlyMemory<byte> payload in reply.Encode(head))
        {
            if (payload.Length <= CopiedPayloadBytesMax)
            {
                _output.Write(payload.Span);
                head.UnflushedBytes += payload.Length;
                if (head.UnflushedBytes >= GatheredBytesMax)
                {
                    await FlushAsync();
                }

                continue;
            }

            await FlushAsync();
            for (int at = 0; at < payload.Length; at += PieceBytes)
            {
                connection.SetSendDeadline(connection.Server.Options.StallTimeout);
                await stream.WriteAsync(payload.Slice(at, Math.Min(PieceBytes, payload.Length - at)), connection.Ended);
            }
        }
    }

    private async ValueTask FlushAsync()
    {
        connection.SetSendDeadline(connection.Server.Options.StallTimeout);
        await _output.FlushAsync(connection.Ended);
        _head!.UnflushedBytes = 0;
    }

    private void Abandon()
    {
        while (true)
        {
            Reply? reply;
            lock (_gate)
            {
                _hasFailed = true;
                if (!_queue.TryDequeue(out reply))
                {
                    Resign();
                    return;
                }
            }

            sent(reply);
        }
    }

    private void Resign()
    {
        _isSending = false;
        _drained?.SetResult();
    }
}
