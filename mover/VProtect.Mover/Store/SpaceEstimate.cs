using VProtect.Abstractions;

namespace VProtect.Mover.Store;

/// <summary>What a backup of a disk will probably store, from what backups before it stored: for a warning, never for a refusal.</summary>
internal static class SpaceEstimate
{
    /// <summary>Enough to even out single days, few enough to follow a machine whose use changes.</summary>
    private const int PointsMax = 8;

    /// <summary>Bytes that packs will probably grow by; null when nothing is known to judge by.</summary>
    /// <param name="disk">The disk's name.</param>
    /// <param name="sizeBytes">Its size; null of a stream.</param>
    /// <param name="changed">What the source says; null when there is nothing to compare with, or it was not asked.</param>
    /// <param name="history">The machine's restore points, oldest first.</param>
    /// <param name="all">Those of all machines.</param>
    public static long? ExpectedBytes(
        string disk, long? sizeBytes, ChangedBlocks? changed, IReadOnlyList<RestorePoint> history, IReadOnlyList<RestorePoint> all)
    {
        List<RestorePointDisk> before =
            [.. history.SelectMany(point => point.Disks).Where(d => d.Name == disk && d.Mode != BackupMode.Full).TakeLast(PointsMax)];
        if (changed is ChangedBlocks.Delta delta)
        {
            // Of what was read as changed, this part was stored: deduplication and compression in one.
            List<RestorePointDisk> deltas = before.FindAll(d => d.Mode == BackupMode.Delta);
            long dataBytes = delta.Extents.Where(extent => extent.Kind != ExtentKind.Zero).Sum(extent => extent.LengthBytes);
            return deltas.Sum(d => d.ReadBytes) is > 0 and long read
                ? Scale(dataBytes, deltas.Sum(d => d.StoredBytes), read)
                : FirstTime(dataBytes, all, static d => d.ReadBytes);
        }

        return before.Count > 0 ? before.Max(d => d.StoredBytes)
            : sizeBytes is { } size && history.Count == 0 ? FirstTime(size, all, static d => d.SizeBytes)
            : null;
    }

    /// <summary>What a disk holds that is no hole, which is more than is stored of it; asked only before a warning, since that takes a look at the whole disk. Of a stream nobody knows.</summary>
    public static async ValueTask<long> DataBytesAsync(IBlockSource source, CancellationToken cancellationToken)
    {
        if (source.IsSequential)
        {
            return long.MaxValue;
        }

        long dataBytes = 0;
        await foreach (Extent extent in source.GetExtentsAsync(cancellationToken))
        {
            dataBytes += extent.Kind == ExtentKind.Zero ? 0 : extent.LengthBytes;
        }

        return dataBytes;
    }

    private static long? FirstTime(long bytes, IReadOnlyList<RestorePoint> all, Func<RestorePointDisk, long> of)
    {
        List<RestorePointDisk> fulls = [.. all.SelectMany(point => point.Disks).Where(d => d.Mode == BackupMode.Full)];
        return fulls.Sum(of) is > 0 and long whole ? Scale(bytes, fulls.Sum(d => d.StoredBytes), whole) : null;
    }

    private static long Scale(long bytes, long stored, long of) => (long)(bytes * Math.Min(1.0, (double)stored / of));
}
