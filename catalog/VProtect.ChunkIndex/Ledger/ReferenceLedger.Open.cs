using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Ledger;

// Opening: the last commit of the log, or nothing.
public sealed partial class ReferenceLedger
{
    private ReferenceLedger(ReferenceLedgerOptions options, ILogger logger, LedgerDirectory directory)
    {
        _options = options;
        _logger = logger;
        _directory = directory;
        _frames = new PageFrames(Math.Max(options.CacheBytesMax, 256 << 10) - FilterBytes(options));
        _changes = new ChangeTable(options.ChangeBytesMax);
        _table = new CountTable(directory, _frames, _fileNumber, CountTable.PagesMin);
    }

    /// <summary>
    /// Opens the ledger in a directory, or makes one. What is not whole is dropped, never guessed: then the ledger starts empty
    /// (<see cref="StartedEmptyBecause"/>) and the caller counts all points again. Pages are checked when they are read.
    /// </summary>
    /// <param name="options">Where and how large.</param>
    /// <param name="logger">Told what was recovered; none when null.</param>
    /// <returns>The ledger; the caller disposes it.</returns>
    /// <exception cref="VProtectException"><see cref="ErrorCode.IndexFailed"/>: in use by another process, or the directory or its disk is unfit.</exception>
    public static ReferenceLedger Open(ReferenceLedgerOptions options, ILogger? logger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Directory);
        return Open(options, logger ?? NullLogger.Instance, new LedgerDirectory(options.Directory));
    }

    /// <summary>Opens the ledger in a directory that is the ledger's own from here on.</summary>
    internal static ReferenceLedger Open(ReferenceLedgerOptions options, ILogger logger, LedgerDirectory directory)
    {
        var ledger = new ReferenceLedger(options, logger, directory);
        try
        {
            ledger.Load();
            return ledger;
        }
        catch (Exception exception)
        {
            ledger._table.Dispose();
            ledger._log?.Dispose();
            directory.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw IndexFault.ToException(directory.Root, exception);
            }

            throw;
        }
    }

    private static long FilterBytes(ReferenceLedgerOptions options) => options.CacheBytesMax / 4;

    private void Load()
    {
        _directory.Delete(_directory.NextLogPath);
        string? reason = File.Exists(_directory.LogPath) ? TryLoad() : "it is new.";
        if (reason is null)
        {
            _committedFileNumber = _table.FileNumber;
            _directory.DeletePagesBut(_table.FileNumber);
            Log.Recovered(_logger, _directory.Root, _points.Count, _table.Entries + _changes.Length);
            return;
        }

        StartedEmptyBecause = reason;
        Log.StartedEmpty(_logger, _directory.Root, reason);
        _log?.Dispose();
        _log = null;
        _directory.Delete(_directory.LogPath);
        _directory.DeletePagesBut(null);
        BeginEmpty();
    }

    private string? TryLoad()
    {
        _log = _directory.Open(_directory.LogPath);
        var reader = new LedgerLogReader(_log);
        if (reader.Check() is { } reason)
        {
            return reason;
        }

        var state = new LedgerState(_points, _packs, TakeCount) { OnTable = TakeTable };
        try
        {
            reader.ReadCommitted(state.Take);
        }
        catch (IntegrityException exception)
        {
            return exception.Message;
        }

        if (!state.IsComplete)
        {
            return state.Fault ?? "its log is of another version.";
        }

        // What was being committed when the process or the machine stopped.
        if (_log.LengthBytes > reader.CommittedBytes)
        {
            _log.SetLength(reader.CommittedBytes);
        }

        _logBytes = reader.CommittedBytes;
        _stateBytes = reader.StateBytes;
        return null;
    }

    private bool TakeTable(LedgerState state, ulong[] map)
    {
        _fileNumber = state.FileNumber;
        _committedFileNumber = state.FileNumber;
        _table = new CountTable(_directory, _frames, state.FileNumber, map, state.Entries);
        return _table.TryClaimPlaces();
    }

    // Written when more fitted into memory, they may have to go into the table at once.
    private void TakeCount(ulong fingerprint, uint count)
    {
        if (_changes.IsFull)
        {
            Spill();
        }

        _changes.Set(fingerprint, count, isCommitted: true);
    }

    private void BeginEmpty()
    {
        _table.Dispose();
        _table = new CountTable(_directory, _frames, ++_fileNumber, CountTable.PagesMin);
        _changes.Clear();
        _points.Clear();
        _packs.Clear();
        _filter = null;
        _beganEmpty = true;
        _mustCheckpoint = true;
        _damage = null;
    }
}
