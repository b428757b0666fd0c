using Microsoft.Extensions.Logging;

namespace VProtect.Mover.View;

/// <summary>
/// What all mounts of a process share: chunks and tree nodes read lately, in memory, and those of far stores in a local file behind it. Ids are keyed by repository,
/// so disks of any number of repositories may share one, and what two restore points have in common is held once.
/// <code>
///  read ─► 1. memory: plain, checked ─► 2. file: as stored, of far stores only, checked again ─► 3. store
/// </code>
/// Safe from several threads.
/// </summary>
public sealed class ViewCache : IDisposable
{
    private ChunkFile? _file;
    private long _stallTicks;
    private long _chunksFromMemory;
    private long _chunksFromFile;
    private long _chunksFromStores;

    /// <summary>Makes an empty one, in memory alone.</summary>
    public ViewCache(ViewOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        StallMax = options.StallMax;
        Chunks = new ChunkCache(options.CacheBytes);
        Nodes = new NodeCache(options.CachedNodesMax);
    }

    /// <summary>Its limits.</summary>
    public ViewOptions Options { get; }

    /// <summary>How long a read waits for a repository that is away or hangs before it fails: for reads and tries that begin from now on. More than nothing.</summary>
    public TimeSpan StallMax
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _stallTicks));
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            Volatile.Write(ref _stallTicks, value.Ticks);
        }
    }

    /// <summary>Bytes of chunks it holds in memory now.</summary>
    public long HeldBytes => Chunks.HeldBytes;

    /// <summary>Bytes that the local file takes now; 0 without one.</summary>
    public long FileBytes => File?.HeldBytes ?? 0;

    /// <summary>Bytes that the local file may take; 0 without one.</summary>
    public long FileBytesMax => File?.CapacityBytes ?? 0;

    /// <summary>Chunks that reads found in memory, or on their way there, since the start.</summary>
    public long ChunksFromMemory => Volatile.Read(ref _chunksFromMemory);

    /// <summary>Chunks that were brought into memory from the local file since the start: for reads, and ahead of them.</summary>
    public long ChunksFromFile => Volatile.Read(ref _chunksFromFile);

    /// <summary>The same of those that came from stores.</summary>
    public long ChunksFromStores => Volatile.Read(ref _chunksFromStores);

    internal ChunkCache Chunks { get; }

    internal NodeCache Nodes { get; }

    internal ChunkFile? File => Volatile.Read(ref _file);

    /// <summary>Has a local file behind the memory from now on, or another one, or none. Nothing happens when that is so already; otherwise what the file held is lost.</summary>
    /// <param name="options">Where and how large; null for none.</param>
    /// <param name="log">Told when the disk is full or fails.</param>
    /// <param name="time">For periods.</param>
    public void UseFile(ChunkFileOptions? options, ILogger log, TimeProvider time)
    {
        if (options != File?.Options)
        {
            Use(options is null ? null : new ChunkFile(options, log, time));
        }
    }

    /// <summary>Gives memory back that no disk uses at the moment; the file keeps what it has.</summary>
    public void ClearMemory()
    {
        Chunks.Clear();
        Nodes.Clear();
    }

    internal void CountFromMemory(int chunks) => Interlocked.Add(ref _chunksFromMemory, chunks);

    internal void CountFromFile() => Interlocked.Increment(ref _chunksFromFile);

    internal void CountFromStore() => Interlocked.Increment(ref _chunksFromStores);

    internal void Use(ChunkFile? file) => Interlocked.Exchange(ref _file, file)?.Dispose();

    /// <summary>Reads of the repository that may begin now for a disk. Nobody disposes it: a read that hangs may end at any time, and it has no handle.</summary>
    internal SemaphoreSlim NewFetches() => new(Options.FetchesMax);

    /// <summary>After all disks that use it.</summary>
    public void Dispose() => Use(null);
}
