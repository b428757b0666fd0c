using System.Diagnostics;

namespace VProtect.ChunkIndex;

// A table that is too small and a log that is mostly dead have one remedy: what lives goes into a new store.
//   1. a successor stands beside the store: an empty log, a table sized for what lives or is expected
//   2. the log is read from its beginning to its end as of now; finders, adders and checkpoints go on with the store as it is
//   3. what was added meanwhile is copied too, again and again, until little is left
//   4. adders wait while the last of it is copied; finders wait for the exchange alone
//   5. the old log goes when the second checkpoint of the successor has been recorded: until then checkpoints name it
// A failure up to 4 (a full disk, above all) leaves the store as it was: slower than it might be, and nothing worse.
public sealed partial class FasterChunkIndex
{
    // FASTER splits the buckets of so many records, all in memory, in about a tenth of a second: a pause that nobody minds.
    private const long SplitRecordsMax = 1 << 20;

    // The log is rewritten when more of its records are dead than alive, and more than this: 4 MiB of log.
    private const long DeadRecordsMin = 1 << 16;

    // What may be left for step 4: some milliseconds of copying.
    private const long LeftBytesMax = 1 << 20;
    private const int PassesMax = 16;

    private readonly Lock _rewriteGate = new();
    private readonly CancellationTokenSource _closing = new();
    private volatile Rewriting? _rewriting;
    private long _rewriteFromRecords;

    private enum Need
    {
        Nothing,
        Split,
        Rewrite,
        Wait,
    }

    /// <summary>Completed when no rewriting is under way and none follows it.</summary>
    internal async Task WhenRewritten()
    {
        while (_rewriting is { } rewriting)
        {
            await rewriting.Done;
        }
    }

    /// <inheritdoc/>
    public void Reserve(long entries)
    {
        ThrowIfClosed();
        ArgumentOutOfRangeException.ThrowIfNegative(entries);
        long expected = Math.Min(entries, _plan.ReservedEntriesMax);

        // One that is under way already may be making too small a table: then another follows it.
        for (int attempt = 0; attempt < 2; attempt++)
        {
            Rewriting? begun = null;
            _gate.EnterReadLock();
            try
            {
                long total = _packs.EntryCount + expected;
                if (total > MemoryPlan.RecordsPerBucketMax * _store.Kv.IndexSize)
                {
                    begun = Begin(total);
                }
            }
            finally
            {
                _gate.ExitReadLock();
            }

            begun?.Done.GetAwaiter().GetResult();
        }
    }

    /// <summary>To be asked only while holding the gate: rewriting replaces the store.</summary>
    private Need NeedOf(IndexStore store)
    {
        if (_rewriting is { } rewriting)
        {
            return store.Records > rewriting.RecordsMax ? Need.Wait : Need.Nothing;
        }

        if (store.IsCrowded && store.Records <= SplitRecordsMax && store.IsInMemory)
        {
            return Need.Split;
        }

        return NeedsRewriting(store) ? Need.Rewrite : Need.Nothing;
    }

    private bool NeedsRewriting(IndexStore store)
    {
        long records = store.Records;
        long dead = records - _packs.EntryCount;
        return (store.IsCrowded || (dead > DeadRecordsMin && dead > records / 2)) && records >= Interlocked.Read(ref _rewriteFromRecords);
    }

    private void Meet(Need need)
    {
        switch (need)
        {
            case Need.Split:
                SplitWhileCrowded();
                break;
            case Need.Rewrite:
                Begin(_packs.EntryCount);
                break;
            case Need.Wait:
                // Adders that are faster than the copying would never let it end.
                _rewriting?.Done.GetAwaiter().GetResult();
                break;
            default:
                break;
        }
    }

    private Rewriting? Begin(long entries)
    {
        lock (_rewriteGate)
        {
            return _rewriting ??= New(entries);
        }
    }

