namespace VProtect.Mover;

/// <summary>What a running restore or verification has done, for whoever shows it. Written by the pipeline, read by any thread. Bytes.</summary>
public sealed class RestoreCounters
{
    private long _totalBytes;
    private long _baseBytes;
    private long _doneBytes;
    private long _fetchedBytes;
    private long _plainBytes;
    private long _equalBytes;

    /// <summary>Busy time by stage.</summary>
    public StageClock Clock { get; } = new();

    /// <summary>Bytes of disks to go through.</summary>
    public long TotalBytes => Volatile.Read(ref _totalBytes);

    /// <summary>Of these, gone through, zeros included.</summary>
    public long DoneBytes => Math.Min(TotalBytes, Volatile.Read(ref _doneBytes));

    /// <summary>Read from packs.</summary>
    public long FetchedBytes => Volatile.Read(ref _fetchedBytes);

    /// <summary>Plain bytes checked and written.</summary>
    public long PlainBytes => Volatile.Read(ref _plainBytes);

    /// <summary>Bytes that the target held already.</summary>
    public long EqualBytes => Volatile.Read(ref _equalBytes);

    internal void AddTotal(long bytes)
    {
        Volatile.Write(ref _baseBytes, TotalBytes);
        Interlocked.Add(ref _totalBytes, bytes);
    }

    /// <summary>Position in the present disk.</summary>
    internal void SetDone(long diskPosition) => Volatile.Write(ref _doneBytes, Volatile.Read(ref _baseBytes) + diskPosition);

    internal void AddFetched(long bytes) => Interlocked.Add(ref _fetchedBytes, bytes);

    internal void AddPlain(long bytes)
    {
        Interlocked.Add(ref _plainBytes, bytes);
        Interlocked.Add(ref _doneBytes, bytes);
    }

    internal void AddEqual(long bytes)
    {
        Interlocked.Add(ref _equalBytes, bytes);
        Interlocked.Add(ref _doneBytes, bytes);
    }
}
