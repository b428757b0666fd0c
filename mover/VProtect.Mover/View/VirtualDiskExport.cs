using VProtect.Abstractions;
using VProtect.Nbd;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View;

/// <summary>A read-only disk as the NBD server wants it. Owns nothing.</summary>
public sealed class VirtualDiskExport(IRandomAccessDisk disk, string? description) : INbdExport
{
    /// <inheritdoc/>
    public string? Description => description;

    /// <inheritdoc/>
    public long SizeBytes => disk.SizeBytes;

    /// <inheritdoc/>
    public NbdExportFlags Flags => NbdExportFlags.ReadOnly | NbdExportFlags.CanMultiConnection | NbdExportFlags.SendCache | NbdExportFlags.SendFlush;

    /// <inheritdoc/>
    public IReadOnlyList<string> MetaContexts { get; } = [NbdMetaContext.BaseAllocation];

    /// <inheritdoc/>
    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken ct)
    {
        ValueTask reading = disk.ReadAsync(offset, buffer, ct);
        return reading.IsCompletedSuccessfully ? ValueTask.CompletedTask : ExportFaults.TranslateAsync(reading);
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken ct) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask CacheAsync(long offset, long length, CancellationToken ct) => disk.PrefetchAsync(offset, length, ct);

    /// <inheritdoc/>
    public async ValueTask GetExtentsAsync(string context, long offset, long length, int countMax, ICollection<NbdExtent> extents, CancellationToken ct)
    {
        var found = new List<Extent>();
        await ExportFaults.TranslateAsync(disk.GetExtentsAsync(offset, length, countMax, found, ct));
        foreach (Extent extent in found)
        {
            extents.Add(new NbdExtent(
                extent.OffsetBytes, extent.LengthBytes, extent.Kind == ExtentKind.Zero ? NbdMetaContext.Hole | NbdMetaContext.Zero : 0));
        }
    }
}
