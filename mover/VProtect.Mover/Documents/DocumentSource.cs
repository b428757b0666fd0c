using VProtect.Abstractions;

namespace VProtect.Mover.Documents;

/// <summary>An archive of documents as a disk to back up.</summary>
internal sealed class DocumentSource(byte[] archive) : IBlockSource
{
    public string Name => "documents of the machine";

    public long? SizeBytes => archive.Length;

    public bool IsSequential => false;

    public int ReadsInFlightMax => 1;

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) =>
        new[] { new Extent(0, archive.Length, ExtentKind.Data) }.Where(extent => extent.LengthBytes > 0).ToAsyncEnumerable();

    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) =>
        new(new ChangedBlocks.MustFull("documents are always read whole"));

    public ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        archive.AsMemory((int)offsetBytes, buffer.Length).CopyTo(buffer);
        return new(buffer.Length);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
