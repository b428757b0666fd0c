using VProtect.Mover.Posix;

namespace VProtect.Mover.View.Overlay;

/// <summary>How what was written becomes durable.</summary>
internal sealed partial class OverlayFile
{
    private List<uint> _journal = [];
    private long _sequence;
    private uint _nextJournalPage;

    /// <summary>Journal pages from which on a checkpoint is considered. Default 4096: 16 MiB.</summary>
    public int JournalPagesMax { get; set; } = 4096;

    /// <summary>Makes everything durable that was written before the call. Calls at the same time share commits.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        long wanted;
        lock (_gate)
        {
            wanted = _generation;
            if (_dirty.Count == 0 && _zeros.Count == 0)
            {
                // Nothing of this generation; but what was before may still be on its way.
                wanted--;
            }

            if (wanted <= _durable)
            {
                return;
            }
        }

        await _committing.WaitAsync(cancellationToken);
        try
        {
            if (Volatile.Read(ref _durable) < wanted)
            {
                ThrowIfFailed();
                await Task.Run(Commit, CancellationToken.None);
            }
        }
        finally
        {
            _committing.Release();
        }
    }

    /// <summary>One commit; by whoever holds <see cref="_committing"/>.</summary>
    private void Commit()
    {
        Dictionary<long, (uint Page, uint Crc)> dirty;
        List<(long Block, long Count)> zeros;
        List<uint> freed;
        List<OverlayEntry>? whole = null;
        long generation;
        lock (_gate)
        {
            // What is written from now on belongs to the next one.
            BeginTail(_sequence + 1);
            (dirty, zeros, freed, generation) = (_dirty, _zeros, _freed, _generation);
            (_dirty, _zeros, _freed) = ([], [], []);
            _generation++;
            if (_journal.Count >= JournalPagesMax && _journal.Count > 2 * (_map.ChangedBlocks / OverlayFormat.EntriesPerPage))
            {
                whole = CheckpointEntries(_map);
            }
        }

        bool mayBeRepeated = true;
        try
        {
            if (whole is not null)
            {
                WriteCheckpoint(whole, ref mayBeRepeated);
            }
            else
            {
                List<byte[]> pages = EncodePages(CommitEntries(dirty, zeros), OverlayFormat.LastPage, _sequence, _nextJournalPage, out List<uint> places, out uint next);
                try
                {
                    WriteJournal(pages, places);
                }
                catch
                {
                    FreeJournal([.. places.Skip(1), next]);
                    throw;
                }

                mayBeRepeated = false;
                PosixFile.FlushData(_handle, _path);
                (_nextJournalPage, _sequence) = (next, _sequence + 1);
                _journal.AddRange(places);
            }
        }
        catch (PosixException e)
        {
            if (mayBeRepeated)
            {
                TakeBack(dirty, zeros, freed);
            }
            else
            {
                // After a failed flush the kernel may have dropped pages: nothing that is written now could be relied upon.
                Volatile.Write(ref _failure, e);
            }

            throw OverlayErrors.Translate(e);
        }

        lock (_gate)
        {
            Volatile.Write(ref _durable, generation);
            _leaving.Enqueue((generation, freed));
            FreeUnread();
        }
    }

    private void BeginTail(long sequence)
    {
        try
        {
            _tail?.Begin(sequence);
        }
        catch (PosixException e)
        {
            throw OverlayErrors.Translate(e);
        }
    }

    /// <summary>Writes the whole map to a journal of its own and lets the header name it.</summary>
    private void WriteCheckpoint(List<OverlayEntry> whole, ref bool mayBeRepeated)
    {
        uint first = TakePage();
        List<byte[]> pages = EncodePages(whole, OverlayFormat.LastPage | OverlayFormat.Checkpoint, _sequence, first, out List<uint> places, out uint next);
        try
        {
            WriteJournal(pages, places);
        }
        catch
        {
            FreeJournal([.. places, next]);
            throw;
        }

        mayBeRepeated = false;
        PosixFile.FlushData(_handle, _path);
        var header = _header with { Generation = _header.Generation + 1, JournalPage = first, Sequence = _sequence };
        PosixFile.Write(Fd, header.Generation % 2 * OverlayFormat.PageBytes, header.Encode(), _path);
        PosixFile.FlushData(_handle, _path);
        FreeJournal([.. _journal, _nextJournalPage]);
        (_header, _journal, _nextJournalPage, _sequence) = (header, places, next, _sequence + 1);
    }

    private void WriteJournal(List<byte[]> pages, List<uint> places)
    {
        for (int i = 0; i < pages.Count; i++)
        {
            PosixFile.Write(Fd, (long)places[i] * OverlayFormat.PageBytes, pages[i], _path);
        }
    }

    private List<byte[]> EncodePages(List<OverlayEntry> entries, uint flags, long sequence, uint first, out List<uint> places, out uint next)
    {
        int count = Math.Max(1, (entries.Count + OverlayFormat.EntriesPerPage - 1) / OverlayFormat.EntriesPerPage);
        places = [first];
        lock (_gate)
        {
            while (places.Count < count)
            {
                (uint page, int pages) = _pages.Take(count - places.Count);
                for (uint i = 0; i < pages; i++)
                {
                    places.Add(page + i);
                }
            }

            next = _pages.Take(1).Page;
        }

        ulong nonce = NewNonce();
        var encoded = new List<byte[]>(count);
        for (int i = 0; i < count; i++)
        {
            byte[] page = new byte[OverlayFormat.PageBytes];
            int from = i * OverlayFormat.EntriesPerPage;
            int entriesHere = Math.Min(OverlayFormat.EntriesPerPage, entries.Count - from);
            bool isLast = i == count - 1;
            new JournalHead(
                _header.Overlay, sequence, (uint)i, (uint)entriesHere, isLast ? next : places[i + 1], isLast ? flags : flags & ~OverlayFormat.LastPage, nonce)
                .Write(page);
            for (int entry = 0; entry < entriesHere; entry++)
            {
                OverlayFormat.WriteEntry(page, entry, entries[from + entry]);
            }

            OverlayFormat.Seal(page);
            encoded.Add(page);
        }

        return encoded;
    }

    /// <summary>Zeros first: a block that was written after it was zeroed is among the data, one that was zeroed after is not.</summary>
    private static List<OverlayEntry> CommitEntries(Dictionary<long, (uint Page, uint Crc)> dirty, List<(long Block, long Count)> zeros)
    {
        var entries = new List<OverlayEntry>(dirty.Count + zeros.Count);
        foreach ((long block, long count) in zeros)
        {
            AddZeros(entries, block, count);
        }

        foreach ((long block, (uint page, uint crc)) in dirty.OrderBy(static pair => pair.Key))
        {
            entries.Add(new OverlayEntry(block, OverlayFormat.Data, page, crc));
        }

        return entries;
    }

    private static List<OverlayEntry> CheckpointEntries(OverlayMap map)
    {
        var entries = new List<OverlayEntry>();
        foreach ((long block, long count, uint page) in map.Runs())
        {
            if (page == OverlayMap.Zero)
            {
                AddZeros(entries, block, count);
            }
            else
            {
                entries.Add(new OverlayEntry(block, OverlayFormat.Data, page, (uint)count));
            }
        }

        return entries;
    }

    private static void AddZeros(List<OverlayEntry> entries, long block, long count)
    {
        const long AtOnceMax = 1L << 31;
        for (; count > 0; block += AtOnceMax, count -= AtOnceMax)
        {
            entries.Add(new OverlayEntry(block, OverlayFormat.Zeros, 0, (uint)Math.Min(count, AtOnceMax)));
        }
    }

    /// <summary>A commit that could not be written is a part of the next one.</summary>
    private void TakeBack(Dictionary<long, (uint Page, uint Crc)> dirty, List<(long Block, long Count)> zeros, List<uint> freed)
    {
        lock (_gate)
        {
            foreach ((long block, (uint page, uint crc)) in dirty)
            {
                if (_map[block] == page)
                {
                    _dirty.TryAdd(block, (page, crc));
                }
            }

            _zeros.InsertRange(0, zeros);
            _freed.AddRange(freed);
        }
    }

    private uint TakePage()
    {
        lock (_gate)
        {
            return _pages.Take(1).Page;
        }
    }

    private void FreeJournal(List<uint> pages)
    {
        lock (_gate)
        {
            pages.ForEach(_pages.Free);
        }
    }

    /// <summary>Under the lock: frees pages whose replacement is durable and that no read can still mean.</summary>
    private void FreeUnread()
    {
        long oldestReader = _readers.Count == 0 ? long.MaxValue : _readers.Keys.Min();
        while (_leaving.TryPeek(out (long Generation, List<uint> Pages) leaving) && leaving.Generation < oldestReader)
        {
            _leaving.Dequeue();
            leaving.Pages.ForEach(_pages.Free);
        }
    }
}
