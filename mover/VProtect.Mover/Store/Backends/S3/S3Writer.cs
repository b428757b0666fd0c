using Amazon.S3.Model;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Backends.S3;

/// <summary>
/// An object on its way: in one request when it is small, otherwise in parts, several at once, while the next is filled.
/// A process that is killed leaves parts that nobody sees; a rule of the bucket removes them (AbortIncompleteMultipartUpload).
/// </summary>
internal sealed class S3Writer(S3Store store, string key, S3Options options) : IObjectWriter
{
    private readonly string _writer = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _given = new();
    private readonly Queue<Task<byte[]>> _inFlight = [];
    private readonly List<PartETag> _parts = [];
    private byte[]? _part;
    private int _filled;
    private string? _upload;
    private int _begun;
    private bool _isEnded;

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isEnded, this);
        cancellationToken.ThrowIfCancellationRequested();
        while (bytes.Length > 0)
        {
            if (_part is not null && _filled == options.PartBytes)
            {
                await SendPartAsync(cancellationToken);
            }

            _part ??= GC.AllocateUninitializedArray<byte>(options.PartBytes);
            int length = Math.Min(bytes.Length, options.PartBytes - _filled);
            bytes[..length].CopyTo(_part.AsMemory(_filled));
            _filled += length;
            bytes = bytes[length..];
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> CommitAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isEnded, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (_upload is null)
        {
            _isEnded = true;
            return await store.PutAsync(key, _part.AsMemory(0, _filled), cancellationToken);
        }

        await SendPartAsync(cancellationToken);
        _isEnded = true;
        while (_inFlight.TryPeek(out Task<byte[]>? sending))
        {
            await sending.WaitAsync(cancellationToken);
            _ = _inFlight.Dequeue();
        }

        if (!await store.CompletePartsAsync(key, _upload, _writer, [.. _parts.OrderBy(part => part.PartNumber)], cancellationToken))
        {
            return false;
        }

        _upload = null;
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _isEnded = true;
        _part = null;
        await _given.CancelAsync();
        while (_inFlight.TryDequeue(out Task<byte[]>? sending))
        {
            await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _given.Dispose();
        if (_upload is { } upload)
        {
            _upload = null;
            try
            {
                // The caller may have been cancelled; but parts cost money, so they are not just left.
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
                await store.AbortPartsAsync(key, upload, limit.Token);
            }
            catch (Exception e) when (e is VProtectException or OperationCanceledException)
            {
                // The service is away; the bucket's rule removes them.
            }
        }
    }

    /// <summary>Waits for room, then lets the filled part go.</summary>
    private async Task SendPartAsync(CancellationToken cancellationToken)
    {
        _upload ??= await store.BeginPartsAsync(key, _writer, cancellationToken);
        byte[]? free = null;
        if (_inFlight.Count == options.PartsInFlightMax)
        {
            free = await _inFlight.Peek().WaitAsync(cancellationToken);
            _ = _inFlight.Dequeue();
        }

        (byte[] part, int length, string upload, int number) = (_part!, _filled, _upload, ++_begun);
        (_part, _filled) = (free, 0);
        _inFlight.Enqueue(Task.Run(() => SendAsync(part, length, upload, number), CancellationToken.None));
    }

    private async Task<byte[]> SendAsync(byte[] part, int length, string upload, int number)
    {
        PartETag sent = await store.PutPartAsync(key, upload, number, part, length, _given.Token);
        lock (_parts)
        {
            _parts.Add(sent);
        }

        return part;
    }
}
