using VProtect.Abstractions;

namespace VProtect.Mover.Deliver;

/// <summary>Makes ranges read as zeros, where the target does not do so by itself.</summary>
internal sealed class ZeroRanges(IBlockTarget target, bool differential)
{
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
            await target.WriteZeroesAsync(from, to - from, cancellationToken);
        }
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
