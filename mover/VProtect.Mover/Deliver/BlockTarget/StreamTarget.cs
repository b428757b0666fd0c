using VProtect.Abstractions;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>A pipe: the disk in order and without gaps. Disposes the stream.</summary>
internal sealed class StreamTarget(Stream stream, string name) : IBlockTarget
{
    private long _positionBytes;

    public string Name => name;

    public bool IsSequential => true;

    public bool IsZeroed => false;

    public bool CanRead => false;

    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(offsetBytes, _positionBytes);
        try
        {
            await stream.WriteAsync(data, cancellationToken);
            _positionBytes += data.Length;
        }
        catch (IOException exception)
        {
            throw Failed(exception);
        }
    }

    public async ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        for (long done = 0; done < lengthBytes;)
        {
            ReadOnlyMemory<byte> zeros = Zeros.Take(lengthBytes - done);
            await WriteAsync(offsetBytes + done, zeros, cancellationToken);
            done += zeros.Length;
        }
    }

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        throw new NotSupportedException("A stream cannot be read back.");

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException("A stream cannot be read back.");

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await stream.FlushAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw Failed(exception);
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private VProtectException Failed(IOException cause) => new(
        ErrorCode.TargetWriteFailed,
        ErrorSide.Target,
        $"{name} cannot be written: {cause.Message}",
        "Check the program that reads from it.",
        RetryAdvice.Never,
        cause);
}
