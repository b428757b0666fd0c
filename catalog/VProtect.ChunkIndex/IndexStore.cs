using System.Security.Cryptography;
using FASTER.core;
using KvSession = FASTER.core.ClientSession<
    VProtect.ChunkIndex.IndexKey,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    int,
    VProtect.ChunkIndex.RecordFunctions>;

namespace VProtect.ChunkIndex;

/// <summary>
/// FASTER with the files and devices it stands on. One store has one log; an index that outgrows its table, or whose log
/// holds mostly what is dead, goes on with another store (<see cref="FasterChunkIndex"/>, Rewrite).
/// </summary>
internal sealed class IndexStore : IDisposable
{
    /// <summary>Length of every record.</summary>
    public const int RecordBytes = 64;

    /// <summary>Where the first record lies: FASTER keeps address 0 to mean "none".</summary>
    public const long LogBegin = 64;

    // Records never change, so nothing is won by keeping them in the part of the log that may: they are written out early, and
    // a checkpoint finds little left to write.
    private const long MutableBytes = 32L << 20;

    // Pages of the log that are read into memory again at opening: what a short start allows.
    private const int PreloadedPagesMax = 64;

    private readonly RecordFunctions _functions;
    private readonly MemoryPlan _plan;
    private readonly IndexDevice _device;
    private CheckpointRecord? _previous;
    private CheckpointRecord? _recorded;

    /// <summary>A store on a log that is empty, or about to be recovered.</summary>
    /// <param name="options">What memory may be used.</param>
    /// <param name="directory">Where the files lie.</param>
    /// <param name="openFile">How they are opened.</param>
    /// <param name="packs">Which records count.</param>
    /// <param name="salt">Seed of the records' checksums.</param>
    /// <param name="logNumber">Names the log.</param>
    /// <param name="entries">How many records to size the table for.</param>
    /// <param name="otherBytes">Memory that another store has at the same time.</param>
    public IndexStore(
        ChunkIndexOptions options,
        IndexDirectory directory,
        Func<string, IndexFile> openFile,
        PackTable packs,
        uint salt,
        ulong logNumber,
        long entries,
        long otherBytes)
    {
        Salt = salt;
        LogNumber = logNumber;
        _functions = new RecordFunctions(packs, salt);
        _plan = new MemoryPlan(options.MemoryBytesMax);
        LogFile = openFile(directory.LogPath(logNumber));
        Files = new CheckpointFiles(directory, Fault, openFile);
        _device = new IndexDevice(LogFile, Fault, holdsRecords: true);
        Kv = NewKv(MemoryPlan.TableBytesFor(entries));
        LimitCache(otherBytes);
        Buckets = BucketPrefetch.Of(Kv);
    }

    /// <summary>The first failure of this store's files.</summary>
    public IndexFault Fault { get; } = new();

    /// <summary>Where the buckets of keys lie in memory.</summary>
    public BucketPrefetch Buckets { get; private set; }

    /// <summary>Names the log.</summary>
    public ulong LogNumber { get; }

    /// <summary>Records in the log, those that are dead included.</summary>
    public long Records => (Kv.Log.TailAddress - LogBegin) / RecordBytes;

    /// <summary>Memory of the table with its overflow buckets.</summary>
    public long TableBytes => (Kv.IndexSize + Kv.OverflowBucketCount) * MemoryPlan.BucketBytes;

    /// <summary>Whether the table has more records than it should have.</summary>
    public bool IsCrowded => Records > MemoryPlan.RecordsPerBucketMax * Kv.IndexSize;

    /// <summary>Whether every record is in memory.</summary>
    public bool IsInMemory => Kv.Log.HeadAddress <= Kv.Log.BeginAddress;

    public FasterKV<IndexKey, IndexValue> Kv { get; }

    public IndexFile LogFile { get; }

    public CheckpointFiles Files { get; }

    public uint Salt { get; }

    /// <summary>The log's length in the last checkpoint that was recorded, or -1.</summary>
    public long RecordedLogBytes { get; set; } = -1;

