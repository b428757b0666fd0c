using FASTER.core;

namespace VProtect.ChunkIndex;

/// <summary>
/// What FASTER asks for when it takes or recovers a checkpoint. Its metadata stays in memory here and becomes part of
/// our <see cref="CheckpointRecord"/>; only the hash table gets a file of its own. So nothing counts as a checkpoint
/// before our own record of it is durable.
/// </summary>
internal sealed class CheckpointFiles(IndexDirectory directory, IndexFault fault, Func<string, IndexFile> open) : ICheckpointManager
{
    private IndexFile? _table;

    public Guid TableToken { get; private set; }

    public byte[] TableMetadata { get; private set; } = [];

    public Guid LogToken { get; private set; }

    public byte[] LogMetadata { get; private set; } = [];

    /// <summary>Length of the table's file as it was last written or recovered.</summary>
    public long TableBytes { get; private set; }

    public uint TableCrc { get; private set; }

    /// <summary>The log's length when the table was written.</summary>
    public long TableLogBytes { get; private set; }

    /// <summary>Whether there is a table to build on.</summary>
    public bool HasTable => TableMetadata.Length > 0;

    /// <summary>Makes a recorded checkpoint the one that FASTER will be given.</summary>
    public void Load(CheckpointRecord record)
    {
        TableToken = record.TableToken;
        TableMetadata = record.TableMetadata;
        LogToken = record.LogToken;
        LogMetadata = record.LogMetadata;
        TableBytes = record.TableBytes;
        TableCrc = record.TableCrc;
        TableLogBytes = record.TableLogBytes;
    }

    /// <summary>After FASTER has written a hash table: makes it durable and takes its length and checksum.</summary>
    public void SealTable(long logBytes)
    {
        if (_table is null)
        {
            throw new IOException("FASTER took a checkpoint without writing its hash table.");
        }

        _table.Flush();
        TableBytes = _table.LengthBytes;
        TableCrc = Checksum.Of(_table);
        TableLogBytes = logBytes;
        CloseTable();
    }

    /// <summary>The table in memory is no longer the successor of the one on disk: the next checkpoint writes it anew.</summary>
    public void ForgetTable()
    {
        CloseTable();
        TableMetadata = [];
    }

    public void CloseTable()
    {
        _table?.Dispose();
        _table = null;
    }

    public IDevice GetIndexDevice(Guid indexToken)
    {
        CloseTable();
        try
        {
            _table = open(directory.TablePath(indexToken));
            return new IndexDevice(_table, fault, holdsRecords: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            fault.Raise(exception);
            return new NullDevice();
        }
    }

    public void CommitIndexCheckpoint(Guid indexToken, byte[] commitMetadata)
    {
        TableToken = indexToken;
        TableMetadata = commitMetadata;
    }

    public void CommitLogCheckpoint(Guid logToken, byte[] commitMetadata)
    {
        LogToken = logToken;
        LogMetadata = commitMetadata;
    }

    public byte[] GetIndexCheckpointMetadata(Guid indexToken) => TableMetadata;

    public byte[] GetLogCheckpointMetadata(Guid logToken, DeltaLog deltaLog, bool scanDelta = false, long recoverTo = -1) => LogMetadata;

    public IEnumerable<Guid> GetIndexCheckpointTokens() => [TableToken];

    public IEnumerable<Guid> GetLogCheckpointTokens() => [LogToken];

    public void InitializeIndexCheckpoint(Guid indexToken)
    {
    }

    public void InitializeLogCheckpoint(Guid logToken)
    {
    }

    public void CheckpointVersionShift(long oldVersion, long newVersion)
    {
    }

    public void OnRecovery(Guid indexToken, Guid logToken)
    {
    }

    public void Purge(Guid token)
    {
    }

    public void PurgeAll()
    {
    }

    public void Dispose() => CloseTable();

    /// <summary>Asked for in every recovery; incremental snapshots would lie there, and an empty device means none.</summary>
    public IDevice GetDeltaLogDevice(Guid token) => new NullDevice();

    // Snapshots and object logs are kinds of checkpoint that this index never takes.
    public void CommitLogIncrementalCheckpoint(Guid logToken, long version, byte[] commitMetadata, DeltaLog deltaLog) =>
        throw new NotSupportedException();

    public IDevice GetSnapshotLogDevice(Guid token) => throw new NotSupportedException();

    public IDevice GetSnapshotObjectLogDevice(Guid token) => throw new NotSupportedException();
}
