using VProtect.Abstractions;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>
/// What is dirty, seen through what is allocated: a dirty range that reads as zeros now (discarded, zeroed) need not be read.
/// <code>
/// dirty       ####......########..
/// allocation  ddddddddddzzzzdddddd
/// answer      DDDD......ZZZZDDDD..
/// </code>
/// </summary>
internal static class DirtyExtents
{
    /// <summary>
    /// Both lists are ordered and without overlaps; the allocation covers all that is dirty. Neighbours of a kind come as one.
    /// </summary>
    internal static List<Extent> Intersect(IReadOnlyList<Extent> dirty, IReadOnlyList<Extent> allocation)
    {
        var result = new List<Extent>(dirty.Count);
        int next = 0;
        foreach (Extent range in dirty)
        {
            for (long at = range.OffsetBytes; at < range.EndBytes;)
            {
                while (allocation[next].EndBytes <= at)
                {
                    next++;
                }

                long end = Math.Min(range.EndBytes, allocation[next].EndBytes);
                Append(result, new Extent(at, end - at, allocation[next].Kind));
                at = end;
            }
        }

        return result;
    }

    /// <summary>
    /// Dirty ranges that lie closer together than <paramref name="gapBytes"/> as one, so that asking for their allocation
    /// costs a few round trips and not one for each.
    /// </summary>
    internal static IEnumerable<Extent> Windows(IReadOnlyList<Extent> dirty, long gapBytes)
    {
        Extent? window = null;
        foreach (Extent range in dirty)
        {
            if (window is { } open && range.OffsetBytes - open.EndBytes <= gapBytes)
            {
                window = open with { LengthBytes = range.EndBytes - open.OffsetBytes };
                continue;
            }

            if (window is { } closed)
            {
                yield return closed;
            }

            window = range;
        }

        if (window is { } last)
        {
            yield return last;
        }
    }

    /// <summary>Adds an extent that begins at or after the end of the list, joined to its neighbour where they are of a kind.</summary>
    internal static void Append(List<Extent> extents, Extent extent)
    {
        if (extents.Count > 0 && extents[^1] is var previous
            && previous.EndBytes == extent.OffsetBytes && previous.Kind == extent.Kind)
        {
            extents[^1] = previous with { LengthBytes = previous.LengthBytes + extent.LengthBytes };
        }
        else
        {
            extents.Add(extent);
        }
    }
}
