using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Mover.View.Overlay;

/// <summary>
/// A mounted disk as the source of a backup: relative to the restore point it lies over, only what the overlay changed is read. Without an overlay nothing is.
/// Owns nothing.
/// </summary>
/// <param name="disk">The disk: with an overlay, or as it is in the restore point.</param>
/// <param name="point">Id of the restore point it lies over.</param>
public sealed class OverlaySource(IRandomAccessDisk disk, string point) : IBlockSource
{
    private const int ExtentsAtOnce = 1024;

    /// <inheritdoc/>
    public string Name => disk.Name;

    /// <inheritdoc/>
    public long? SizeBytes => disk.SizeBytes;

    /// <inheritdoc/>
    public bool IsSequential => false;

    /// <inheritdoc/>
    public int ReadsInFlightMax => 4;

    /// <inheritdoc/>
    public async IAsyncEnumerable<Extent> GetExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var extents = new List<Extent>();
        for (long at = 0; at < disk.SizeBytes; at = extents[^1].EndBytes)
        {
            extents.Clear();
            await disk.GetExtentsAsync(at, disk.SizeBytes - at, ExtentsAtOnce, extents, cancellationToken);
            foreach (Extent extent in extents)
            {
                yield return extent;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) => ValueTask.FromResult<ChangedBlocks>(
        parent.RestorePoint == point && parent.SizeBytes == disk.SizeBytes
            ? new ChangedBlocks.Delta(disk is OverlayDisk overlay ? overlay.ListChanges() : [])
            : new ChangedBlocks.MustFull("the restore point that was mounted is not the one compared with"));

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await disk.ReadAsync(offsetBytes, buffer, cancellationToken);
        return buffer.Length;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
