using System.Runtime.CompilerServices;
using VProtect.Nbd.Client;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd;

public sealed partial class NbdClient
{
    /// <summary>32 bits, and aligned to whatever the minimum is.</summary>
    private const long LegacyStatusBytesMax = (1L << 32) - 65_536;

    private const int StatusQueriesAhead = 16;

    /// <summary>The status of a range in one metadata context: extents in order, without gaps or overlaps, covering
    /// exactly the range; neighbours of equal status come as one. Servers answer in parts, so it may take many requests,
    /// up to 16 of them at once. It is no snapshot: what is written meanwhile may or may not show.</summary>
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
        // A request of 32 bits reaches 4 GiB. A disk of 64 TiB takes 16,384 of them: one at a time, that is a second of waiting.
        long end = offset + length;
        long windowBytes = _terms.IsExtended ? Math.Max(1, length) : LegacyStatusBytesMax;
        var ahead = new Queue<Task<StatusQuery>>();
        long asked = offset;
        NbdExtent? held = null;
        try
        {
            for (long at = offset; at < end;)
            {
                for (; asked < end && ahead.Count < StatusQueriesAhead; asked += windowBytes)
                {
                    ahead.Enqueue(QueryAsync(context, asked, Math.Min(end, asked + windowBytes), one: false, ct).AsTask());
                }

                long windowEnd = Math.Min(end, asked - ((ahead.Count - 1) * windowBytes));
                for (StatusQuery status = await ahead.Dequeue(); ; status = await QueryAsync(context, at, windowEnd, one: false, ct))
                {
                    long before = at;
                    foreach (NbdExtent answered in status.Extents)
                    {
                        if (TryClip(answered, at, windowEnd) is not { } extent)
                        {
                            continue;
                        }

                        at = extent.EndBytes;
                        if (held is { } previous && previous.Flags == extent.Flags)
                        {
                            held = previous with { LengthBytes = extent.EndBytes - previous.OffsetBytes };
                            continue;
                        }

                        if (held is { } complete)
                        {
                            yield return complete;
                        }

                        held = extent;
                    }

                    if (at == windowEnd)
                    {
                        break;
                    }

                    if (at == before)
                    {
                        throw NoProgress();
                    }
                }
            }
        }
        finally
        {
            // Whoever stops listening half-way does not leave answers that nobody awaits.
            await Task.WhenAll(ahead).ContinueWith(static all => _ = all.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
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
            length = Math.Min(length, LegacyStatusBytesMax);
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
