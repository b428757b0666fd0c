using VProtect.Abstractions;

namespace VProtect.Mover.View.Overlay;

/// <summary>
/// A disk that can be written, over one that cannot: blocks that were written come from the overlay, all others from below.
/// <para>A write is there for every read after it has returned, and durable after a flush that began then. Writes of parts of a block
/// read the rest of it first. Writes that overlap and are outstanding together have no order, but no byte is lost that only one of them wrote.</para>
/// <para>All members are safe to call from several threads. Does not own the disk below.</para>
/// </summary>
public sealed class OverlayDisk : IRandomAccessDisk, IAsyncDisposable
{
    private const int BlockBytes = OverlayFormat.PageBytes;

    /// <summary>Blocks of a read looked up at a time: 1 MiB.</summary>
    private const int WindowBlocks = 256;

    private readonly IRandomAccessDisk _below;
    private readonly OverlayFile _file;

    private OverlayDisk(IRandomAccessDisk below, OverlayFile file) => (_below, _file) = (below, file);

    /// <inheritdoc/>
    public string Name => _below.Name;

    /// <inheritdoc/>
    public long SizeBytes => _below.SizeBytes;

    /// <summary>See <see cref="OverlayFile.JournalPagesMax"/>.</summary>
    internal int JournalPagesMax
    {
        set => _file.JournalPagesMax = value;
    }

    /// <summary>Bytes that differ, or may differ, from the disk below.</summary>
    public long ChangedBytes => Math.Min(SizeBytes, _file.ChangedBlocks * BlockBytes);

    /// <summary>Opens an overlay, or makes one.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="below">The disk.</param>
    /// <param name="over">What the disk is; an overlay of something else is refused.</param>
    /// <param name="time">For commits nobody asks for.</param>
    /// <exception cref="VProtectException">See <see cref="ErrorCode.OverlayInvalid"/> and those after it.</exception>
    public static OverlayDisk Open(string path, IRandomAccessDisk below, OverlayBase over, TimeProvider time) =>
        new(below, OverlayFile.Open(path, over, time));

