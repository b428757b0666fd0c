using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.View;

/// <summary>
/// A disk of a restore point as a random-access disk, read-only.
/// <code>
///  read ─► tree: id of each chunk ─► zeros: cleared │ in the cache: copied │ else fetched, with its neighbours, checked, copied
///    └───► sequential? ─► the next chunks are fetched before they are asked for
/// </code>
/// <para>Opening costs one tree node, whatever the size. Damage fails the reads that touch it and is told once by
/// <see cref="Damaged"/>; every other byte can be read. While the repository is away reads wait, and fail after
/// <see cref="ViewCache.StallMax"/>; then they are tried again by whoever asks again.</para>
/// <para>Memory beside the shared cache: a few KiB.</para>
/// </summary>
public sealed partial class VirtualDisk : IRandomAccessDisk, IAsyncDisposable
{
    /// <summary>Chunks a read holds in the cache at a time.</summary>
    private const int WindowChunks = 32;

    private const int DamageToldMax = 10_000;

    private readonly ViewCache _cache;
    private readonly ChunkFetcher _fetcher;
    private readonly TreeView _tree;
    private readonly ReadAhead _readAhead;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly int _chunkBytes;
    private readonly int _prefetchesMax;
    private readonly HashSet<long> _damageTold = [];
    private int _prefetching;

    private VirtualDisk(ChunkStore chunks, RestorePoint point, RestorePointDisk disk, ViewCache cache, ILogger log, TimeProvider time)
    {
        (_cache, _log, _time) = (cache, log, time);
        (Point, Disk) = (point, disk);
        _chunkBytes = chunks.Repository.ChunkBytes;
        _fetcher = new ChunkFetcher(chunks, cache, time);
        _tree = new TreeView(_fetcher, cache.Nodes, disk.Root, Math.Max(1, (disk.SizeBytes + _chunkBytes - 1) / _chunkBytes));
        int ahead = chunks.Repository.Store.Properties.Distance == StoreDistance.Service ? cache.Options.ReadAheadOfServiceBytesMax : cache.Options.ReadAheadBytesMax;
        _readAhead = new ReadAhead((int)Math.Min(ahead, cache.Options.CacheBytes / 4));
        _prefetchesMax = (int)Math.Max(WindowChunks, cache.Options.CacheBytes / 4 / _chunkBytes);
    }

    /// <summary>Told of each damaged chunk once, from any thread.</summary>
    public event Action<DamagedRange>? Damaged;

    /// <summary>The restore point.</summary>
    public RestorePoint Point { get; }

    /// <summary>The disk of it.</summary>
    public RestorePointDisk Disk { get; }

    /// <inheritdoc/>
    public string Name => $"{Point.Machine}/{Disk.Name} of {Point.Id[..8]}";

    /// <inheritdoc/>
    public long SizeBytes => Disk.SizeBytes;

