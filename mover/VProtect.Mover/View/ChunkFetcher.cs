using System.Buffers;
using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.View;

/// <summary>
/// Brings chunks and nodes of one repository into the cache, every byte checked.
/// <code>
///  new chunks ─► 1. index ─► 2. neighbours in a pack are one read ─► 3. read ─► 4. each checked ─► cache ─► local file, if the store is far
///                    │                    │ 5. repository away: wait, again, until the deadline
///                    │                    └ 6. damaged or moved: one by one, wherever else it lies
///                    └ in the local file (ChunkFetcher.File.cs): read and checked from there; otherwise as all others
/// </code>
/// A repository that is away is told from one that is damaged by its header: what is missing while the header is missing too is
/// only away. Safe from several threads.
/// </summary>
internal sealed partial class ChunkFetcher(ChunkStore chunks, ViewCache cache, TimeProvider time) : INodeReader
{
    /// <summary>A request to a service costs about as much as the transfer of a MiB, so it brings two; elsewhere more threads open smaller ones sooner.</summary>
    private readonly int _spanBytes = (chunks.Repository.Store.Properties.Distance == StoreDistance.Service ? 2 : 1) << 20;

    /// <summary>Unwanted bytes read along rather than begin another read.</summary>
    private const int GapBytes = 64 << 10;

    /// <summary>How long damage is remembered, so that a client that asks again and again does not search the repository each time.</summary>
    private static readonly TimeSpan DamageLasts = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // Of its own: a store that hangs keeps no other disk waiting, nor this one when it is mounted anew.
    private readonly SemaphoreSlim _fetches = cache.NewFetches();
    private readonly HashSet<List<CachedChunk>> _underWay = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource? _idle;
    private int _running;
    private readonly ConcurrentDictionary<ChunkId, (long Until, string Message)> _damaged = new();

    public ChunkStore Chunks => chunks;

    /// <summary>Loads chunks that were acquired as new; each is completed or discarded, at the latest when the deadline has passed.</summary>
    public void Begin(List<CachedChunk> wanted)
    {
        if (wanted.Count > 0)
        {
            Run(() => FetchAsync(wanted), () => wanted.ForEach(chunk => cache.Chunks.Discard(chunk, new OperationCanceledException())));
        }
    }

    /// <inheritdoc/>
    public async ValueTask ReadNodeAsync(ChunkId id, int level, Memory<ChunkId> slots, CancellationToken cancellationToken)
    {
        var patience = new Patience(time, cache.StallMax);
        while (true)
        {
            try
            {
                ThrowIfDamaged(id);
                if (FileNow is { } file && await TryReadNodeAsync(file, id, level, slots).WaitAsync(patience.Left, time, cancellationToken))
                {
                    return;
                }

                await RequireHereAsync().WaitAsync(patience.Left, time, cancellationToken);
                await ((INodeReader)chunks).ReadNodeAsync(id, level, slots, cancellationToken).AsTask().WaitAsync(patience.Left, time, cancellationToken);
                return;
            }
            catch (Exception e) when (e is VProtectException or TimeoutException)
            {
                if (e is IntegrityException damage && await IsHereAsync())
                {
                    Remember(id, damage);
                    throw;
                }

                await patience.PauseAsync(e);
            }
        }
    }

    /// <summary>Work in the background that <see cref="EndAsync"/> waits for.</summary>
    /// <param name="work">What to do; nobody sees it fail.</param>
    /// <param name="refused">Called instead when the end has come.</param>
    public void Run(Func<Task> work, Action refused)
    {
        lock (_gate)
        {
            if (_idle is null)
            {
                _running++;
                _ = Task.Run(async () =>
                {
                    try
                    {
                        await work();
                    }
                    finally
                    {
                        lock (_gate)
                        {
                            if (--_running == 0)
                            {
                                _idle?.TrySetResult();
                            }
                        }
                    }
                });
                return;
            }
        }

        refused();
    }

    /// <summary>Takes no more work and waits for what is under way, but not for a store that never answers.</summary>
    public async Task EndAsync()
    {
        Task idle;
        lock (_gate)
        {
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_running == 0)
            {
                _idle.TrySetResult();
            }

            idle = _idle.Task;
        }

