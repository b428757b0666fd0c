using System.Runtime.CompilerServices;
using VProtect.Nbd.Client;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd;

public sealed partial class NbdClient
{
    /// <summary>The status of a range in one metadata context: extents in order, without gaps or overlaps, covering
    /// exactly the range; neighbours of equal status come as one. Servers answer in parts, so it may take many requests,
    /// one after the other. It is no snapshot: what is written meanwhile may or may not show.</summary>
    /// <param name="context">One of <see cref="MetaContexts"/>.</param>
    /// <param name="offset">Beginning of the range, in bytes.</param>
    /// <param name="length">Length of the range, in bytes.</param>
    /// <param name="ct">Stops the enumeration.</param>
    /// <exception cref="NbdException"><see cref="NbdErrorKind.Unsupported"/> if the context was not negotiated; else see the
    /// class.</exception>
    public IAsyncEnumerable<NbdExtent> GetExtentsAsync(string context, long offset, long length, CancellationToken ct)
    {
        CheckRange(offset, length);
        CheckContext(context);
        return EnumerateAsync(context, offset, length, ct);
    }

    /// <summary>The extent that begins at an offset, as far as the server cares to tell and at most the length given; asks
    /// for no more than that one.</summary>
    /// <param name="context">One of <see cref="MetaContexts"/>.</param>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="length">How far it is of interest, in bytes; at least 1.</param>
    /// <param name="ct">See the class.</param>
    public async ValueTask<NbdExtent> GetFirstExtentAsync(string context, long offset, long length, CancellationToken ct)
    {
        CheckRange(offset, length);
        ArgumentOutOfRangeException.ThrowIfZero(length);
        CheckContext(context);
        StatusQuery status = await QueryAsync(context, offset, offset + length, one: true, ct);
        return TryClip(status.Extents[0], offset, offset + length) ?? throw NoProgress();
    }

    private async IAsyncEnumerable<NbdExtent> EnumerateAsync(
        string context, long offset, long length, [EnumeratorCancellation] CancellationToken ct)
    {
        long end = offset + length;
        NbdExtent? held = null;
        for (long at = offset; at < end;)
        {
            StatusQuery status = await QueryAsync(context, at, end, one: false, ct);
            long before = at;
            foreach (NbdExtent answered in status.Extents)
            {
                if (TryClip(answered, at, end) is not { } extent)
                {
                    continue;
                }

                at = extent.EndBytes;
                if (held is not { } previous)
                {
                    held = extent;
                }
                else if (previous.Flags == extent.Flags)
                {
                    held = previous with { LengthBytes = extent.EndBytes - previous.OffsetBytes };
                }
                else
                {
                    held = extent;
                    yield return previous;
                }
            }

            if (at == before)
            {
                throw NoProgress();
            }
        }

        if (held is { } last)
        {
            yield return last;
        }
    }

    private async ValueTask<StatusQuery> QueryAsync(string context, long offset, long end, bool one, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        long start = AlignDown(offset);
        long length = AlignUpEnd(end) - start;
        if (!_terms.IsExtended)
        {
            length = Math.Min(length, (1L << 32) - 65_536); // 32 bits, and aligned to whatever the minimum is
        }

        NbdConnection connection = _pool.Pick();
        var status = new StatusQuery(connection.Terms, context, start, length, one);
        NbdRequest request = connection.Rent(
            CommandType.BlockStatus, one ? CommandFlags.RequestOne : CommandFlags.None, start, length);
        await connection.Submit(request.WithStatus(status), ct);
        return status;
    }

    private static NbdExtent? TryClip(NbdExtent extent, long start, long end)
    {
        start = Math.Max(start, extent.OffsetBytes);
        end = Math.Min(end, extent.EndBytes);
        return start < end ? new NbdExtent(start, end - start, extent.Flags) : null;
    }

    private static NbdException NoProgress() =>
        NbdException.Violation("it answered a block status request with less than one block");

    private void CheckContext(string context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!MetaContexts.Contains(context))
        {
            throw NbdException.Unsupported(
                $"The metadata context '{context}' was not negotiated: the NBD server does not have it, or it was not asked for.");
        }
    }
}