    public static uint DrawSalt() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));

    public KvSession NewSession() => Kv.For(_functions).NewSession<RecordFunctions>();

    /// <summary>Brings back what a checkpoint recorded.</summary>
    /// <exception cref="FasterException">FASTER does not accept it.</exception>
    public void Recover(CheckpointRecord record)
    {
        // What lies behind the checkpoint was written by a run that did not record it. It must not come to light again:
        // its pack numbers will be given out a second time.
        LogFile.SetLength(record.LogBytes);
        Files.Load(record);
        Kv.Log.EmptyPageCount = EmptyPages(record.TableBytes, 0);
        Kv.Recover(record.TableToken, record.LogToken, PreloadedPagesMax);
        Files.CloseTable();
        LimitCache(otherBytes: 0);
        Buckets = BucketPrefetch.Of(Kv);
        if (Kv.Log.TailAddress != record.LogBytes)
        {
            throw new FasterException("The log recovered is not as long as the checkpoint says.");
        }

        RecordedLogBytes = record.LogBytes;
        _recorded = record;
    }

    /// <summary>
    /// Doubles the hash table by splitting its buckets; all others must be out of the way. Only while every record is in memory:
    /// later FASTER would have to put each entry whose record is on disk into both halves, and the table would fill with twins
    /// (28 bytes per record instead of 12 at 10 M, measured).
    /// </summary>
    /// <returns>False when FASTER did not do it.</returns>
    public bool Split()
    {
        bool hasGrown = Kv.GrowIndex();
        Files.ForgetTable();
        LimitCache(otherBytes: 0);
        Buckets = BucketPrefetch.Of(Kv);
        return hasGrown;
    }

    /// <summary>Shares the memory with <paramref name="otherBytes"/> that others take; pages beyond that are given back.</summary>
    public void LimitCache(long otherBytes) =>
        Kv.Log.SetEmptyPageCount(EmptyPages(Kv.IndexSize * MemoryPlan.BucketBytes, otherBytes), wait: true);

    /// <summary>Returns when all records before <paramref name="end"/> are complete and in the log's file, if not durable, or the disk has failed.</summary>
    public void FlushUntil(long end) => Kv.Log.ShiftReadOnlyAddress(end, wait: true);

    /// <summary>Takes the place of another store, whose checkpoints stay until there are newer ones.</summary>
    public void Succeed(IndexStore other)
    {
        _previous = other._previous;
        _recorded = other._recorded;
    }

    /// <summary>The checkpoint that has just been made durable, in our own words.</summary>
    public CheckpointRecord Describe(PackTable packs, long logBytes)
    {
        _previous = _recorded;
        _recorded = new CheckpointRecord
        {
            Salt = Salt,
            TableToken = Files.TableToken,
            TableBytes = Files.TableBytes,
            TableCrc = Files.TableCrc,
            TableLogBytes = Files.TableLogBytes,
            TableMetadata = Files.TableMetadata,
            LogNumber = LogNumber,
            LogToken = Files.LogToken,
            LogBytes = logBytes,
            LogMetadata = Files.LogMetadata,
            NextPackNumber = packs.NextNumber,
            Packs = packs.Live(),
        };
        return _recorded;
    }

    /// <summary>Keeps the checkpoint just recorded, the one before, this log and that of a successor in the making; deletes the others.</summary>
    public void DropOlderThanPrevious(IndexDirectory directory, ulong sequence, ulong? successorLog)
    {
        var keep = new HashSet<string>
        {
            directory.CheckpointPath(sequence),
            directory.TablePath(_recorded!.TableToken),
            directory.LogPath(LogNumber),
            directory.LogPath(successorLog ?? LogNumber),
        };
        if (_previous is not null)
        {
            keep.Add(directory.CheckpointPath(sequence - 1));
            keep.Add(directory.TablePath(_previous.TableToken));
            keep.Add(directory.LogPath(_previous.LogNumber));
        }

        directory.DeleteAllBut(keep);
    }

    public void Dispose()
    {
        // FASTER would let go of pages that are still being written.
        _device.WaitUntilIdle();
        Kv.Dispose();
        LogFile.Dispose();
        Files.Dispose();
    }

    private FasterKV<IndexKey, IndexValue> NewKv(long tableBytes)
    {
        long memoryBytes = MemoryPlan.RoundUp((long)_plan.CachePages(tableBytes, otherBytes: 0) * MemoryPlan.PageBytes);
        return new FasterKV<IndexKey, IndexValue>(new FasterKVSettings<IndexKey, IndexValue>
        {
            IndexSize = tableBytes,
            LogDevice = _device,
            ObjectLogDevice = new NullDevice(),
            PageSize = MemoryPlan.PageBytes,
            MemorySize = memoryBytes,
            MutableFraction = Math.Clamp((double)MutableBytes / memoryBytes, 0.05, 0.9),
            EqualityComparer = new IndexKeyComparer(),
            CheckpointManager = Files,
            RemoveOutdatedCheckpoints = false,

            // Records never change once others can see them, so nobody needs to lock one.
            ConcurrencyControlMode = ConcurrencyControlMode.None,
        });
    }

    private int EmptyPages(long tableBytes, long otherBytes) =>
        Math.Clamp(Kv.Log.BufferSize - _plan.CachePages(tableBytes, otherBytes), 0, Kv.Log.MaxEmptyPageCount);
}
