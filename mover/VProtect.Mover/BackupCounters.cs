namespace VProtect.Mover;

/// <summary>
/// What a running backup has done, for whoever shows it: written by the pipeline, read by any thread at any time. Bytes.
/// </summary>
public sealed class BackupCounters
{
    private long _totalBytes;
    private long _doneBytes;
    private long _readBytes;
    private long _zeroBytes;
    private long _knownBytes;
    private long _changedBytes;
    private long _newBytes;
    private long _storedBytes;
    private volatile string _step = "starting";
    private volatile string? _disk;

    /// <summary>Busy time by stage.</summary>
    public StageClock Clock { get; } = new();

    /// <summary>What is going on, in a few words.</summary>
    public string Step
    {
        get => _step;
        set => _step = value;
    }

    /// <summary>The disk at work; null before, between and after disks.</summary>
    public string? Disk
    {
        get => _disk;
        internal set => _disk = value;
    }

    /// <summary>Bytes of disk to go through, as far as known: for a delta what changed, else the size; 0 for a stream.</summary>
    public long TotalBytes => Volatile.Read(ref _totalBytes);

    /// <summary>Of these, gone through, read or not.</summary>
    public long DoneBytes => Volatile.Read(ref _doneBytes);

    /// <summary>Read from the source.</summary>
    public long ReadBytes => Volatile.Read(ref _readBytes);

    /// <summary>Read and found to be zeros.</summary>
    public long ZeroBytes => Volatile.Read(ref _zeroBytes);

    /// <summary>Read and known to the repository already.</summary>
    public long KnownBytes => Volatile.Read(ref _knownBytes);

    /// <summary>In chunks that differ from the parent.</summary>
    public long ChangedBytes => Volatile.Read(ref _changedBytes);

    /// <summary>In chunks that were new to the repository.</summary>
    public long NewBytes => Volatile.Read(ref _newBytes);

    /// <summary>What those took in packs.</summary>
    public long StoredBytes => Volatile.Read(ref _storedBytes);

    internal void AddTotal(long bytes) => Interlocked.Add(ref _totalBytes, bytes);

    internal void AddDone(long bytes) => Interlocked.Add(ref _doneBytes, bytes);

    internal void AddRead(long bytes) => Interlocked.Add(ref _readBytes, bytes);

    internal void AddZero(long bytes) => Interlocked.Add(ref _zeroBytes, bytes);

    internal void AddKnown(long bytes) => Interlocked.Add(ref _knownBytes, bytes);

    internal void AddChanged(long bytes) => Interlocked.Add(ref _changedBytes, bytes);

    internal void AddNew(long rawBytes, long storedBytes)
    {
        Interlocked.Add(ref _newBytes, rawBytes);
        Interlocked.Add(ref _storedBytes, storedBytes);
    }
}
