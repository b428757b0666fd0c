using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.Mover.Deliver;

/// <summary>
/// Steps 4 and 5 of a restore: cuts placed chunks into spans and runs several at once. A span is chunks whose records lie
/// close together in one pack: one read, then each is checked, then neighbours on the disk are written together.
/// <para>How many, by <see cref="SpanLimits"/>: a span costs as many shares as its buffers have, so of short ones, whose time is the way to the store and back, more are under way.</para>
/// </summary>
internal sealed class SpanExecutor(
    ChunkStore chunks, IBlockTarget target, RestorePointDisk disk, RestoreOptions options, RestoreCounters counters) : IDisposable
{
    private readonly SpanLimits _limits = options.LimitsFor(chunks.Repository.Store.Properties.Distance);
    private readonly int _chunkBytes = chunks.Repository.ChunkBytes;
    private readonly ConcurrentBag<SpanBuffers> _long = [];
    private readonly ConcurrentBag<SpanBuffers> _short = [];
    private readonly int _longChunks = Math.Max(1, options.LimitsFor(chunks.Repository.Store.Properties.Distance).SpanBytes / chunks.Repository.ChunkBytes);

    /// <summary>Runs a window.</summary>
    /// <param name="window">Placed chunks: by pack and offset, or in disk order for a stream.</param>
    /// <param name="position">For a stream: where its writing stands.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(List<PlacedChunk> window, long position, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new Queue<(Task<SpanBuffers> Span, int Shares)>();
        int shares = _limits.Shares;
        try
        {
            for (int first = 0; first < window.Count;)
            {
                int count = CutSpan(window, first);
                int cost = IsShort(count) ? 1 : _limits.SharesOfLong;
                while (shares < cost)
                {
                    position = await EndOldestAsync();
                }

                int spanFirst = first;
                running.Enqueue((StageGroup.Start(() => RunSpanAsync(window, spanFirst, count, stop.Token)), cost));
                shares -= cost;
                first += count;
            }

            while (running.Count > 0)
            {
                position = await EndOldestAsync();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(running.Select(static one => one.Span))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        async ValueTask<long> EndOldestAsync()
        {
            (Task<SpanBuffers> span, int cost) = running.Dequeue();
            shares += cost;
            return await EndAsync(await span, position, stop.Token);
        }
    }

    /// <summary>Whether a span of so many chunks has short buffers.</summary>
    private bool IsShort(int count) => _limits.SharesOfLong > 1 && count <= _longChunks / SpanLimits.LongToShort;

    private int CutSpan(List<PlacedChunk> window, int first)
    {
        int count = 1;
        long gaps = 0;
        for (; count < _longChunks && first + count < window.Count; count++)
        {
            ChunkLocation last = window[first + count - 1].Location;
            ChunkLocation next = window[first + count].Location;
            if (next.Pack != last.Pack)
            {
                break;
            }

            // No more is read along than is wanted: buffers are bounded by that.
            long gap = next == last ? 0 : next.OffsetBytes - (last.OffsetBytes + PackFormat.RecordHeaderBytes + (long)last.StoredBytes);
            if (gap < 0 || gap > _limits.GapBytes || gaps + gap > Math.Max(_limits.GapBytes, (long)count * _chunkBytes))
            {
                break;
            }

            gaps += gap;
        }

        return count;
    }

    /// <summary>Takes a span's buffers back; for a stream, writes it and the zeros before it.</summary>
    private async ValueTask<long> EndAsync(SpanBuffers span, long position, CancellationToken cancellationToken)
    {
        if (target.IsSequential)
        {
            for (int i = 0; i < span.Count; i++)
            {
                long offset = span.Chunks[i] * _chunkBytes;
                if (offset > position)
                {
                    await target.WriteZeroesAsync(position, offset - position, cancellationToken);
                }

                ReadOnlyMemory<byte> plain = span.Plain.Slice(i * _chunkBytes, ChunkLength(span.Chunks[i]));
                await target.WriteAsync(offset, plain, cancellationToken);
                counters.AddPlain(plain.Length);
                position = offset + plain.Length;
            }
        }

        (span.IsShort ? _short : _long).Add(span);
        return position;
    }

    private async Task<SpanBuffers> RunSpanAsync(List<PlacedChunk> window, int first, int count, CancellationToken cancellationToken)
    {
        bool isShort = IsShort(count);
        if (!(isShort ? _short : _long).TryTake(out SpanBuffers? span))
        {
            span = new SpanBuffers(isShort ? _longChunks / SpanLimits.LongToShort : _longChunks, _chunkBytes, isShort);
        }

        try
        {
            await FetchAndDecodeAsync(window, first, count, span, cancellationToken);
        }
        catch (IntegrityException)
        {
            // A collector has moved chunks of this span since the index was asked, or one is damaged there and may lie elsewhere
            // too: fetch them one by one from where they are now.
            await FetchSinglyAsync(window, first, count, span, cancellationToken);
        }

        if (!target.IsSequential)
        {
            long decoded = Stopwatch.GetTimestamp();
            await WriteAsync(span, cancellationToken);
            counters.Clock.Add(Stage.Write, Stopwatch.GetTimestamp() - decoded);
        }

        return span;
    }

    /// <summary>One read for the whole span.</summary>
    private async ValueTask FetchAndDecodeAsync(
        List<PlacedChunk> window, int first, int count, SpanBuffers span, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        ChunkLocation begin = window[first].Location;
        ChunkLocation end = window[first + count - 1].Location;
        int readBytes = (int)(end.OffsetBytes + PackFormat.RecordHeaderBytes + end.StoredBytes - begin.OffsetBytes);
        PackCipher cipher = await chunks.Repository.Packs.GetCipherAsync(begin.Pack, cancellationToken);

        // Whole blocks past the page cache: a restore reads nearly everything once, and what others have there stays.
        int skipped = (int)(begin.OffsetBytes % AlignedMemory.AlignmentBytes);
        Memory<byte> blocks = span.BlocksOf(skipped + readBytes);
        int read = await chunks.Repository.Store.ReadUncachedAsync(PackFormat.Key(begin.Pack), begin.OffsetBytes - skipped, blocks, cancellationToken);
        if (read < 0)
        {
            throw ChunkStore.PackMissing(begin.Pack);
        }

        Memory<byte> records = blocks[Math.Min(skipped, read)..Math.Min(skipped + readBytes, read)];
        counters.AddFetched(records.Length);
        long fetched = Stopwatch.GetTimestamp();
        counters.Clock.Add(Stage.Read, fetched - start);
        Decode(CollectionsMarshal.AsSpan(window).Slice(first, count), span, cipher, records.Span, begin.OffsetBytes);
        counters.Clock.Add(Stage.Compress, Stopwatch.GetTimestamp() - fetched);
    }

    private async ValueTask FetchSinglyAsync(List<PlacedChunk> window, int first, int count, SpanBuffers span, CancellationToken cancellationToken)
    {
        span.Count = count;
        for (int i = 0; i < count; i++)
        {
            PlacedChunk chunk = window[first + i];
            byte[] plain = await chunks.ReadAsync(PackKind.Data, chunk.Id, cancellationToken);
            if (plain.Length != ChunkLength(chunk.Chunk))
            {
                throw Damaged(chunk, $"it has {plain.Length} bytes where the disk needs {ChunkLength(chunk.Chunk)}");
            }

            span.Chunks[i] = chunk.Chunk;
            plain.CopyTo(span.Plain[(i * _chunkBytes)..]);
        }
    }

    private void Decode(ReadOnlySpan<PlacedChunk> placed, SpanBuffers span, PackCipher cipher, ReadOnlySpan<byte> records, long firstOffset)
    {
        span.Count = placed.Length;
        for (int i = 0; i < placed.Length; i++)
        {
            PlacedChunk chunk = placed[i];
            int length = ChunkLength(chunk.Chunk);
            Span<byte> plain = span.Plain.Span.Slice(i * _chunkBytes, length);
            span.Chunks[i] = chunk.Chunk;
            if (chunk.Location.RawBytes != length)
            {
                throw Damaged(chunk, $"it has {chunk.Location.RawBytes} bytes where the disk needs {length}");
            }

            if (i > 0 && chunk.Location == placed[i - 1].Location && chunk.Id == placed[i - 1].Id)
            {
                span.Plain.Span.Slice((i - 1) * _chunkBytes, length).CopyTo(plain);
                continue;
            }

            int offset = (int)(chunk.Location.OffsetBytes - firstOffset);
            int recordBytes = PackFormat.RecordHeaderBytes + (int)chunk.Location.StoredBytes;
            string? fault = offset + recordBytes > records.Length
                ? "the pack is cut short"
                : chunks.TryOpen(cipher, PackKind.Data, chunk.Id, chunk.Location, records.Slice(offset, recordBytes), span.Scratch, plain);
            if (fault is not null)
            {
                throw Damaged(chunk, fault);
            }
        }
    }

    private IntegrityException Damaged(PlacedChunk chunk, string fault) => new(
        $"Disk '{disk.Name}' cannot be read at byte {chunk.Chunk * _chunkBytes}: its chunk {chunk.Id.ToString()[..16]}… "
        + $"in pack {chunk.Location.Pack} at offset {chunk.Location.OffsetBytes} is damaged ({fault}).");

    private async ValueTask WriteAsync(SpanBuffers span, CancellationToken cancellationToken)
    {
        for (int i = 0; i < span.Count;)
        {
            int run = 1;
            while (i + run < span.Count && span.Chunks[i + run] == span.Chunks[i] + run)
            {
                run++;
            }

            int length = ((run - 1) * _chunkBytes) + ChunkLength(span.Chunks[i + run - 1]);
            await target.WriteAsync(span.Chunks[i] * _chunkBytes, span.Plain.Slice(i * _chunkBytes, length), cancellationToken);
            counters.AddPlain(length);
            i += run;
        }
    }

    private int ChunkLength(long chunk) => (int)Math.Min(_chunkBytes, disk.SizeBytes - (chunk * _chunkBytes));

    public void Dispose()
    {
        _long.Clear();
        _short.Clear();
    }

    private sealed class SpanBuffers(int spanChunks, int chunkBytes, bool isShort)
    {
        private Memory<byte> _blocks = AlignedMemory.Allocate(
            (spanChunks * (chunkBytes + PackFormat.RecordHeaderBytes + PackFormat.TagBytes)) + AlignedMemory.AlignmentBytes);

        public Memory<byte> Plain { get; } = AlignedMemory.Allocate(spanChunks * chunkBytes);

        public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(chunkBytes + PackFormat.TagBytes, pinned: true);

        public long[] Chunks { get; } = new long[spanChunks];

        public bool IsShort => isShort;

        public int Count { get; set; }

        /// <summary>Room for a read, in whole blocks; larger than usual when gaps are read along.</summary>
        public Memory<byte> BlocksOf(int bytes)
        {
            int length = (bytes + AlignedMemory.AlignmentBytes - 1) / AlignedMemory.AlignmentBytes * AlignedMemory.AlignmentBytes;
            if (_blocks.Length < length)
            {
                _blocks = AlignedMemory.Allocate(length);
            }

            return _blocks[..length];
        }
    }
}
