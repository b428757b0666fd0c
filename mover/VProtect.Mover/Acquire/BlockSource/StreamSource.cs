using VProtect.Abstractions;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>A disk that comes through a pipe: once, in order, until it ends. Disposes the stream.</summary>
internal sealed class StreamSource(Stream stream, string name) : IBlockSource
{
    private long _positionBytes;

    public string Name => name;

    public long? SizeBytes => null;

    public bool IsSequential => true;

    public int ReadsInFlightMax => 1;

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<Extent>();

    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ChangedBlocks>(new ChangedBlocks.MustFull("a stream cannot tell what changed"));

    public async ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(offsetBytes, _positionBytes);
        try
        {
            int done = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            _positionBytes += done;
            return done;
        }
        catch (IOException exception)
        {
            throw SourceErrors.ReadFailed(
                $"{name} cannot be read: {exception.Message}", "Check the program that writes to it.", exception);
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