    /// <summary>To be called only while holding the rewrite gate.</summary>
    private Rewriting? New(long entries)
    {
        if (_closing.IsCancellationRequested || _store.Fault.IsRaised)
        {
            return null;
        }

        // Half as many again as there are now, or as many as the table is made for.
        long recordsMax = Math.Max(_store.Records, MemoryPlan.RecordsPerBucketMax * _store.Kv.IndexSize) * 3 / 2;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = Task.Factory.StartNew(() => Run(entries, done), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return new Rewriting(done.Task, recordsMax);
    }

    private void Run(long entries, TaskCompletionSource done)
    {
        IndexStore old = _store;
        long records = old.Records;
        string? failure = null;
        try
        {
            failure = Rewrite(old, entries);
        }
        catch (OperationCanceledException)
        {
            failure = "the index is being closed.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            failure = exception.Message;
        }
        catch (Exception exception)
        {
            // A fault of ours: told to whoever waits, at the latest in closing.
            failure = exception.Message;
            done.TrySetException(exception);
        }
        finally
        {
            // After a failure not again at once: when an eighth more has been added.
            Interlocked.Exchange(ref _rewriteFromRecords, failure is null ? 0 : records + (records / 8));
            if (failure is not null && !_closing.IsCancellationRequested)
            {
                Log.NotRewritten(_logger, _directory.Root, failure);
            }

            GoOn();
            done.TrySetResult();
        }
    }

    /// <summary>The end of a rewriting: what was removed while it ran may call for another. Touches nothing after it has said that none is under way.</summary>
    private void GoOn()
    {
        bool isNeeded;
        _gate.EnterReadLock();
        try
        {
            isNeeded = NeedsRewriting(_store);
        }
        finally
        {
            _gate.ExitReadLock();
        }

        lock (_rewriteGate)
        {
            _rewriting = isNeeded ? New(_packs.EntryCount) : null;
        }
    }

    /// <summary>Null, or why the store has stayed as it was.</summary>
    private string? Rewrite(IndexStore old, long entries)
    {
        // 1
        var rewriting = Stopwatch.StartNew();
        long neededBytes = _packs.EntryCount * IndexStore.RecordBytes;
        if (new DriveInfo(_directory.Root).AvailableFreeSpace < neededBytes + (neededBytes / 4))
        {
            return "its disk has no room for another log.";
        }

        ulong number = old.LogNumber + 1;
        _successorLog = number;
        (long oldShare, long newShare) = _plan.Share(old.Kv.IndexSize * MemoryPlan.BucketBytes, MemoryPlan.TableBytesFor(entries));
        var successor = new IndexStore(_options, _directory, _openFile, _packs, old.Salt, number, entries, otherBytes: oldShare);
        bool isDone = false;
        try
        {
            successor.LogFile.SetLength(0);
            old.LimitCache(otherBytes: newShare);
            GC.Collect();
            var copy = new LiveRecords(old, successor, _packs);

            // 2, 3
            for (int pass = 0; pass < PassesMax && old.Kv.Log.TailAddress - copy.Address > LeftBytesMax; pass++)
            {
                copy.CopyUntil(old.Kv.Log.TailAddress, _closing.Token);
            }

            // 4
            _gate.EnterWriteLock();
            try
            {
                var pause = Stopwatch.StartNew();
                copy.CopyUntil(old.Kv.Log.TailAddress, _closing.Token);
                isDone = !old.Fault.IsRaised && !successor.Fault.IsRaised;
                if (isDone)
                {
                    successor.Succeed(old);
                    _readers.Pause(() =>
                    {
                        _store = successor;
                        _idle.Clear();
                        _readers.Renew(successor.NewSession);
                    });
                    _recordedVersion = -1;
                    Log.Rewritten(
                        _logger, _directory.Root, old.Records, successor.Records, successor.Kv.IndexSize, rewriting.ElapsedMilliseconds, pause.ElapsedMilliseconds);
                }
            }
            finally
            {
                _gate.ExitWriteLock();
            }
        }
        finally
        {
            _successorLog = null;
            IndexStore unused = isDone ? old : successor;
            unused.Dispose();
            if (!isDone)
            {
                File.Delete(_directory.LogPath(number));
            }

            // Tables and pages that are gone must not stay in memory until the collector happens to come by, here and above.
            GC.Collect();
            _store.LimitCache(otherBytes: 0);
        }

        WarnOfMemory();
        return isDone ? null : (successor.Fault.Cause ?? old.Fault.Cause)?.Message;
    }

    private sealed record Rewriting(Task Done, long RecordsMax);
}
