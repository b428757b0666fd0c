using VProtect.Abstractions;
using VProtect.Nbd;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View.Overlay;

/// <summary>A disk with an overlay as the NBD server wants it. Owns nothing.</summary>
public sealed class OverlayExport(OverlayDisk disk, string? description) : INbdExport
{
    /// <summary>The metadata context that marks what was written: bit 0 is set where the disk may differ from its restore point.</summary>
    public const string Context = "vprotect:overlay";

    private static readonly byte[] ZeroBytes = new byte[1 << 20];

    /// <inheritdoc/>
    public string? Description => description;

    /// <inheritdoc/>
    public long SizeBytes => disk.SizeBytes;

    /// <inheritdoc/>
    public NbdExportFlags Flags => NbdExportFlags.SendFlush | NbdExportFlags.SendFua | NbdExportFlags.SendTrim | NbdExportFlags.SendWriteZeroes
        | NbdExportFlags.SendFastZero | NbdExportFlags.SendCache | NbdExportFlags.CanMultiConnection;

    /// <inheritdoc/>
    public IReadOnlyList<string> MetaContexts { get; } = [NbdMetaContext.BaseAllocation, Context];

    /// <inheritdoc/>
    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken ct)
    {
        ValueTask reading = disk.ReadAsync(offset, buffer, ct);
        return reading.IsCompletedSuccessfully ? ValueTask.CompletedTask : ExportFaults.TranslateAsync(reading);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> data, bool fua, CancellationToken ct)
    {
        await ExportFaults.TranslateAsync(disk.WriteAsync(offset, data, ct));
        await FlushIfAsync(fua, ct);
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken ct) => FlushIfAsync(true, ct);

    /// <inheritdoc/>
    public async ValueTask TrimAsync(long offset, long length, bool fua, CancellationToken ct)
    {
        await ExportFaults.TranslateAsync(disk.WriteZerosAsync(offset, length, ct));
        await FlushIfAsync(fua, ct);
    }

    /// <inheritdoc/>
    public async ValueTask WriteZeroesAsync(long offset, long length, NbdWriteZeroesFlags flags, CancellationToken ct)
    {
        if (!flags.HasFlag(NbdWriteZeroesFlags.NoHole))
        {
            await ExportFaults.TranslateAsync(disk.WriteZerosAsync(offset, length, ct));
        }
        else if (flags.HasFlag(NbdWriteZeroesFlags.FastZero))
        {
            throw new NbdExportException(NbdFault.NotSupported, "Zeroes that take space must be written.");
        }
        else
        {
            for (long done = 0; done < length; done += ZeroBytes.Length)
            {
                int count = (int)Math.Min(ZeroBytes.Length, length - done);
                await ExportFaults.TranslateAsync(disk.WriteAsync(offset + done, ZeroBytes.AsMemory(0, count), ct));
            }
        }

        await FlushIfAsync(flags.HasFlag(NbdWriteZeroesFlags.ForceUnitAccess), ct);
    }

    /// <inheritdoc/>
    public ValueTask CacheAsync(long offset, long length, CancellationToken ct) => disk.PrefetchAsync(offset, length, ct);

    /// <inheritdoc/>
    public async ValueTask GetExtentsAsync(string context, long offset, long length, int countMax, ICollection<NbdExtent> extents, CancellationToken ct)
    {
        if (context == Context)
        {
            var runs = new List<(long OffsetBytes, long LengthBytes, bool IsChanged)>();
            disk.GetChanges(offset, length, countMax, runs);
            runs.ForEach(run => extents.Add(new NbdExtent(run.OffsetBytes, run.LengthBytes, run.IsChanged ? 1u : 0)));
            return;
        }

        var found = new List<Extent>();
        await ExportFaults.TranslateAsync(disk.GetExtentsAsync(offset, length, countMax, found, ct));
        found.ForEach(extent => extents.Add(new NbdExtent(
            extent.OffsetBytes, extent.LengthBytes, extent.Kind == ExtentKind.Zero ? NbdMetaContext.Hole | NbdMetaContext.Zero : 0)));
    }

    private async ValueTask FlushIfAsync(bool flush, CancellationToken ct)
    {
        if (flush)
        {
            await ExportFaults.TranslateAsync(new ValueTask(disk.FlushAsync(ct)));
        }
    }
}
