using System.Collections;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// The table of counts: fingerprint → count, in pages of a file.
/// <code>
///   fingerprint × pages ÷ 2⁶⁴ ──► home page ──full──► next page …      the order of fingerprints is the order of pages
///                                     │
///                     map: place in the file, checksum (memory)
/// </code>
/// A page of the last commit is never written over: it is written to a free place, and the map says where. So the state on disk stays
/// whole until a new map is durable, however much has been written before. Memory: the frames given, and 12 bytes a page.
/// </summary>
internal sealed class CountTable : IDisposable
{
    public const int PagesMin = 16;

    /// <summary>Twice this is still an array's length; 341 slots each are 10¹¹ ids, or 1 TiB on disk.</summary>
    public const int PagesMax = 1 << 28;

    // Beyond this load a page of 341 slots would overflow too often: at 85 % one in a thousand does.
    private const double LoadMax = 0.85;

    private readonly LedgerDirectory _directory;
    private readonly PageFrames _frames;
    private readonly PagePlaces _places = new();
    private readonly ulong[] _map;
    private readonly int[] _frameOf;
    private readonly BitArray _isFresh;
    private readonly long _entriesMax;
    private IndexFile? _file;

    /// <summary>An empty table; its file is made with the first page that is written.</summary>
    public CountTable(LedgerDirectory directory, PageFrames frames, uint fileNumber, int pages)
        : this(directory, frames, fileNumber, new ulong[pages], 0)
    {
    }

    /// <summary>The table that a commit left.</summary>
    /// <param name="directory">Where its file lies.</param>
    /// <param name="frames">Memory for pages; used by this table alone as long as it is used.</param>
    /// <param name="fileNumber">Which file.</param>
    /// <param name="map">For each page 0, when it is empty, or its place plus one (low half) and its checksum (high half). Owned from here on.</param>
    /// <param name="entries">Entries in it.</param>
    public CountTable(LedgerDirectory directory, PageFrames frames, uint fileNumber, ulong[] map, long entries)
    {
        _directory = directory;
        _frames = frames;
        FileNumber = fileNumber;
        _map = map;
        Entries = entries;
        _frameOf = new int[map.Length];
        Array.Fill(_frameOf, PageFrames.None);
        _isFresh = new BitArray(map.Length);
        _entriesMax = map.Length < PagesMax ? (long)((long)map.Length * CountPage.Slots * LoadMax) : long.MaxValue;
        frames.Reset();
    }

    public uint FileNumber { get; }

    public long Entries { get; private set; }

    /// <summary>See the constructor.</summary>
    public ReadOnlySpan<ulong> Map => _map;

    /// <summary>Whether it should grow before more is put in.</summary>
    public bool IsFull => Entries >= _entriesMax;

