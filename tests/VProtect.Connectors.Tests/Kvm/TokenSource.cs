using VProtect.Abstractions;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>An export with the connector's tokens in place of the bitmap's name.</summary>
internal sealed class TokenSource(IBlockSource inner, DiskEndpoint.Nbd endpoint) : IBlockSource
{
    public string Name => inner.Name;

    public long? SizeBytes => inner.SizeBytes;

    public bool IsSequential => inner.IsSequential;

    public int ReadsInFlightMax => inner.ReadsInFlightMax;

    public string? NextToken => endpoint.Next;

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) => inner.GetExtentsAsync(cancellationToken);

    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) =>
        endpoint.Since is { } since && since == parent.Token
            ? inner.GetChangedBlocksAsync(parent with { Token = null }, cancellationToken)
            : ValueTask.FromResult<ChangedBlocks>(new ChangedBlocks.MustFull("the platform has no record of what changed"));

    public ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        inner.ReadAsync(offsetBytes, buffer, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
