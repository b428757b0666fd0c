using VProtect.Abstractions;
using VProtect.Mover.View;
using VProtect.Mover.View.Overlay;

namespace VProtect.Mover.Tests.View.Overlay;

/// <summary>A disk in memory for overlays to lie over.</summary>
internal sealed class MemoryView(byte[] content) : IRandomAccessDisk
{
    public string Name => "memory";

    public long SizeBytes => content.Length;

    public OverlayBase Base => new(new string('a', 32), new string('b', 32), "disk0", ChunkId.Zero, SizeBytes);

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        content.AsMemory((int)offsetBytes, buffer.Length).CopyTo(buffer);
        return ValueTask.CompletedTask;
    }

    public ValueTask GetExtentsAsync(long offsetBytes, long lengthBytes, int countMax, ICollection<Extent> extents, CancellationToken cancellationToken)
    {
        long end = offsetBytes + lengthBytes;
        for (long at = offsetBytes; at < end && extents.Count < countMax;)
        {
            long start = at;
            bool isZero = IsZero(at);
            while (at < end && IsZero(at) == isZero)
            {
                at = Math.Min(end, ((at / 4096) + 1) * 4096);
            }

            extents.Add(new Extent(start, at - start, isZero ? ExtentKind.Zero : ExtentKind.Data));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask PrefetchAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    private bool IsZero(long offset)
    {
        int block = (int)(offset / 4096 * 4096);
        return !content.AsSpan(block, Math.Min(4096, content.Length - block)).ContainsAnyExcept((byte)0);
    }
}

/// <summary>A huge disk of ones.</summary>
internal sealed class IslandView(long sizeBytes) : IRandomAccessDisk
{
    public string Name => "island";

    public long SizeBytes => sizeBytes;

    public OverlayBase Base => new(new string('a', 32), new string('b', 32), "disk0", ChunkId.Zero, SizeBytes);

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        buffer.Span.Fill(1);
        return ValueTask.CompletedTask;
    }

    public ValueTask GetExtentsAsync(long offsetBytes, long lengthBytes, int countMax, ICollection<Extent> extents, CancellationToken cancellationToken)
    {
        extents.Add(new Extent(offsetBytes, lengthBytes, ExtentKind.Data));
        return ValueTask.CompletedTask;
    }

    public ValueTask PrefetchAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
