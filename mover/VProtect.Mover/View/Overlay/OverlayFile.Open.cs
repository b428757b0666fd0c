using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.View.Overlay;

/// <summary>How an overlay is made, and found again after whatever has happened.</summary>
internal sealed partial class OverlayFile
{
    private const uint OwnerOnly = 0x180; // 0600
    private const int LockTries = 10;
    private static readonly TimeSpan LockPeriod = TimeSpan.FromMilliseconds(30);

    /// <summary>Opens the overlay at a path, or makes one there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="over">What it must lie over.</param>
    /// <param name="time">For commits nobody asks for.</param>
    /// <exception cref="VProtectException">It is none, is damaged, lies over something else, is in use, or its file system failed.</exception>
    public static OverlayFile Open(string path, OverlayBase over, TimeProvider time)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(over.DiskName) > OverlayFormat.NameBytesMax)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, "The disk's name is longer than an overlay can hold.", "Mount it without an overlay.");
        }

        path = Path.GetFullPath(path);
        SafeFileHandle? handle = null;
        try
        {
            if (PosixFile.TryOpen(path, Libc.O_RDWR, out handle) is var error and not 0)
            {
                if (error != Errno.ENOENT)
                {
                    throw new PosixException("open", path, error);
                }

                Make(path, over);
                handle = PosixFile.Open(path, Libc.O_RDWR);
            }

            // A process that is just being started has our files open until it runs its program: nobody else's lock lasts for so short a time.
            int tries = 0;
            while (Libc.Flock(PosixFile.Fd(handle!), Libc.LOCK_EX | Libc.LOCK_NB) != 0)
            {
                if (++tries < LockTries)
                {
                    Thread.Sleep(LockPeriod);
                    continue;
                }

                throw new VProtectException(
                    ErrorCode.OverlayInUse, ErrorSide.Request, $"The overlay '{path}' is in use by another mount.", "End that one, or choose another file.");
            }

            return Load(path, handle!, over, time);
        }
        catch (PosixException e)
        {
            handle?.Dispose();
            throw OverlayErrors.Translate(e);
        }
        catch
        {
            handle?.Dispose();
            throw;
        }
    }

    private static void Make(string path, OverlayBase over)
    {
        // Under another name until it is durable: what is found at the path is a whole overlay.
        string temporary = path + ".new";
        PosixFile.Unlink(temporary);
        var header = new OverlayHeader(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | ((UInt128)BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) << 64), 0, over, OverlayFormat.FirstFreePage, 1);
        using (SafeFileHandle file = PosixFile.Open(temporary, Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL, OwnerOnly))
        {
            PosixFile.Write(PosixFile.Fd(file), 0, header.Encode(), temporary);
            PosixFile.Write(PosixFile.Fd(file), OverlayFormat.PageBytes, new byte[OverlayFormat.PageBytes], temporary);
            PosixFile.FlushData(file, temporary);
        }

        if (Libc.Rename(temporary, path) != 0)
        {
            throw PosixException.Last("rename", temporary);
        }

        PosixFile.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    private static OverlayFile Load(string path, SafeFileHandle handle, OverlayBase over, TimeProvider time)
    {
        OverlayHeader header = ReadHeader(path, handle, out bool isOnlyOne);
        if (header.Base != over)
        {
            throw new VProtectException(
                ErrorCode.OverlayMismatch, ErrorSide.Request,
                $"The overlay '{path}' was made for disk '{header.Base.DiskName}' of restore point {header.Base.Point[..8]} and lies over nothing else.",
                "Mount that restore point, or choose another file.");
        }

        var map = new OverlayMap();
        var pages = new PageAllocator();
        (long sequence, bool isEmpty) = Replay(path, handle, header, map);
        var file = new OverlayFile(path, handle, header, map, pages, time);
        try
        {
            foreach ((_, long count, uint first) in map.Runs())
            {
                for (uint i = 0; first > OverlayMap.Zero && i < count; i++)
                {
                    if (!pages.TryMark(first + i))
                    {
                        throw OverlayErrors.Damaged(path, "two blocks claim one page");
                    }
                }
            }

            if (isEmpty && (header.Generation > 0 || !isOnlyOne))
            {
                // Of the header that names it nothing else can be the reason: that one was written after it.
                throw OverlayErrors.Damaged(path, "its journal is not where its header says");
            }

            file._sequence = sequence;
            file.Recover();
            if (isEmpty)
            {
                file._nextJournalPage = header.JournalPage;
                if (!pages.TryMark(header.JournalPage))
                {
                    throw OverlayErrors.Damaged(path, "its journal lies in no place of its own");
                }

                if (file._dirty.Count > 0 || file._zeros.Count > 0)
                {
                    file.Commit();
                }
            }
            else
            {
                // The old journal's pages are not marked: they are free once the header names the new one, and not before. So it is
                // written behind everything there is.
                file.MoveJournal();
                (file._dirty, file._zeros) = ([], []);
                file._freed.ForEach(pages.Free);
                file._freed = [];
            }

            file._tail = new OverlayTail(path, header.Overlay);
            file._tail.Begin(file._sequence);
            return file;
        }
        catch
        {
            file._timer.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes up what a process that was killed had been given and had not committed: notes are followed in their order, and what they come to counts where the page
    /// still has the bytes that were noted. Durable with the checkpoint or commit that follows, and not before: the notes stay until then.
    /// </summary>
    private void Recover()
    {
        Dictionary<long, (uint Page, uint Crc)> dirty = [];
        List<(long Block, long Count)> zeros = [];
        long blocks = (_header.Base.SizeBytes + OverlayFormat.PageBytes - 1) / OverlayFormat.PageBytes;
        foreach (OverlayEntry entry in OverlayTail.Read(_path, _header.Overlay, _sequence))
        {
            if (entry.Kind == OverlayFormat.Zeros && entry.Value >= 1 && entry.Block + entry.Value <= blocks)
            {
                AddZeros(dirty, zeros, entry.Block, entry.Value);
            }
            else if (entry.Kind == OverlayFormat.Data && entry.Block < blocks)
            {
                dirty[entry.Block] = (entry.Page, entry.Value);
            }
        }

        foreach ((long block, long count) in zeros)
        {
            _map.SetZeros(block, count, _freed);
        }

        _zeros = zeros;
        byte[] content = new byte[OverlayFormat.PageBytes];
        foreach ((long block, (uint page, uint crc)) in dirty)
        {
            bool isWhole = PosixFile.Read(Fd, (long)page * OverlayFormat.PageBytes, content, _path) == content.Length && Seal.Packing.PackFormat.Crc32C(content) == crc;
            if (isWhole && _pages.TryMark(page))
            {
                uint old = _map.Set(block, page);
                if (old > OverlayMap.Zero)
                {
                    _freed.Add(old);
                }

                _dirty[block] = (page, crc);
            }
        }
    }

    private void MoveJournal()
    {
        uint endPage = (uint)((PosixFile.GetLength(_handle, _path) + OverlayFormat.PageBytes - 1) / OverlayFormat.PageBytes);
        uint first = Math.Max(endPage, _pages.EndPage);
        _pages.TryMark(first);
        List<OverlayEntry> whole = CheckpointEntries(_map);
        int count = Math.Max(1, (whole.Count + OverlayFormat.EntriesPerPage - 1) / OverlayFormat.EntriesPerPage);
        for (uint i = 0; i <= count; i++)
        {
            _pages.TryMark(first + i);
        }

        // Marked by hand, for the allocator would give pages of the old journal.
        List<byte[]> encoded = EncodeInARow(whole, first, count);
        WriteJournal(encoded, [.. Enumerable.Range(0, count).Select(i => first + (uint)i)]);
        PosixFile.FlushData(_handle, _path);
        var header = _header with { Generation = _header.Generation + 1, JournalPage = first, Sequence = _sequence };
        PosixFile.Write(Fd, header.Generation % 2 * OverlayFormat.PageBytes, header.Encode(), _path);
        PosixFile.FlushData(_handle, _path);
        (_header, _sequence, _nextJournalPage) = (header, _sequence + 1, first + (uint)count);
        _journal = [.. Enumerable.Range(0, count).Select(i => first + (uint)i)];
    }

    private List<byte[]> EncodeInARow(List<OverlayEntry> entries, uint first, int count)
    {
        ulong nonce = NewNonce();
        var encoded = new List<byte[]>(count);
        for (int i = 0; i < count; i++)
        {
            int from = i * OverlayFormat.EntriesPerPage;
            encoded.Add(EncodePage(CollectionsMarshal.AsSpan(entries)[from..Math.Min(from + OverlayFormat.EntriesPerPage, entries.Count)], i, i == count - 1, first + (uint)i + 1, nonce));
        }

        return encoded;

        byte[] EncodePage(ReadOnlySpan<OverlayEntry> here, int index, bool isLast, uint next, ulong nonce)
        {
            byte[] page = new byte[OverlayFormat.PageBytes];
            uint flags = OverlayFormat.Checkpoint | (isLast ? OverlayFormat.LastPage : 0);
            new JournalHead(_header.Overlay, _sequence, (uint)index, (uint)here.Length, next, flags, nonce).Write(page);
            for (int entry = 0; entry < here.Length; entry++)
            {
                OverlayFormat.WriteEntry(page, entry, here[entry]);
            }

            OverlayFormat.Seal(page);
            return page;
        }
    }

    private static OverlayHeader ReadHeader(string path, SafeFileHandle handle, out bool isOnlyOne)
    {
        byte[] page = new byte[OverlayFormat.PageBytes];
        OverlayHeader? newest = null;
        int written = 0;
        for (int i = 0; i < 2; i++)
        {
            int read = PosixFile.Read(PosixFile.Fd(handle), i * OverlayFormat.PageBytes, page, path);
            written += page.AsSpan(0, read).ContainsAnyExcept((byte)0) ? 1 : 0;
            if (read == page.Length && OverlayHeader.TryDecode(page) is { } header && (newest is null || header.Generation > newest.Generation))
            {
                newest = header;
            }
        }

        isOnlyOne = written == 1;
        return newest ?? throw new VProtectException(
            ErrorCode.OverlayInvalid, ErrorSide.Request, $"'{path}' is no overlay, or both of its headers are damaged.", "Choose another file; this one is left as it is.");
    }

    /// <summary>Applies the journal to an empty map.</summary>
    /// <returns>The sequence number of the next commit, and whether nothing of the journal was ever written.</returns>
    private static (long Sequence, bool IsEmpty) Replay(string path, SafeFileHandle handle, OverlayHeader header, OverlayMap map)
    {
        long sequence = header.Sequence;
        uint at = header.JournalPage;
        byte[] page = new byte[OverlayFormat.PageBytes];
        bool isEmpty = !TryReadPage(at, out _);
        while (TryReadCommit(at, out List<OverlayEntry> entries, out uint next, out bool isCheckpoint))
        {
            // Durable when the next one was begun, or when it is what the header was written for.
            bool isSure = isCheckpoint || (TryReadPage(next, out JournalHead following) && following.Sequence == sequence + 1 && following.Index == 0);
            if (!isSure && !entries.TrueForAll(IsAsWritten))
            {
                break;
            }

            Apply(entries, isCheckpoint);
            (at, sequence) = (next, sequence + 1);
        }

        return (sequence, isEmpty);

        bool TryReadCommit(uint first, out List<OverlayEntry> entries, out uint next, out bool isCheckpoint)
        {
            entries = [];
            next = first;
            isCheckpoint = false;
            ulong nonce = 0;
            for (uint index = 0; ; index++)
            {
                if (!TryReadPage(next, out JournalHead head) || head.Sequence != sequence || head.Index != index || (index > 0 && head.Nonce != nonce)
                    || (head.IsCheckpoint && sequence != header.Sequence))
                {
                    return false;
                }

                (nonce, isCheckpoint, next) = (head.Nonce, head.IsCheckpoint, head.NextPage);
                for (int i = 0; i < head.EntryCount; i++)
                {
                    entries.Add(OverlayFormat.ReadEntry(page, i));
                }

                if (head.IsLast)
                {
                    return true;
                }
            }
        }

        bool TryReadPage(uint number, out JournalHead head)
        {
            head = default;
            return PosixFile.Read(PosixFile.Fd(handle), (long)number * OverlayFormat.PageBytes, page, path) == page.Length
                && JournalHead.TryRead(page, out head) && head.Overlay == header.Overlay;
        }

        bool IsAsWritten(OverlayEntry entry)
        {
            if (entry.Kind != OverlayFormat.Data)
            {
                return true;
            }

            return PosixFile.Read(PosixFile.Fd(handle), (long)entry.Page * OverlayFormat.PageBytes, page, path) == page.Length
                && Seal.Packing.PackFormat.Crc32C(page) == entry.Value;
        }

        void Apply(List<OverlayEntry> entries, bool isCheckpoint)
        {
            long blocks = (header.Base.SizeBytes + OverlayFormat.PageBytes - 1) / OverlayFormat.PageBytes;
            var freed = new List<uint>();
            foreach (OverlayEntry entry in entries)
            {
                long count = entry.Kind == OverlayFormat.Data && !isCheckpoint ? 1 : entry.Value;
                bool isSane = entry.Kind is OverlayFormat.Data or OverlayFormat.Zeros && count >= 1 && entry.Block + count <= blocks
                    && (entry.Kind == OverlayFormat.Zeros || entry.Page >= OverlayFormat.FirstFreePage);
                if (!isSane)
                {
                    throw OverlayErrors.Damaged(path, "its journal names what cannot be");
                }

                if (entry.Kind == OverlayFormat.Zeros)
                {
                    map.SetZeros(entry.Block, count, freed);
                    continue;
                }

                for (uint i = 0; i < count; i++)
                {
                    map.Set(entry.Block + i, entry.Page + i);
                }
            }
        }
    }
}
