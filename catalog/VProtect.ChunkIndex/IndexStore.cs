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

/// <summary>FASTER with the files and devices it stands on.</summary>
internal sealed class IndexStore : IDisposable
{
    private const long PageBytes = 1L << 20;
    private const long MemoryBytesMin = 4L << 20;
    private const long TableBytesMin = 64L << 10;
    private const int RecordsPerBucketAtStart = 8;
    private const int BucketBytes = 64;

    private readonly RecordFunctions _functions;
    private readonly IndexFault _fault;
    private readonly long _memoryBytes;
    private CheckpointRecord? _previous;
    private CheckpointRecord? _recorded;

    public IndexStore(
        ChunkIndexOptions options, IndexDirectory directory, IndexFault fault, Func<string, IndexFile> openFile, PackTable packs, uint salt)
    {
        Salt = salt;
        _functions = new RecordFunctions(packs, salt);
        LogFile = openFile(directory.LogPath);
        _fault = fault;
        Files = new CheckpointFiles(directory, fault, openFile);
        _memoryBytes = RoundDown(Math.Max(MemoryBytesMin, options.MemoryBytesMax));
        Kv = NewKv(TableBytesFor(options.ExpectedEntries));
    }

    public FasterKV<IndexKey, IndexValue> Kv { get; private set; }

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
        Kv.Recover(record.TableToken, record.LogToken);
        Files.CloseTable();
        if (Kv.Log.TailAddress != record.LogBytes)
        {
            throw new FasterException("The log recovered is not as long as the checkpoint says.");
        }

        RecordedLogBytes = record.LogBytes;
        _recorded = record;
    }

    /// <summary>
    /// Doubles the hash table. While every record is in memory FASTER can split buckets; later it would have to put
    /// each entry whose record is on disk into both halves, and the table would fill with twins (28 bytes per record instead of 12
    /// at 10 M, measured). So the log is read once from its beginning into an empty table of twice the size, which replaces
    /// the store: all sessions must be out of the way and are void afterwards.
    /// </summary>
    /// <returns>Whether sessions are void.</returns>
    public bool Grow()
    {
        if (Kv.Log.HeadAddress <= Kv.Log.BeginAddress && Kv.GrowIndex())
        {
            Files.ForgetTable();
            return false;
        }

        long tableBytes = Kv.IndexSize * BucketBytes * 2;
        Kv.TakeHybridLogCheckpointAsync(CheckpointType.FoldOver).AsTask().GetAwaiter().GetResult();
        Kv.Dispose();
        Files.ForgetTable();

        // Once per doubling: the old table goes before the new one comes, so that memory never holds both.
        Kv = null!;
        GC.Collect();
        Kv = NewKv(tableBytes);
        try
        {
            Kv.Recover(default, Files.LogToken);
        }
        catch (Exception exception) when (exception is FasterException or FormatException or ArgumentException)
        {
            // An empty store stands where the full one was: nobody may ask it, and what is recorded on disk is untouched.
            _fault.Raise(exception);
        }

        return true;
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
            LogToken = Files.LogToken,
            LogBytes = logBytes,
            LogMetadata = Files.LogMetadata,
            NextPackNumber = packs.NextNumber,
            Packs = packs.Live(),
        };
        return _recorded;
    }

    /// <summary>Keeps the checkpoint just recorded and the one before; deletes the others.</summary>
    public void DropOlderThanPrevious(IndexDirectory directory, ulong sequence)
    {
        var keep = new HashSet<string> { directory.CheckpointPath(sequence), directory.TablePath(_recorded!.TableToken) };
        if (_previous is not null)
        {
            keep.Add(directory.CheckpointPath(sequence - 1));
            keep.Add(directory.TablePath(_previous.TableToken));
        }

        directory.DeleteAllBut(keep);
    }

    public void Dispose()
    {
        Kv.Dispose();
        LogFile.Dispose();
        Files.Dispose();
    }

    private FasterKV<IndexKey, IndexValue> NewKv(long tableBytes) => new(new FasterKVSettings<IndexKey, IndexValue>
    {
        IndexSize = tableBytes,
        LogDevice = new IndexDevice(LogFile, _fault, holdsRecords: true),
        ObjectLogDevice = new NullDevice(),
        PageSize = PageBytes,
        MemorySize = _memoryBytes,
        EqualityComparer = new IndexKeyComparer(),
        CheckpointManager = Files,
        RemoveOutdatedCheckpoints = false,

        // Records never change once others can see them, so nobody needs to lock one.
        ConcurrencyControlMode = ConcurrencyControlMode.None,
    });

    private static long TableBytesFor(long entries) =>
        Math.Max(TableBytesMin, RoundUp(Math.Max(1, entries / RecordsPerBucketAtStart)) * BucketBytes);

    private static long RoundDown(long value) => RoundUp((value / 2) + 1);

    private static long RoundUp(long value) => (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)value);
}
