using System.Buffers;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Mover.Deliver;

/// <summary>Makes ranges read as zeros, where the target does not do so by itself.</summary>
internal sealed class ZeroRanges(IBlockTarget target, bool differential)
{
    private const int ReadBytes = 1 << 20;

    /// <summary>What is written at least, where something is not zero.</summary>
    private const int BlockBytes = 4096;

    private readonly bool _isNeeded = target.IsSequential || !target.IsZeroed || differential;
    private List<Extent>? _present;
    private int _next;

    /// <summary>Ranges are given in ascending order.</summary>
    public async ValueTask WriteAsync(long offset, long length, CancellationToken cancellationToken)
    {
        if (!_isNeeded || length <= 0)
        {
            return;
        }

        if (!target.CanRead || target.IsSequential)
        {
            await target.WriteZeroesAsync(offset, length, cancellationToken);
            return;
        }

        // Only what holds data now is made zero: a sparse target stays as it is.
        _present ??= await ListDataAsync(cancellationToken);
        while (_next < _present.Count && _present[_next].EndBytes <= offset)
        {
            _next++;
        }

        for (int i = _next; i < _present.Count && _present[i].OffsetBytes < offset + length; i++)
        {
            long from = Math.Max(offset, _present[i].OffsetBytes);
            long to = Math.Min(offset + length, _present[i].EndBytes);
            await (differential ? WriteWhereNotZeroAsync(from, to, cancellationToken) : target.WriteZeroesAsync(from, to - from, cancellationToken));
        }
    }

    /// <summary>A target may call data what reads as zeros: written, or allocated ahead. That stays as it is.</summary>
    private async ValueTask WriteWhereNotZeroAsync(long from, long to, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            for (long at = from; at < to;)
            {
                int length = (int)Math.Min(ReadBytes, to - at);
                await target.ReadAsync(at, buffer.AsMemory(0, length), cancellationToken);
                foreach ((int first, int end) in NotZero(buffer.AsSpan(0, length)))
                {
                    await target.WriteZeroesAsync(at + first, end - first, cancellationToken);
                }

                at += length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Runs of blocks that are not all zeros, as offsets into the bytes.</summary>
    private static List<(int First, int End)> NotZero(ReadOnlySpan<byte> bytes)
    {
        var runs = new List<(int First, int End)>();
        for (int at = 0; at < bytes.Length; at += BlockBytes)
        {
            int end = Math.Min(at + BlockBytes, bytes.Length);
            if (ZeroDetector.IsZero(bytes[at..end]))
            {
                continue;
            }

            if (runs.Count > 0 && runs[^1].End == at)
            {
                runs[^1] = (runs[^1].First, end);
            }
            else
            {
                runs.Add((at, end));
            }
        }

        return runs;
    }

    private async Task<List<Extent>> ListDataAsync(CancellationToken cancellationToken)
    {
        var present = new List<Extent>();
        await foreach (Extent extent in target.GetExtentsAsync(cancellationToken))
        {
            if (extent.Kind == ExtentKind.Data)
            {
                present.Add(extent);
            }
        }

        return present;
    }
}
