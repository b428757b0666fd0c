using Microsoft.Extensions.Logging;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// The reference ledger: counts in a table on disk, changes in memory and in a log, points and packs in memory and in the same log.
/// <code>
///   Add ──► changes (memory) ──full, or checkpoint──► pages (cache) ──► free places of the pages' file ┐
///               │                                                                                     ├─► a new log: the commit
///               └──commit──► log (appended) ◄── points, packs (memory) ──checkpoint───────────────────┘
///                            the commit, when nothing went into pages
/// </code>
/// <para>
/// A count is kept for the first 8 bytes of an id; two ids that share them share their sum, which is never less than either. Ids are keyed
/// hashes: among 100 million it happens with a probability of 1 : 4000.
/// </para>
/// <para>
/// Pages of the last commit are never written over, so a crash at any instant leaves that commit. A commit appends what has changed to the
/// log and flushes it; when the log has grown long, or the changes did not fit in memory, pages are made durable beside the old ones and a new
/// log takes the old one's name. Every byte is checked when it is read.
/// </para>
/// <para>
/// Memory: <see cref="ReferenceLedgerOptions.CacheBytesMax"/> + <see cref="ReferenceLedgerOptions.ChangeBytesMax"/> + 12 bytes for each page (0.1
/// bytes per id), about 75 bytes and 32 per root for each point, about 75 bytes for each pack. Disk: 14 to 29 bytes per id, twice that
/// after many changes at once, and the log: no longer than its first commit or 16 MiB when a checkpoint replaces it.
/// </para>
/// <para>Not thread-safe. After a failure of the disk every call throws; opening again gives the last commit.</para>
/// </summary>
public sealed partial class ReferenceLedger : IReferenceLedger
{
    /// <summary>Changed points and packs that are told from all of them; with more, the next commit writes all.</summary>
    private const int ChangedNamesMax = 1 << 16;

    /// <summary>Changes looked up to tell how many are new: right to a few in a hundred, well within what the load of the table leaves.</summary>
    private const int SampleLength = 1024;

    private readonly LedgerDirectory _directory;
    private readonly ReferenceLedgerOptions _options;
    private readonly ILogger _logger;
    private readonly IndexFault _fault = new();
    private readonly PageFrames _frames;
    private readonly ChangeTable _changes;
    private readonly HashSet<PackId> _changedPoints = [];
    private readonly HashSet<PackId> _changedPacks = [];
    private readonly PointTable _points = new();
    private readonly Dictionary<PackId, PackUse> _packs = [];
    private CountTable _table;
    private SeenFilter? _filter;
    private IndexFile? _log;
    private long _logBytes;
    private long _stateBytes;
    private uint _fileNumber;
    private uint? _committedFileNumber;
    private bool _beganEmpty;
    private bool _mustCheckpoint;
    private bool _hasChangedNames;
    private string? _damage;
    private bool _isClosed;

