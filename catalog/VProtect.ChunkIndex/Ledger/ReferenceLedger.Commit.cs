using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Ledger;

// A commit, one of two:
//   append      what has changed is appended to the log, which is flushed; a log cut short is read up to the commit before
//   checkpoint  1. all changes go into pages, at places that the state on disk does not name; they are made durable
//               2. map, points and packs are written as the beginning of a new log, which is made durable
//               3. it takes the name of the old one, durably: the commit
//               4. the old places are free, and files that nothing names are removed
public sealed partial class ReferenceLedger
{
    // An append-only log longer than this and than its beginning takes longer to read than to replace.
    private const long AppendedBytesMin = 16L << 20;

    /// <inheritdoc/>
    public ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        if (_damage is not null)
        {
            throw new IntegrityException(_damage);
        }

        // It waits for the disk: not on the caller's thread. Once begun it is not cut short: there is nothing to gain.
        return new ValueTask(Task.Run(() => Guarded(Commit), cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask ClearAsync(CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        return new ValueTask(Task.Run(
            () => Guarded(() =>
            {
                BeginEmpty();
                Checkpoint();
            }),
            cancellationToken));
    }

    private void Commit()
    {
        if (_mustCheckpoint || _logBytes - _stateBytes > Math.Max(AppendedBytesMin, _stateBytes))
        {
            Checkpoint();
        }
        else if (_changes.HasUncommitted || _hasChangedNames)
        {
            Append();
        }
    }

    private void Append()
    {
        var writer = new LedgerLogWriter(_log!, _logBytes);
        foreach ((ulong fingerprint, uint count) in _changes.Enumerate(onlyUncommitted: true))
        {
            writer.Count(fingerprint, count);
        }

        foreach (PackId point in _changedPoints)
        {
            if (_points.ById.TryGetValue(point, out ChunkId[]? roots))
            {
                writer.Point(point, roots);
            }
            else
            {
                writer.Removed(LedgerBlockKind.PointsRemoved, point);
            }
        }

        foreach (PackId pack in _changedPacks)
        {
            if (_packs.TryGetValue(pack, out PackUse use))
            {
                writer.Pack(pack, use);
            }
            else
            {
                writer.Removed(LedgerBlockKind.PacksRemoved, pack);
            }
        }

        writer.End();
        _log!.Flush();
        _logBytes = writer.OffsetBytes;
        Committed();
    }

    private void Checkpoint()
    {
        // 1
        if (_changes.Length > 0)
        {
            Spill();
            _changes.Clear();
        }

        _table.Flush();

        // 2
        _directory.Delete(_directory.NextLogPath);
        IndexFile log = _directory.Open(_directory.NextLogPath);
        try
        {
            var writer = new LedgerLogWriter(log, 0);
            writer.Table(_table.FileNumber, _table.Map.Length, _table.Entries);
            foreach (ulong entry in _table.Map)
            {
                writer.Page(entry);
            }

            foreach ((PackId point, ChunkId[] roots) in _points.ById)
            {
                writer.Point(point, roots);
            }

            foreach ((PackId pack, PackUse use) in _packs)
            {
                writer.Pack(pack, use);
            }

            writer.End();
            log.Flush();

            // 3
            _directory.Replace(_directory.NextLogPath, _directory.LogPath);
            _directory.FlushNames();
            _logBytes = writer.OffsetBytes;
        }
        catch
        {
            log.Dispose();
            throw;
        }

        _log?.Dispose();
        _log = log;
        _stateBytes = _logBytes;
        _mustCheckpoint = false;

        // 4
        _table.Commit();
        _committedFileNumber = _table.FileNumber;
        _directory.DeletePagesBut(_table.FileNumber);
        Committed();
        Log.Checkpointed(_logger, _directory.Root, _points.Count, _table.Entries, _table.Map.Length);
    }

    private void Committed()
    {
        _changes.Commit();
        _changedPoints.Clear();
        _changedPacks.Clear();
        _hasChangedNames = false;
    }
}
