namespace VProtect.Nbd.Client;

/// <summary>The answer to one block status request, gathered and checked as it arrives. Every negotiated context must
/// answer exactly once; the extents of the wanted one are kept, neighbours of equal status as one.</summary>
internal sealed class StatusQuery(ExportTerms terms, string wanted, long offset, long length, bool one)
{
    private readonly HashSet<uint> _answered = [];
    private long _seen;
    private bool _keep;

    /// <summary>The extents, clipped to the request; they begin at its offset and may end before its end.</summary>
    public List<NbdExtent> Extents { get; } = [];

    /// <summary>Whether every negotiated context has answered.</summary>
    public bool IsComplete => _answered.Count == terms.Contexts.Count;

    /// <summary>Begins the descriptors of one context.</summary>
    public void Begin(uint context)
    {
        if (!terms.Contexts.TryGetValue(context, out string? name))
        {
            throw NbdException.Violation("it sent a block status of a metadata context that was not negotiated");
        }

        if (!_answered.Add(context))
        {
            throw NbdException.Violation("it sent the block status of one metadata context twice");
        }

        _seen = 0;
        _keep = name == wanted;
    }

    public void Add(ulong lengthBytes, ulong flags)
    {
        if (lengthBytes == 0)
        {
            throw NbdException.Violation("it sent an extent without length");
        }

        if (_seen >= length || lengthBytes > (ulong)(terms.SizeBytes - offset - _seen))
        {
            throw NbdException.Violation("it sent extents beyond the range that was asked for");
        }

        long end = _seen + (long)lengthBytes;
        if (end > length)
        {
            // The last extent may tell more than was asked, unless exactly that was excluded.
            if (one)
            {
                throw NbdException.Violation("it sent an extent longer than the one that was asked for");
            }

            end = length;
        }

        if (flags > uint.MaxValue)
        {
            throw NbdException.Violation("it sent an extent with status bits its metadata context does not have");
        }

        if (_keep)
        {
            var extent = new NbdExtent(offset + _seen, end - _seen, (uint)flags);
            if (Extents.Count > 0 && Extents[^1].Flags == extent.Flags)
            {
                Extents[^1] = Extents[^1] with { LengthBytes = extent.EndBytes - Extents[^1].OffsetBytes };
            }
            else
            {
                Extents.Add(extent);
            }
        }

        // Unclipped, so that whatever follows an overlong extent is caught above.
        _seen += (long)lengthBytes;
    }
}
