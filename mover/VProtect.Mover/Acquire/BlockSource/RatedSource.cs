using VProtect.Abstractions;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>A disk that is read no faster than a rate, which other disks share. Owns the source.</summary>
/// <param name="source">The disk.</param>
/// <param name="rate">The rate; it may change meanwhile.</param>
public sealed class RatedSource(IBlockSource source, ReadRate rate) : IBlockSource
{
    /// <inheritdoc/>
    public string Name => source.Name;

    /// <inheritdoc/>
    public long? SizeBytes => source.SizeBytes;

    /// <inheritdoc/>
    public bool IsSequential => source.IsSequential;

    /// <inheritdoc/>
    public int ReadsInFlightMax => source.ReadsInFlightMax;

    /// <inheritdoc/>
    public string? NextToken => source.NextToken;

    /// <inheritdoc/>
    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) => source.GetExtentsAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) => source.GetChangedBlocksAsync(parent, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await rate.WaitAsync(buffer.Length, cancellationToken);
        return await source.ReadAsync(offsetBytes, buffer, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => source.DisposeAsync();
}
