namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// Counts that differ from the table: fingerprint → count, open addressing in memory. A fingerprint's top bits say where it lies, so
/// walking it front to back meets fingerprints, but for a few neighbours, in the order of the table's pages.
/// 12 bytes a slot, at most three quarters full; while it doubles, the old half is there too.
/// </summary>
internal sealed class ChangeTable
{
    /// <summary>The largest count that is kept exactly; it stays for ever.</summary>
    public const uint CountMax = int.MaxValue;

    private const int SlotBytes = sizeof(ulong) + sizeof(uint);
    private const int SlotsMin = 1024;

    // Beside the count: it is newer than the last commit.
    private const uint Uncommitted = 1U << 31;

    private readonly int _slotsMax;
    private ulong[] _fingerprints;
    private uint[] _counts;
    private int _shift;

    public ChangeTable(long bytesMax)
    {
        _slotsMax = SlotsMin;
        while (_slotsMax < 1 << 30 && (_slotsMax * 2L) + _slotsMax <= bytesMax / SlotBytes)
        {
            _slotsMax *= 2;
        }

        _fingerprints = [];
        _counts = [];
        Clear();
    }

    /// <summary>Fingerprints in it.</summary>
    public int Length { get; private set; }

    /// <summary>Whether something has been set since <see cref="Commit"/>.</summary>
    public bool HasUncommitted { get; private set; }

    /// <summary>Whether no further fingerprint may be set.</summary>
    public bool IsFull => Length >= _slotsMax / 4 * 3;

    /// <summary>Looks a fingerprint up, which is not 0.</summary>
    public bool TryGet(ulong fingerprint, out uint count)
    {
        int slot = Find(_fingerprints, _shift, fingerprint);
        count = _counts[slot] & CountMax;
        return _fingerprints[slot] != 0;
    }

    /// <summary>Sets a count; 0 says that the fingerprint has none any more.</summary>
    /// <param name="fingerprint">Not 0.</param>
    /// <param name="count">At most <see cref="CountMax"/>.</param>
    /// <param name="isCommitted">It was read from a commit.</param>
    public void Set(ulong fingerprint, uint count, bool isCommitted)
    {
        int slot = Find(_fingerprints, _shift, fingerprint);
        if (_fingerprints[slot] == 0)
        {
            if (Length >= _fingerprints.Length / 4 * 3)
            {
                Double();
                slot = Find(_fingerprints, _shift, fingerprint);
            }

            _fingerprints[slot] = fingerprint;
            Length++;
        }

        _counts[slot] = isCommitted ? count : count | Uncommitted;
        HasUncommitted |= !isCommitted;
    }

    /// <summary>All of it, nearly in order.</summary>
    /// <param name="onlyUncommitted">Leaves out what was there at the last commit.</param>
    public IEnumerable<(ulong Fingerprint, uint Count)> Enumerate(bool onlyUncommitted)
    {
        for (int slot = 0; slot < _fingerprints.Length; slot++)
        {
            if (_fingerprints[slot] != 0 && (!onlyUncommitted || (_counts[slot] & Uncommitted) != 0))
            {
                yield return (_fingerprints[slot], _counts[slot] & CountMax);
            }
        }
    }

    /// <summary>What is in it is durable now.</summary>
    public void Commit()
    {
        foreach (ref uint count in _counts.AsSpan())
        {
            count &= CountMax;
        }

        HasUncommitted = false;
    }

    /// <summary>Empties it to be filled again: its memory stays.</summary>
    public void Empty()
    {
        Array.Clear(_fingerprints);
        Array.Clear(_counts);
        Length = 0;
        HasUncommitted = false;
    }

    /// <summary>Empties it; its memory goes.</summary>
    public void Clear()
    {
        _fingerprints = new ulong[SlotsMin];
        _counts = new uint[SlotsMin];
        _shift = 64 - 10;
        Length = 0;
        HasUncommitted = false;
    }

    private void Double()
    {
        if (_fingerprints.Length >= _slotsMax)
        {
            throw new InvalidOperationException("More changes than fit; the caller takes them into the table first.");
        }

        ulong[] fingerprints = new ulong[_fingerprints.Length * 2];
        uint[] counts = new uint[fingerprints.Length];
        int shift = _shift - 1;
        for (int slot = 0; slot < _fingerprints.Length; slot++)
        {
            if (_fingerprints[slot] != 0)
            {
                int target = Find(fingerprints, shift, _fingerprints[slot]);
                fingerprints[target] = _fingerprints[slot];
                counts[target] = _counts[slot];
            }
        }

        (_fingerprints, _counts, _shift) = (fingerprints, counts, shift);
    }

    /// <summary>The slot of a fingerprint, or the free one where it would go.</summary>
    private static int Find(ulong[] fingerprints, int shift, ulong fingerprint)
    {
        int slot = (int)(fingerprint >> shift);
        while (fingerprints[slot] != 0 && fingerprints[slot] != fingerprint)
        {
            slot = (slot + 1) & (fingerprints.Length - 1);
        }

        return slot;
    }
}
