using FASTER.core;

namespace VProtect.ChunkIndex;

// A checkpoint, in this order, so that a crash at any instant leaves the previous one or the new one:
//   1. no adder is at work; what they completed is what will be recorded
//   2. FASTER flushes the log, and the hash table if the log has outgrown the last one written
//   3. log and table are made durable; a fault so far ends here, with the previous checkpoint untouched
//   4. our record of it all is written under a temporary name, made durable, renamed, the directory made durable
//   5. checkpoints older than the previous one, and what the journal need not say any more, are dropped
public sealed partial class FasterChunkIndex
{
    // A hash table is written anew when recovery would have to read more than this part of the log to bring it up to date,
    // so that a small backup into a large repository does not pay for the whole table.
    private const int ReplayPart = 8;
    private const long ReplayBytesMin = 4L << 20;

    /// <inheritdoc/>
    public ValueTask CheckpointAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();

        // FASTER waits in places; not on the caller's thread. Once begun it is not cut short: there is nothing to gain.
        return new ValueTask(Task.Run(Checkpoint, cancellationToken));
    }

    private void Checkpoint()
    {
        _gate.EnterWriteLock();
        try
        {
            _store.Fault.ThrowIfRaised(_directory.Root);

            // 1
            long version = _packs.Version;
            long logBytes = _store.Kv.Log.TailAddress;
            if (version == _recordedVersion && logBytes == _store.RecordedLogBytes)
            {
                return;
            }

            CheckpointFiles files = _store.Files;
            bool withTable = !files.HasTable
                || logBytes - files.TableLogBytes > Math.Max(ReplayBytesMin, logBytes / ReplayPart);

            // 2
            (bool success, Guid _) = withTable
                ? _store.Kv.TakeFullCheckpointAsync(CheckpointType.FoldOver).AsTask().GetAwaiter().GetResult()
                : _store.Kv.TakeHybridLogCheckpointAsync(CheckpointType.FoldOver).AsTask().GetAwaiter().GetResult();
            _store.Fault.ThrowIfRaised(_directory.Root);
            if (!success)
            {
                _store.Fault.Raise(new IOException("FASTER did not complete the checkpoint."));
                _store.Fault.ThrowIfRaised(_directory.Root);
            }

            Guarded(() =>
            {
                // 3
                _store.LogFile.Flush();
                if (withTable)
                {
                    files.SealTable(logBytes);
                }

                // 4
                _directory.WriteAtomically(
                    _directory.CheckpointPath(_sequence + 1), _store.Describe(_packs, logBytes).Encode(), _openFile);
                _sequence++;
                _store.RecordedLogBytes = logBytes;
                _recordedVersion = version;

                // 5
                _store.DropOlderThanPrevious(_directory, _sequence, _successorLog);
                _journal.Shrink();
            });
            Log.Checkpointed(_logger, _directory.Root, _packs.EntryCount, logBytes, withTable);
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }
}
