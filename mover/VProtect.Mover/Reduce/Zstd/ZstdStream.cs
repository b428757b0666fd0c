using System.Buffers;

namespace VProtect.Mover.Reduce.Zstd;

/// <summary>
/// Compresses what is written to one zstd frame with a checksum, on its way to another stream. The frame has an end only after <see cref="FinishAsync"/>: what is disposed
/// before cannot be taken for the whole. Writes must be asynchronous; one at a time.
/// </summary>
public sealed class ZstdStream : Stream
{
    private const int TargetBytes = 128 << 10;
    private const int GoOn = 0;
    private const int End = 2;

    private readonly Stream _target;
    private readonly ZstdCompressionContext _context;
    private byte[] _compressed = ArrayPool<byte>.Shared.Rent(TargetBytes);

    /// <param name="target">Receives the frame; stays open.</param>
    /// <param name="level">As for <see cref="ZstdCompressor(int)"/>.</param>
    /// <exception cref="InsufficientMemoryException">libzstd could not allocate its tables.</exception>
    public ZstdStream(Stream target, int level)
    {
        _target = target;
        _context = ZstdNative.CreateCompressionContext();
        if (_context.IsInvalid)
        {
            throw new InsufficientMemoryException("libzstd could not make a compression context.");
        }

        foreach ((int parameter, int value) in ((int, int)[])[(ZstdNative.CompressionLevel, level), (ZstdNative.ChecksumFlag, 1)])
        {
            Check(ZstdNative.SetParameter(_context, parameter, value));
        }
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Ends the frame. Nothing may be written after it.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        for (bool isWhole = false; !isWhole;)
        {
            (int produced, _, isWhole) = Step(default, End);
            await _target.WriteAsync(_compressed.AsMemory(0, produced), cancellationToken);
        }

        await _target.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            (int produced, int consumed, _) = Step(buffer.Span, GoOn);
            buffer = buffer[consumed..];
            if (produced > 0)
            {
                await _target.WriteAsync(_compressed.AsMemory(0, produced), cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Does nothing: a frame that is flushed often is a large one.</summary>
    public override void Flush()
    {
    }

    /// <inheritdoc cref="Flush"/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_context.IsClosed)
        {
            _context.Dispose();
            ArrayPool<byte>.Shared.Return(_compressed);
            _compressed = [];
        }

        base.Dispose(disposing);
    }

    private static nuint Check(nuint result) => ZstdNative.IsError(result) == 0 ? result : throw ZstdNative.Failure(result);

    private unsafe (int Produced, int Consumed, bool IsWhole) Step(ReadOnlySpan<byte> source, int directive)
    {
        fixed (byte* from = source, to = _compressed)
        {
            var input = new ZstdBuffer { Bytes = from, Length = (nuint)source.Length };
            var output = new ZstdBuffer { Bytes = to, Length = (nuint)_compressed.Length };
            nuint left = Check(ZstdNative.CompressStream(_context, ref output, ref input, directive));
            return ((int)output.Position, (int)input.Position, left == 0);
        }
    }
}