    /// <summary>Why nothing could be recovered and all points must be counted again; null when the last commit was.</summary>
    public string? StartedEmptyBecause { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<ChunkId>> Points => _points;

    /// <inheritdoc/>
    public IReadOnlyDictionary<PackId, PackUse> Packs => _packs;

    /// <inheritdoc/>
    public long CountOf(in ChunkId id)
    {
        ThrowIfUnusable();
        return Find(FingerprintOf(id));
    }

    /// <inheritdoc/>
    public long Add(in ChunkId id, int change)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(id.IsZero, true, nameof(id));
        ArgumentOutOfRangeException.ThrowIfNotEqual(change is 1 or -1, true, nameof(change));
        ThrowIfUnusable();
        ulong fingerprint = FingerprintOf(id);
        uint count = Find(fingerprint);
        if (count == ChangeTable.CountMax)
        {
            return count;
        }

        if (count == 0 && change < 0)
        {
            _damage = $"The reference ledger in '{_directory.Root}' counts no reference to {id} that could be taken away: "
                + "references must be counted anew.";
            throw new IntegrityException(_damage);
        }

        uint next = (uint)(count + change);
        if (_changes.IsFull)
        {
            Guarded(Spill);
        }

        _changes.Set(fingerprint, next, isCommitted: false);
        return next;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The id is not 32 lower-case hexadecimal digits.</exception>
    public void SetPoint(string pointId, IReadOnlyList<ChunkId> roots)
    {
        ThrowIfUnusable();
        PackId id = PointTable.IdOf(pointId);
        _points.Set(id, [.. roots]);
        NoteChanged(_changedPoints, id);
    }

    /// <inheritdoc/>
    public void RemovePoint(string pointId)
    {
        ThrowIfUnusable();
        PackId id = PointTable.IdOf(pointId);
        if (_points.Remove(id))
        {
            NoteChanged(_changedPoints, id);
        }
    }

    /// <inheritdoc/>
    public void SetPack(PackId pack, PackUse use)
    {
        ThrowIfUnusable();
        if (!_packs.TryGetValue(pack, out PackUse old) || old != use)
        {
            _packs[pack] = use;
            NoteChanged(_changedPacks, pack);
        }
    }

    /// <inheritdoc/>
    public void RemovePack(PackId pack)
    {
        ThrowIfUnusable();
        if (_packs.Remove(pack))
        {
            NoteChanged(_changedPacks, pack);
        }
    }

    /// <summary>Closes it. What was not committed is lost.</summary>
    /// <returns>Completed.</returns>
    public ValueTask DisposeAsync()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            _table.Dispose();
            _log?.Dispose();
            _directory.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    // 0 marks what is free in memory; it shares its count with 1.
    private static ulong FingerprintOf(in ChunkId id) => Math.Max(id.Prefix64, 1);

    private uint Find(ulong fingerprint)
    {
        if (_changes.TryGet(fingerprint, out uint count))
        {
            return count;
        }

        if (_table.Entries == 0 || _filter?.MayContain(fingerprint) == false)
        {
            return 0;
        }

        try
        {
            return _table.Get(fingerprint);
        }
        catch (Exception exception) when (IsFinal(exception))
        {
            throw Final(exception);
        }
    }

    /// <summary>Takes all changes into the table. On disk nothing of it counts before the next checkpoint.</summary>
    private void Spill()
    {
        _mustCheckpoint = true;
        if (_beganEmpty)
        {
            _filter ??= new SeenFilter(FilterBytes(_options));
        }

        // They come in the order of pages: a table that grew only when it is full as a whole would be crowded at its beginning meanwhile.
        GrowFor(_table.Entries + EstimateNew());
        foreach ((ulong fingerprint, uint count) in _changes.Enumerate(onlyUncommitted: false))
        {
            if (_table.IsFull)
            {
                GrowFor(_table.Entries + 1);
            }

            _table.Put(fingerprint, count);
            if (count > 0)
            {
                _filter?.Add(fingerprint);
            }
        }

        _changes.Empty();
    }

    /// <summary>About how many of the changes are of fingerprints that the table does not have, from a sample.</summary>
    private long EstimateNew()
    {
        int step = Math.Max(1, _changes.Length / SampleLength);
        long looked = 0;
        long added = 0;
        long position = 0;
        foreach ((ulong fingerprint, uint count) in _changes.Enumerate(onlyUncommitted: false))
        {
            if (position++ % step == 0)
            {
                looked++;
                added += count > 0 && (_table.Entries == 0 || _table.Get(fingerprint) == 0) ? 1 : 0;
            }
        }

        return looked == 0 ? 0 : added * _changes.Length / looked;
    }

    private void GrowFor(long entries)
    {
        int pages = CountTable.PagesFor(entries);
        if (pages <= _table.Map.Length)
        {
            return;
        }

        CountTable old = _table;
        _table = old.Grow(++_fileNumber, pages);
        old.Dispose();
        if (old.FileNumber != _committedFileNumber)
        {
            _directory.Delete(_directory.PagesPath(old.FileNumber));
        }
    }

    private void NoteChanged(HashSet<PackId> changed, PackId id)
    {
        if (!_mustCheckpoint && changed.Add(id) && changed.Count > ChangedNamesMax)
        {
            _mustCheckpoint = true;
        }

        _hasChangedNames = true;
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        _fault.ThrowIfRaised(_directory.Root);
    }

    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (IsFinal(exception))
        {
            throw Final(exception);
        }
    }

    private static bool IsFinal(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or IntegrityException;

    // A failure of the disk is final: what is in memory may be half of something. So is damage, until the ledger is cleared.
    private VProtectException Final(Exception exception)
    {
        if (exception is IntegrityException)
        {
            _damage = exception.Message;
            return new IntegrityException(_damage, ErrorCode.DataCorrupt, exception);
        }

        _fault.Raise(exception);
        return IndexFault.ToException(_directory.Root, exception);
    }
}