    /// <summary>Opens a disk.</summary>
    /// <param name="chunks">The repository with its index, which outlive the disk.</param>
    /// <param name="point">The restore point.</param>
    /// <param name="disk">One of its disks; not empty.</param>
    /// <param name="cache">Shared with other mounts.</param>
    /// <param name="log">Damage and waiting.</param>
    /// <param name="time">For deadlines.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IntegrityException">The root of its tree is missing or damaged.</exception>
    public static async Task<VirtualDisk> OpenAsync(
        ChunkStore chunks, RestorePoint point, RestorePointDisk disk, ViewCache cache, ILogger log, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(disk);
        if (disk.SizeBytes < 1)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"Disk '{disk.Name}' has no bytes: there is nothing to mount.", "Choose another disk with --disk.");
        }

        var opened = new VirtualDisk(chunks, point, disk, cache, log, time);
        try
        {
            await opened._tree.FindAsync(0, cancellationToken);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        CheckRange(offsetBytes, buffer.Length);
        (bool isSequential, long from, long to) = _readAhead.Note(offsetBytes, buffer.Length);
        if (to > from)
        {
            BeginPrefetch(from, to);
        }

        return TryReadCached(offsetBytes, buffer, isHot: !isSequential)
            ? ValueTask.CompletedTask
            : ReadUncachedAsync(offsetBytes, buffer, isHot: !isSequential, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask GetExtentsAsync(
        long offsetBytes, long lengthBytes, int countMax, ICollection<Extent> extents, CancellationToken cancellationToken)
    {
        CheckRange(offsetBytes, lengthBytes);
        long end = offsetBytes + lengthBytes;
        Extent? held = null;
        for (long at = offsetBytes; at < end;)
        {
            (bool isZero, long endChunk) = await GetRunAsync(at, cancellationToken);
            long runEnd = Math.Min(end, endChunk * _chunkBytes);
            ExtentKind kind = isZero ? ExtentKind.Zero : ExtentKind.Data;
            if (held is { } extent && extent.Kind == kind)
            {
                held = extent with { LengthBytes = runEnd - extent.OffsetBytes };
            }
            else
            {
                if (held is { } complete)
                {
                    extents.Add(complete);
                    if (--countMax == 0)
                    {
                        return;
                    }
                }

                held = new Extent(at, runEnd - at, kind);
            }

            at = runEnd;
        }

        if (held is { } last)
        {
            extents.Add(last);
        }
    }

    /// <inheritdoc/>
    public ValueTask PrefetchAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        CheckRange(offsetBytes, lengthBytes);
        BeginPrefetch(offsetBytes, Math.Min(offsetBytes + lengthBytes, offsetBytes + ((long)_prefetchesMax * _chunkBytes)));
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits for what is being read ahead; the cache keeps what it has. No read may be under way.</summary>
    public async ValueTask DisposeAsync() => await _fetcher.EndAsync();

    private bool TryReadCached(long offset, Memory<byte> buffer, bool isHot)
    {
        Span<byte> target = buffer.Span;
        int found = 0;
        while (!target.IsEmpty)
        {
            long chunk = offset / _chunkBytes;
            int within = (int)(offset - (chunk * _chunkBytes));
            int count = Math.Min(target.Length, _chunkBytes - within);
            if (!_tree.TryFind(chunk, out ChunkId id))
            {
                return false;
            }

            if (id.IsZero)
            {
                target[..count].Clear();
            }
            else if (_cache.Chunks.TryAcquireLoaded(id, isHot, out CachedChunk? cached))
            {
                cached.Buffer.AsSpan(within, count).CopyTo(target);
                _cache.Chunks.Release(cached);
                found++;
            }
            else
            {
                return false;
            }

            offset += count;
            target = target[count..];
        }

        _cache.CountFromMemory(found);
        return true;
    }

    private async ValueTask ReadUncachedAsync(long offset, Memory<byte> buffer, bool isHot, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            long windowEnd = ((offset / _chunkBytes) + WindowChunks) * _chunkBytes;
            int count = (int)Math.Min(buffer.Length, windowEnd - offset);
            await ReadWindowAsync(offset, buffer[..count], isHot, cancellationToken);
            offset += count;
            buffer = buffer[count..];
        }
    }

    private async ValueTask ReadWindowAsync(long offset, Memory<byte> buffer, bool isHot, CancellationToken cancellationToken)
    {
        long first = offset / _chunkBytes;
        long last = (offset + buffer.Length - 1) / _chunkBytes;
        var held = new CachedChunk?[last - first + 1];
        var wanted = new List<CachedChunk>();
        int found = 0;
        long at = first;
        try
        {
            try
            {
                for (; at <= last; at++)
                {
                    ChunkId id = await FindAsync(at, cancellationToken);
                    if (!id.IsZero)
                    {
                        held[at - first] = _cache.Chunks.Acquire(id, ChunkLength(at), isHot, out bool isNew);
                        if (isNew)
                        {
                            wanted.Add(held[at - first]!);
                        }
                        else
                        {
                            found++;
                        }
                    }
                }
            }
            finally
            {
                _cache.CountFromMemory(found);
                _fetcher.Begin(wanted); // also those of a window that could not be looked up to its end: others may wait for them
            }

            for (at = first; at <= last; at++)
            {
                long start = Math.Max(offset, at * _chunkBytes);
                int within = (int)(start - (at * _chunkBytes));
                int count = (int)Math.Min(offset + buffer.Length - start, _chunkBytes - within);
                Memory<byte> target = buffer.Slice((int)(start - offset), count);
                if (held[at - first] is not { } chunk)
                {
                    target.Span.Clear();
                    continue;
                }

                await WaitAsync(chunk, cancellationToken);
                chunk.Buffer.AsSpan(within, count).CopyTo(target.Span);
            }
        }
        catch (IntegrityException e)
        {
            Tell(at, e);
            throw;
        }
        finally
        {
            foreach (CachedChunk? chunk in held)
            {
                if (chunk is not null)
                {
                    _cache.Chunks.Release(chunk);
                }
            }
        }
    }

    /// <summary>Waits for a chunk that is on its way, but not for a store that never answers.</summary>
    private async ValueTask WaitAsync(CachedChunk chunk, CancellationToken cancellationToken)
    {
        if (chunk.IsLoaded)
        {
            return;
        }

        TimeSpan stallMax = _cache.StallMax;
        try
        {
            await chunk.Loaded.WaitAsync(stallMax, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            Log.Stalled(_log, Name, stallMax.TotalMilliseconds);
            throw new VProtectException(
                ErrorCode.StoreFailed, ErrorSide.Repository, $"The repository did not answer for {stallMax.TotalSeconds:0} s.",
                "Bring the repository's disk, share or network back; the mount goes on by itself.", RetryAdvice.Later, e);
        }
    }

    private async ValueTask<ChunkId> FindAsync(long chunk, CancellationToken cancellationToken) =>
        _tree.TryFind(chunk, out ChunkId id) ? id : await _tree.FindAsync(chunk, cancellationToken);

    private async ValueTask<(bool IsZero, long EndChunk)> GetRunAsync(long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await _tree.GetRunAsync(offset / _chunkBytes, cancellationToken);
        }
        catch (IntegrityException e)
        {
            Tell(offset / _chunkBytes, e);
            throw;
        }
    }

    /// <summary>What can be looked up at once is in the cache, on its way, when this returns: a reader waits for it and does not fetch it piece by piece.</summary>
    private void BeginPrefetch(long fromBytes, long toBytes)
    {
        long first = fromBytes / _chunkBytes;
        long end = (Math.Min(toBytes, SizeBytes) + _chunkBytes - 1) / _chunkBytes;
        var wanted = new List<CachedChunk>();
        long next = Want(first, end, wanted);
        Fetch(wanted);
        if (next < end && HasRoom(0))
        {
            _fetcher.Run(() => PrefetchAsync(next, end), static () => { });
        }
    }

    private async Task PrefetchAsync(long first, long end)
    {
        var wanted = new List<CachedChunk>();
        try
        {
            while (first < end && HasRoom(wanted.Count))
            {
                await FindAsync(first, CancellationToken.None);
                long next = Want(first, end, wanted);
                if (next == first)
                {
                    // Its node was evicted already: not the time to read ahead.
                    break;
                }

                first = next;
            }
        }
        catch (VProtectException)
        {
            // Whoever reads it will be told.
        }

        Fetch(wanted);
    }

    /// <summary>Acquires chunks that are to be loaded, as far as the tree's nodes are at hand and there is room.</summary>
    /// <returns>The first chunk that was not looked at.</returns>
    private long Want(long first, long end, List<CachedChunk> wanted)
    {
        for (; first < end && HasRoom(wanted.Count) && _tree.TryFind(first, out ChunkId id); first++)
        {
            if (!id.IsZero && !_cache.Chunks.Contains(id))
            {
                CachedChunk acquired = _cache.Chunks.Acquire(id, ChunkLength(first), isHot: false, out bool isNew);
                if (isNew)
                {
                    wanted.Add(acquired);
                }
                else
                {
                    _cache.Chunks.Release(acquired);
                }
            }
        }

        return first;
    }

    private bool HasRoom(int besides) => Volatile.Read(ref _prefetching) + besides < _prefetchesMax;

    /// <summary>Loads them for the cache alone: whoever reads them later holds them then.</summary>
    private void Fetch(List<CachedChunk> wanted)
    {
        if (wanted.Count == 0)
        {
            return;
        }

        Interlocked.Add(ref _prefetching, wanted.Count);
        _fetcher.Begin(wanted);
        _fetcher.Run(() => ReleaseLoadedAsync(wanted), () => wanted.ForEach(_cache.Chunks.Release));
    }

    private async Task ReleaseLoadedAsync(List<CachedChunk> wanted)
    {
        foreach (CachedChunk chunk in wanted)
        {
            await chunk.Loaded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _cache.Chunks.Release(chunk);
            Interlocked.Decrement(ref _prefetching);
        }
    }

    private int ChunkLength(long chunk) => (int)Math.Min(_chunkBytes, SizeBytes - (chunk * _chunkBytes));

    private void Tell(long chunk, IntegrityException damage)
    {
        lock (_damageTold)
        {
            if (_damageTold.Count >= DamageToldMax || !_damageTold.Add(chunk))
            {
                return;
            }
        }

        Log.Damage(_log, damage, Name, ChunkLength(chunk), chunk * _chunkBytes);
        Damaged?.Invoke(new DamagedRange(chunk * _chunkBytes, ChunkLength(chunk), damage.Message));
    }

    private void CheckRange(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, SizeBytes - offset);
    }

    private static partial class Log
    {
        [LoggerMessage(2400, LogLevel.Error, "Disk {Disk} is damaged: {LengthBytes} bytes at {OffsetBytes} cannot be read")]
        public static partial void Damage(ILogger logger, Exception exception, string disk, int lengthBytes, long offsetBytes);

        [LoggerMessage(2401, LogLevel.Error, "Disk {Disk}: the repository did not answer for {DurationMs} ms; a read failed")]
        public static partial void Stalled(ILogger logger, string disk, double durationMs);
    }
}

/// <summary>A range of a disk that cannot be read because what is stored of it is damaged or missing.</summary>
/// <param name="OffsetBytes">Where it begins.</param>
/// <param name="LengthBytes">How long it is.</param>
/// <param name="Message">What is wrong; a sentence.</param>
public sealed record DamagedRange(long OffsetBytes, int LengthBytes, string Message);
