namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// Memory for a fixed number of pages, given out by the clock algorithm: a page used since the hand last came by is passed over
/// once. Knows which page lies in which frame, not what pages are.
/// </summary>
internal sealed class PageFrames
{
    /// <summary>What a frame holds that holds nothing.</summary>
    public const int None = -1;

    private readonly byte[] _memory;
    private readonly int[] _pages;
    private readonly bool[] _dirty;
    private readonly bool[] _used;
    private int _hand;

    /// <summary>Takes memory as it is used, up to the bound.</summary>
    public PageFrames(long bytesMax)
    {
        // One array: at most 2 GiB.
        int frames = (int)Math.Clamp(bytesMax / CountPage.LengthBytes, 8, Array.MaxLength / CountPage.LengthBytes);
        _memory = GC.AllocateUninitializedArray<byte>(frames * CountPage.LengthBytes);
        _pages = new int[frames];
        _dirty = new bool[frames];
        _used = new bool[frames];
        Reset();
    }

    /// <summary>The bytes of a frame; valid until the next <see cref="Choose"/>.</summary>
    public Span<byte> this[int frame] => _memory.AsSpan(frame * CountPage.LengthBytes, CountPage.LengthBytes);

    public int PageOf(int frame) => _pages[frame];

    public bool IsDirty(int frame) => _dirty[frame];

    public void MarkDirty(int frame) => _dirty[frame] = true;

    public void MarkClean(int frame) => _dirty[frame] = false;

    public void Touch(int frame) => _used[frame] = true;

    /// <summary>The frame to be given to another page. What it holds must be written, if dirty, before <see cref="Assign"/>.</summary>
    public int Choose()
    {
        while (_used[_hand])
        {
            _used[_hand] = false;
            _hand = (_hand + 1) % _pages.Length;
        }

        int frame = _hand;
        _hand = (_hand + 1) % _pages.Length;
        return frame;
    }

    /// <summary>Gives a frame to a page.</summary>
    public void Assign(int frame, int page)
    {
        _pages[frame] = page;
        _dirty[frame] = false;
        _used[frame] = page != None;
    }

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        Array.Fill(_pages, None);
        Array.Clear(_dirty);
        Array.Clear(_used);
        _hand = 0;
    }
}
