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
/// </summary>
internal sealed class SpanExecutor(
    ChunkStore chunks, IBlockTarget target, RestorePointDisk disk, RestoreOptions options, RestoreCounters counters) : IDisposable
{
    private const int SpanBytes = 1 << 20;

    /// <summary>Unwanted bytes read along rather than begin another read.</summary>
    private const int GapBytes = 64 << 10;

    private readonly int _chunkBytes = chunks.Repository.ChunkBytes;
    private readonly ConcurrentBag<SpanBuffers> _buffers = [];
    private readonly int _spanChunks = Math.Max(1, SpanBytes / chunks.Repository.ChunkBytes);

    /// <summary>Runs a window.</summary>
    /// <param name="window">Placed chunks: by pack and offset, or in disk order for a stream.</param>
    /// <param name="position">For a stream: where its writing stands.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(List<PlacedChunk> window, long position, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new Queue<Task<SpanBuffers>>();
        try
        {
            for (int first = 0; first < window.Count;)
            {
                int count = CutSpan(window, first);
                if (running.Count >= options.Workers)
                {
                    position = await EndOldestAsync(running, position, stop.Token);
                }

                int spanFirst = first;
                running.Enqueue(StageGroup.Start(() => RunSpanAsync(window, spanFirst, count, stop.Token)));
                first += count;
            }

            while (running.Count > 0)
            {
                position = await EndOldestAsync(running, position, stop.Token);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private int CutSpan(List<PlacedChunk> window, int first)
    {
        int count = 1;
        while (count < _spanChunks && first + count < window.Count)
        {
            ChunkLocation last = window[first + count - 1].Location;
            ChunkLocation next = window[first + count].Location;
            long lastEnd = last.OffsetBytes + PackFormat.RecordHeaderBytes + (long)last.StoredBytes;
            bool near = next.Pack == last.Pack && (next == last || (next.OffsetBytes >= lastEnd && next.OffsetBytes - lastEnd <= GapBytes));
            if (!near)
            {
                break;
            }

            count++;
        }

        return count;
    }

    /// <summary>Waits for the span begun first; for a stream, writes it and the zeros before it.</summary>
    private async ValueTask<long> EndOldestAsync(Queue<Task<SpanBuffers>> running, long position, CancellationToken cancellationToken)
    {
        SpanBuffers span = await running.Dequeue();
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

        _buffers.Add(span);
        return position;
    }

    private async Task<SpanBuffers> RunSpanAsync(List<PlacedChunk> window, int first, int count, CancellationToken cancellationToken)
    {
        if (!_buffers.TryTake(out SpanBuffers? span))
        {
            span = new SpanBuffers(_spanChunks, _chunkBytes);
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

    public void Dispose() => _buffers.Clear();

    private sealed class SpanBuffers(int spanChunks, int chunkBytes)
    {
        private Memory<byte> _blocks = AlignedMemory.Allocate(
            (spanChunks * (chunkBytes + PackFormat.RecordHeaderBytes + PackFormat.TagBytes)) + AlignedMemory.AlignmentBytes);

        public Memory<byte> Plain { get; } = AlignedMemory.Allocate(spanChunks * chunkBytes);

        public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(chunkBytes + PackFormat.TagBytes, pinned: true);

        public long[] Chunks { get; } = new long[spanChunks];

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