    /// <summary>Takes the places that the map names; false when it cannot be a map of this file.</summary>
    public bool TryClaimPlaces()
    {
        long lengthBytes = File.Exists(_directory.PagesPath(FileNumber)) ? OpenFile().LengthBytes : 0;
        foreach (ulong entry in _map)
        {
            uint place = (uint)entry - 1;
            if (entry != 0 && (((long)place + 1) * CountPage.LengthBytes > lengthBytes || !_places.TryMark(place)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The count of a fingerprint; 0 when it has none.</summary>
    /// <exception cref="IntegrityException">A page is damaged.</exception>
    public uint Get(ulong fingerprint) =>
        TryLocate(fingerprint, out int frame, out int slot) ? CountPage.Count(_frames[frame], slot) : 0;

    /// <summary>Sets a count; 0 takes the fingerprint out.</summary>
    /// <exception cref="IntegrityException">A page is damaged; nothing has changed.</exception>
    public void Put(ulong fingerprint, uint count)
    {
        if (TryLocate(fingerprint, out int frame, out int slot))
        {
            if (count == 0)
            {
                Remove(fingerprint, frame, slot);
            }
            else if (CountPage.Count(_frames[frame], slot) != count)
            {
                CountPage.SetCount(_frames[frame], slot, count);
                _frames.MarkDirty(frame);
            }
        }
        else if (count != 0)
        {
            Insert(fingerprint, count);
        }
    }

    /// <summary>Pages of the smallest table for so many entries.</summary>
    public static int PagesFor(long entries)
    {
        int pages = PagesMin;
        while (pages < PagesMax && entries > (long)pages * CountPage.Slots * LoadMax)
        {
            pages *= 2;
        }

        return pages;
    }

    /// <summary>A table of more pages with the same counts, in a file of its own. This one is not to be used afterwards.</summary>
    public CountTable Grow(uint fileNumber, int pages)
    {
        WriteDirty();
        var larger = new CountTable(_directory, _frames, fileNumber, pages);
        Array.Fill(_frameOf, PageFrames.None);
        try
        {
            byte[] page = new byte[CountPage.LengthBytes];
            for (int number = 0; number < _map.Length; number++)
            {
                ReadPage(number, page);
                for (int slot = 0; slot < CountPage.Used(page); slot++)
                {
                    larger.Insert(CountPage.Fingerprint(page, slot), CountPage.Count(page, slot));
                }
            }

            return larger;
        }
        catch
        {
            // This table is whole on disk; memory holds pages of the other.
            larger.Dispose();
            _frames.Reset();
            throw;
        }
    }

    /// <summary>Makes everything durable, beside the state of the last commit.</summary>
    public void Flush()
    {
        WriteDirty();
        _file?.Flush();
    }

    /// <summary>The map is durable: what it replaced is free.</summary>
    public void Commit()
    {
        _places.Commit();
        _isFresh.SetAll(false);
    }

    public void Dispose() => _file?.Dispose();

    private int Home(ulong fingerprint) => (int)Math.BigMul(fingerprint, (ulong)_map.Length, out _);

    private int Next(int page) => page + 1 == _map.Length ? 0 : page + 1;

    private bool TryLocate(ulong fingerprint, out int frame, out int slot)
    {
        int page = Home(fingerprint);
        for (int looked = 0; looked < _map.Length; looked++)
        {
            frame = Load(page);
            slot = CountPage.IndexOf(_frames[frame], fingerprint);
            if (slot >= 0)
            {
                return true;
            }

            if (CountPage.Passed(_frames[frame]) == 0)
            {
                break;
            }

            page = Next(page);
        }

        frame = PageFrames.None;
        slot = -1;
        return false;
    }

    /// <summary>The fingerprint is in no page, and not all pages are full.</summary>
    private void Insert(ulong fingerprint, uint count)
    {
        // Nothing changes before all pages on the way have been read: the last one with room is looked for first.
        int home = Home(fingerprint);
        int page = home;
        while (CountPage.Used(_frames[Load(page)]) == CountPage.Slots)
        {
            page = Next(page);
        }

        for (int passed = home; passed != page; passed = Next(passed))
        {
            Pass(passed, 1);
        }

        int frame = Load(page);
        CountPage.Append(_frames[frame], fingerprint, count);
        _frames.MarkDirty(frame);
        Entries++;
    }

    private void Remove(ulong fingerprint, int frame, int slot)
    {
        int page = _frames.PageOf(frame);
        CountPage.RemoveAt(_frames[frame], slot);
        _frames.MarkDirty(frame);
        Entries--;
        for (int passed = Home(fingerprint); passed != page; passed = Next(passed))
        {
            Pass(passed, -1);
        }
    }

    private void Pass(int page, int change)
    {
        int frame = Load(page);
        CountPage.Pass(_frames[frame], change);
        _frames.MarkDirty(frame);
    }

    /// <summary>The frame that holds a page; valid until the next load.</summary>
    private int Load(int page)
    {
        int frame = _frameOf[page];
        if (frame != PageFrames.None)
        {
            _frames.Touch(frame);
            return frame;
        }

        frame = _frames.Choose();
        int evicted = _frames.PageOf(frame);
        if (evicted != PageFrames.None)
        {
            if (_frames.IsDirty(frame))
            {
                WritePage(evicted, _frames[frame]);
            }

            _frameOf[evicted] = PageFrames.None;
            _frames.Assign(frame, PageFrames.None);
        }

        ReadPage(page, _frames[frame]);
        _frames.Assign(frame, page);
        _frameOf[page] = frame;
        return frame;
    }

    private void ReadPage(int page, Span<byte> target)
    {
        ulong entry = _map[page];
        if (entry == 0)
        {
            target.Clear();
            return;
        }

        OpenFile().Read(target, ((long)(uint)entry - 1) * CountPage.LengthBytes);
        if (Checksum.Of(target) != (uint)(entry >> 32) || !CountPage.IsSound(target))
        {
            throw new IntegrityException(
                $"Page {page} of the reference ledger in '{_directory.Root}' is damaged: references must be counted anew.");
        }
    }

    private void WritePage(int page, ReadOnlySpan<byte> source)
    {
        ulong old = _map[page];
        uint place = (uint)old - 1;
        if (!_isFresh[page])
        {
            place = _places.Take();
            if (old != 0)
            {
                _places.Release((uint)old - 1);
            }
        }

        OpenFile().Write(source, (long)place * CountPage.LengthBytes);
        _map[page] = ((ulong)Checksum.Of(source) << 32) | (place + 1);
        _isFresh[page] = true;
    }

    private void WriteDirty()
    {
        for (int page = 0; page < _map.Length; page++)
        {
            int frame = _frameOf[page];
            if (frame != PageFrames.None && _frames.IsDirty(frame))
            {
                WritePage(page, _frames[frame]);
                _frames.MarkClean(frame);
            }
        }
    }

    private IndexFile OpenFile() => _file ??= _directory.Open(_directory.PagesPath(FileNumber));
}