        await Task.WhenAny(idle, Task.Delay(cache.StallMax, time, CancellationToken.None));
        lock (_gate)
        {
            // Whoever wants them later must not wait for a read that hangs.
            foreach (CachedChunk chunk in _underWay.SelectMany(static wanted => wanted).Where(static chunk => !chunk.IsLoaded))
            {
                cache.Chunks.Abandon(chunk);
            }
        }
    }

    private async Task FetchAsync(List<CachedChunk> wanted)
    {
        lock (_gate)
        {
            _underWay.Add(wanted);
        }

        try
        {
            // :: 1. Where they lie.
            var placed = new List<(CachedChunk Chunk, ChunkLocation Location)>(wanted.Count);
            var lost = new List<CachedChunk>();
            Locate(wanted, placed, lost);

            // :: 2. Neighbours.
            placed.Sort(static (a, b) =>
            {
                int byPack = a.Location.Pack.CompareTo(b.Location.Pack);
                return byPack != 0 ? byPack : a.Location.OffsetBytes.CompareTo(b.Location.OffsetBytes);
            });
            var spans = new List<Task>();
            if (FileNow is { } file)
            {
                BeginFiled(file, placed, spans);
            }

            for (int first = 0; first < placed.Count;)
            {
                int count = CutSpan(placed, first);
                List<(CachedChunk, ChunkLocation)> span = placed.GetRange(first, count);
                first += count;
                spans.Add(first == placed.Count && lost.Count == 0 ? LoadSpanAsync(span) : Task.Run(() => LoadSpanAsync(span)));
            }

            spans.AddRange(lost.Select(LoadOneAsync));
            await Task.WhenAll(spans);
        }
        catch (Exception e)
        {
            // Nobody may wait for ever, whatever has happened.
            foreach (CachedChunk chunk in wanted.Where(chunk => !chunk.IsLoaded))
            {
                cache.Chunks.Discard(chunk, e);
            }
        }
        finally
        {
            lock (_gate)
            {
                _underWay.Remove(wanted);
            }
        }
    }

    private void Locate(List<CachedChunk> wanted, List<(CachedChunk Chunk, ChunkLocation Location)> placed, List<CachedChunk> lost)
    {
        var ids = new ChunkId[wanted.Count];
        var locations = new ChunkLocation[wanted.Count];
        bool[] found = new bool[wanted.Count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = wanted[i].Id;
        }

        using (IChunkIndexSession session = chunks.Index.OpenSession())
        {
            session.FindMany(ids, locations, found);
        }

        for (int i = 0; i < ids.Length; i++)
        {
            if (found[i] && locations[i].RawBytes == wanted[i].LengthBytes)
            {
                placed.Add((wanted[i], locations[i]));
            }
            else
            {
                lost.Add(wanted[i]);
            }
        }
    }

    private int CutSpan(List<(CachedChunk Chunk, ChunkLocation Location)> placed, int first)
    {
        ChunkLocation begin = placed[first].Location;
        int count = 1;
        while (first + count < placed.Count)
        {
            ChunkLocation last = placed[first + count - 1].Location;
            ChunkLocation next = placed[first + count].Location;
            bool near = next.Pack == begin.Pack && next.OffsetBytes - EndOf(last) <= GapBytes && EndOf(next) - begin.OffsetBytes <= _spanBytes;
            if (!near)
            {
                break;
            }

            count++;
        }

        return count;
    }

    private static long EndOf(in ChunkLocation location) => location.OffsetBytes + PackFormat.RecordHeaderBytes + (long)location.StoredBytes;

    private async Task LoadSpanAsync(List<(CachedChunk Chunk, ChunkLocation Location)> span)
    {
        // :: 3 and 4. The common way.
        List<CachedChunk> left = await TryLoadSpanAsync(span);

        // :: 5 and 6. The long way.
        foreach (CachedChunk chunk in left)
        {
            await LoadOneAsync(chunk);
        }
    }

    /// <returns>The chunks that could not be had in this way.</returns>
    private async Task<List<CachedChunk>> TryLoadSpanAsync(List<(CachedChunk Chunk, ChunkLocation Location)> span)
    {
        await _fetches.WaitAsync();
        ChunkLocation begin = span[0].Location;
        int readBytes = (int)(EndOf(span[^1].Location) - begin.OffsetBytes);
        byte[] records = ArrayPool<byte>.Shared.Rent(readBytes);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(chunks.Repository.ChunkBytes + PackFormat.TagBytes);
        var left = new List<CachedChunk>();
        ChunkFile? file = FileNow;
        List<(ChunkLocation, Range)>? kept = file is null ? null : new(span.Count);
        try
        {
            (PackCipher cipher, int read) = await ReadRecordsAsync(begin, records.AsMemory(0, readBytes));
            foreach ((CachedChunk chunk, ChunkLocation location) in span)
            {
                int offset = (int)(location.OffsetBytes - begin.OffsetBytes);
                int recordBytes = PackFormat.RecordHeaderBytes + (int)location.StoredBytes;
                bool isGood = offset + recordBytes <= read && chunks.TryOpen(
                    cipher, PackKind.Data, chunk.Id, location, records.AsSpan(offset, recordBytes), scratch, chunk.Buffer.AsSpan(0, chunk.LengthBytes)) is null;
                if (isGood)
                {
                    cache.CountFromStore();
                    chunk.Complete();
                    kept?.Add((location, offset..(offset + recordBytes)));
                }
                else
                {
                    left.Add(chunk);
                }
            }
        }
        catch (VProtectException)
        {
            left = [.. span.Select(static one => one.Chunk).Where(static chunk => !chunk.IsLoaded)];
        }
        finally
        {
            if (kept is null || !file!.TryKeep(records, kept))
            {
                ArrayPool<byte>.Shared.Return(records);
            }

            ArrayPool<byte>.Shared.Return(scratch);
            _fetches.Release();
        }

        return left;
    }

    /// <summary>Reads from a pack, and its header, if it is not known, at the same time: one way to a far store instead of two.</summary>
    private async ValueTask<(PackCipher Cipher, int ReadBytes)> ReadRecordsAsync(ChunkLocation begin, Memory<byte> records)
    {
        ValueTask<PackCipher> header = chunks.Repository.Packs.GetCipherAsync(begin.Pack, CancellationToken.None);
        Task<PackCipher>? reading = header.IsCompletedSuccessfully ? null : header.AsTask();
        try
        {
            int read = await chunks.Repository.Store.ReadAsync(PackFormat.Key(begin.Pack), begin.OffsetBytes, records, CancellationToken.None);
            return (reading is null ? header.Result : await reading, read);
        }
        catch when (reading is not null)
        {
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task LoadOneAsync(CachedChunk chunk)
    {
        var patience = new Patience(time, cache.StallMax);
        while (true)
        {
            try
            {
                ThrowIfDamaged(chunk.Id);
                await RequireHereAsync();
                byte[] plain = await chunks.ReadAsync(PackKind.Data, chunk.Id, CancellationToken.None);
                if (plain.Length != chunk.LengthBytes)
                {
                    throw new IntegrityException($"Chunk {chunk.Id.ToString()[..16]}… has {plain.Length} bytes where the disk needs {chunk.LengthBytes}.");
                }

                plain.CopyTo(chunk.Buffer, 0);
                cache.CountFromStore();
                chunk.Complete();
                return;
            }
            catch (VProtectException e)
            {
                try
                {
                    if (e is IntegrityException damage && await IsHereAsync())
                    {
                        Remember(chunk.Id, damage);
                        cache.Chunks.Discard(chunk, damage);
                        return;
                    }

                    await patience.PauseAsync(e);
                }
                catch (VProtectException final)
                {
                    cache.Chunks.Discard(chunk, final);
                    return;
                }
            }
        }
    }

    /// <summary>Before anything is looked for: an empty directory must neither be taken for a damaged repository nor taught to the index.</summary>
    private async Task RequireHereAsync()
    {
        if (!await IsHereAsync())
        {
            throw new VProtectException(
                ErrorCode.StoreFailed, ErrorSide.Repository, $"There is no repository in {chunks.Repository.Name} any more.", "Mount its disk or share again.", RetryAdvice.Later);
        }
    }

    /// <summary>Whether the repository is in its place now. A share that is not mounted leaves an empty directory.</summary>
    private async Task<bool> IsHereAsync()
    {
        try
        {
            return await chunks.Repository.Store.GetSizeAsync("repository", CancellationToken.None) is not null;
        }
        catch (VProtectException)
        {
            return false;
        }
    }

    private void Remember(ChunkId id, IntegrityException damage)
    {
        if (_damaged.Count > 10_000)
        {
            _damaged.Clear();
        }

        long until = time.GetTimestamp() + (long)(DamageLasts.TotalSeconds * time.TimestampFrequency);
        _damaged.TryAdd(id, (until, damage.Message));
    }

    private void ThrowIfDamaged(ChunkId id)
    {
        if (_damaged.TryGetValue(id, out (long Until, string Message) damage))
        {
            if (time.GetTimestamp() < damage.Until)
            {
                throw new IntegrityException(damage.Message);
            }

            _damaged.TryRemove(id, out _);
        }
    }

    /// <summary>How often and how long to wait for a repository that is away.</summary>
    private sealed class Patience(TimeProvider time, TimeSpan whole)
    {
        private readonly long _began = time.GetTimestamp();
        private TimeSpan _pause = FirstPause;

        /// <summary>What is left, at least a moment.</summary>
        public TimeSpan Left => TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, (whole - time.GetElapsedTime(_began)).Ticks));

        /// <exception cref="VProtectException">The deadline has passed.</exception>
        public async Task PauseAsync(Exception cause)
        {
            if (time.GetElapsedTime(_began) >= whole)
            {
                throw new VProtectException(
                    ErrorCode.StoreFailed, ErrorSide.Repository, $"The repository could not be read for {whole.TotalSeconds:0} s: {cause.Message}",
                    "Bring the repository's disk, share or network back; the mount goes on by itself.", RetryAdvice.Later, cause);
            }

            await Task.Delay(_pause < Left ? _pause : Left, time);
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        }
    }
}
