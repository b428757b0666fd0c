using System.Numerics;

namespace VProtect.Mover.View.Overlay;

/// <summary>Which pages of an overlay file are in use: a bit for each. Free ones are taken again in the order they lie, else the file grows.
/// Not thread-safe.</summary>
internal sealed class PageAllocator
{
    private ulong[] _used = new ulong[16];
    private uint _endPage = OverlayFormat.FirstFreePage;
    private uint _cursor = OverlayFormat.FirstFreePage;
    private long _freeCount;

    public PageAllocator() => _used[0] = 3; // the headers

    /// <summary>Behind the last page that was ever in use.</summary>
    public uint EndPage => _endPage;

    /// <summary>Takes pages in a row, at least one and at most as many as wanted.</summary>
    public (uint Page, int Count) Take(int wanted)
    {
        if (_freeCount > 0 && TryTakeFree(wanted, out (uint Page, int Count) run))
        {
            return run;
        }

        uint first = _endPage;
        _endPage = checked(first + (uint)wanted);
        while (_used.Length * 64L < _endPage)
        {
            Array.Resize(ref _used, _used.Length * 2);
        }

        for (uint page = first; page < _endPage; page++)
        {
            _used[page >> 6] |= 1UL << (int)(page & 63);
        }

        return (first, wanted);
    }

    /// <summary>Gives a page back.</summary>
    public void Free(uint page)
    {
        _used[page >> 6] &= ~(1UL << (int)(page & 63));
        _freeCount++;
    }

    /// <summary>When a file is opened: marks a page as used; false when it is already, or can be no page.</summary>
    public bool TryMark(uint page)
    {
        if (page < OverlayFormat.FirstFreePage)
        {
            return false;
        }

        while (_used.Length * 64L <= page)
        {
            Array.Resize(ref _used, _used.Length * 2);
        }

        if (page >= _endPage)
        {
            _freeCount += page - _endPage;
            _endPage = page + 1;
        }
        else if ((_used[page >> 6] >> (int)(page & 63) & 1) != 0)
        {
            return false;
        }
        else
        {
            _freeCount--;
        }

        _used[page >> 6] |= 1UL << (int)(page & 63);
        return true;
    }

    private bool TryTakeFree(int wanted, out (uint Page, int Count) run)
    {
        // From the cursor to the end, then once from the beginning.
        for (int pass = 0; pass < 2; pass++)
        {
            for (uint page = pass == 0 ? _cursor : OverlayFormat.FirstFreePage; page < _endPage;)
            {
                ulong free = ~_used[page >> 6] >> (int)(page & 63);
                if (free == 0)
                {
                    page = (page | 63) + 1;
                    continue;
                }

                page += (uint)BitOperations.TrailingZeroCount(free);
                int count = 0;
                while (count < wanted && page + count < _endPage && (_used[(page + count) >> 6] >> (int)((page + count) & 63) & 1) == 0)
                {
                    _used[(page + count) >> 6] |= 1UL << (int)((page + count) & 63);
                    count++;
                }

                if (count > 0)
                {
                    _freeCount -= count;
                    _cursor = page + (uint)count;
                    run = (page, count);
                    return true;
                }

                break;
            }
        }

        run = default;
        return false;
    }
}