    /// <inheritdoc/>
    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_file.ChangedBlocks == 0)
        {
            return _below.ReadAsync(offsetBytes, buffer, cancellationToken);
        }

        return ReadBlocksAsync(offsetBytes, buffer, cancellationToken);
    }

    /// <summary>Writes bytes.</summary>
    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        CheckRange(offsetBytes, data.Length);
        while (!data.IsEmpty)
        {
            long block = offsetBytes / BlockBytes;
            int within = (int)(offsetBytes % BlockBytes);
            int count;
            if (within == 0 && data.Length >= BlockBytes)
            {
                count = Math.Min(data.Length / BlockBytes, WindowBlocks) * BlockBytes;
                _file.Write(block, data.Span[..count]);
            }
            else
            {
                count = Math.Min(data.Length, BlockBytes - within);
                await PatchAsync(block, within, count, data[..count], cancellationToken);
            }

            offsetBytes += count;
            data = data[count..];
        }
    }

    /// <summary>Makes a range read as zeros, whole blocks without writing them.</summary>
    public async ValueTask WriteZerosAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        CheckRange(offsetBytes, lengthBytes);
        long end = offsetBytes + lengthBytes;
        while (offsetBytes < end)
        {
            long block = offsetBytes / BlockBytes;
            int within = (int)(offsetBytes % BlockBytes);

            // The last block of the disk may be shorter than others and is whole all the same.
            long blocks = end == SizeBytes ? ((end + BlockBytes - 1) / BlockBytes) - block : (end / BlockBytes) - block;
            if (within == 0 && blocks > 0)
            {
                _file.WriteZeros(block, blocks);
                offsetBytes = Math.Min(end, (block + blocks) * BlockBytes);
            }
            else
            {
                int count = (int)Math.Min(end - offsetBytes, BlockBytes - within);
                await PatchAsync(block, within, count, data: default, cancellationToken);
                offsetBytes += count;
            }
        }
    }

    /// <summary>Makes everything durable that had been written before.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => _file.CommitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask GetExtentsAsync(
        long offsetBytes, long lengthBytes, int countMax, ICollection<Extent> extents, CancellationToken cancellationToken)
    {
        CheckRange(offsetBytes, lengthBytes);
        long end = offsetBytes + lengthBytes;
        var found = new List<Extent>();
        while (offsetBytes < end && found.Count <= countMax)
        {
            (uint value, long runEnd) = GetRun(offsetBytes, end);
            if (value != OverlayMap.Base)
            {
                Add(found, new Extent(offsetBytes, runEnd - offsetBytes, value == OverlayMap.Zero ? ExtentKind.Zero : ExtentKind.Data));
                offsetBytes = runEnd;
                continue;
            }

            var below = new List<Extent>();
            await _below.GetExtentsAsync(offsetBytes, runEnd - offsetBytes, countMax + 1, below, cancellationToken);
            below.ForEach(extent => Add(found, extent));
            offsetBytes = below[^1].EndBytes;
        }

        // The last one may go on: it is told as far as it is known.
        foreach (Extent extent in found.Take(countMax))
        {
            extents.Add(extent);
        }
    }

    /// <summary>Adds runs of a range that were written or not; as <see cref="GetExtentsAsync"/>.</summary>
    /// <param name="offsetBytes">Where it begins.</param>
    /// <param name="lengthBytes">How long it is.</param>
    /// <param name="countMax">How many to add at most.</param>
    /// <param name="runs">Receives offset, length, and whether it was written.</param>
    public void GetChanges(long offsetBytes, long lengthBytes, int countMax, ICollection<(long OffsetBytes, long LengthBytes, bool IsChanged)> runs)
    {
        CheckRange(offsetBytes, lengthBytes);
        long end = offsetBytes + lengthBytes;
        (long Offset, long Length, bool IsChanged)? held = null;
        while (offsetBytes < end)
        {
            (uint value, long runEnd) = GetRun(offsetBytes, end);
            bool isChanged = value != OverlayMap.Base;
            if (held is { } run && run.IsChanged == isChanged)
            {
                held = run with { Length = runEnd - run.Offset };
            }
            else
            {
                if (held is { } complete)
                {
                    runs.Add(complete);
                    if (--countMax == 0)
                    {
                        return;
                    }
                }

                held = (offsetBytes, runEnd - offsetBytes, isChanged);
            }

            offsetBytes = runEnd;
        }

        if (held is { } last)
        {
            runs.Add(last);
        }
    }

    /// <summary>Everything that was changed, in order, in bytes.</summary>
    public IReadOnlyList<Extent> ListChanges() =>
        [.. _file.ListChanges().Select(run => new Extent(run.Block * BlockBytes, Math.Min(SizeBytes, (run.Block + run.Count) * BlockBytes) - (run.Block * BlockBytes), ExtentKind.Data))];

    /// <inheritdoc/>
    public ValueTask PrefetchAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken) =>
        _below.PrefetchAsync(offsetBytes, lengthBytes, cancellationToken);

    /// <summary>Makes durable what is left and closes the file. Nothing may be under way.</summary>
    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private async ValueTask ReadBlocksAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        CheckRange(offset, buffer.Length);
        uint[] values = System.Buffers.ArrayPool<uint>.Shared.Rent(WindowBlocks);
        try
        {
            while (!buffer.IsEmpty)
            {
                long first = offset / BlockBytes;
                int count = (int)Math.Min(buffer.Length, ((first + WindowBlocks) * BlockBytes) - offset);
                int blocks = (int)(((offset + count + BlockBytes - 1) / BlockBytes) - first);
                long ticket = _file.BeginRead(first, values.AsSpan(0, blocks));
                try
                {
                    await ReadRunsAsync(first, values, blocks, offset, buffer[..count], cancellationToken);
                }
                finally
                {
                    _file.EndRead(ticket);
                }

                offset += count;
                buffer = buffer[count..];
            }
        }
        finally
        {
            System.Buffers.ArrayPool<uint>.Shared.Return(values);
        }
    }

    private async ValueTask ReadRunsAsync(long first, uint[] values, int blocks, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        for (int i = 0; i < blocks;)
        {
            uint value = values[i];
            int run = 1;
            while (i + run < blocks && values[i + run] == (value > OverlayMap.Zero ? value + (uint)run : value))
            {
                run++;
            }

            long from = Math.Max(offset, (first + i) * BlockBytes);
            long to = Math.Min(offset + buffer.Length, (first + i + run) * BlockBytes);
            Memory<byte> target = buffer.Slice((int)(from - offset), (int)(to - from));
            if (value == OverlayMap.Base)
            {
                await _below.ReadAsync(from, target, cancellationToken);
            }
            else if (value == OverlayMap.Zero)
            {
                target.Span.Clear();
            }
            else
            {
                _file.ReadPages(value, (int)(from - ((first + i) * BlockBytes)), target.Span);
            }

            i += run;
        }
    }

    /// <summary>Writes a part of a block; without data, zeros. Somebody who writes another part meanwhile is not overwritten: then again.</summary>
    private async ValueTask PatchAsync(long block, int within, int count, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        byte[] content = System.Buffers.ArrayPool<byte>.Shared.Rent(BlockBytes);
        uint[] value = new uint[1];
        int blockLength = (int)Math.Min(BlockBytes, SizeBytes - (block * BlockBytes));
        try
        {
            while (true)
            {
                Memory<byte> whole = content.AsMemory(0, BlockBytes);
                long ticket = _file.BeginRead(block, value);
                try
                {
                    await ReadRunsAsync(block, value, 1, block * BlockBytes, whole[..blockLength], cancellationToken);
                    whole.Span[blockLength..].Clear();
                    if (data.IsEmpty)
                    {
                        whole.Span.Slice(within, count).Clear();
                    }
                    else
                    {
                        data.Span.CopyTo(whole.Span[within..]);
                    }

                    if (_file.TryReplace(block, value[0], whole.Span))
                    {
                        return;
                    }
                }
                finally
                {
                    _file.EndRead(ticket);
                }
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(content);
        }
    }

    private (uint Value, long EndBytes) GetRun(long offset, long end)
    {
        long block = offset / BlockBytes;
        (uint value, long count) = _file.GetRun(block, ((end + BlockBytes - 1) / BlockBytes) - block);
        return (value, Math.Min(end, (block + count) * BlockBytes));
    }

    private static void Add(List<Extent> extents, Extent extent)
    {
        if (extents.Count > 0 && extents[^1].Kind == extent.Kind)
        {
            extents[^1] = extents[^1] with { LengthBytes = extent.EndBytes - extents[^1].OffsetBytes };
        }
        else
        {
            extents.Add(extent);
        }
    }

    private void CheckRange(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, SizeBytes - offset);
    }
}
