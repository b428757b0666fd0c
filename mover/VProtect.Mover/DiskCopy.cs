using System.Diagnostics;
using System.Threading.Channels;
using VProtect.Abstractions;
using VProtect.Mover.Acquire.Reader;
using VProtect.Mover.Reduce;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover;

/// <summary>
/// Steps 3 to 5 of a backup for one disk: reader, workers and sealer side by side. The first failure stops all three; when
/// <see cref="RunAsync"/> returns or throws, none of them runs any more and no buffer is in use.
/// </summary>
internal sealed class DiskCopy(BackupDisk disk, ChangedBlocks.Delta? delta, BackupCounters counters)
{
    /// <summary>Bytes of a batch: large enough to make a read worth its cost, small enough to stay in a processor's cache.</summary>
    private const int BatchBytes = 1 << 20;

    /// <summary>Size of the disk; for a stream known at the end.</summary>
    public long SizeBytes { get; private set; } = disk.Source.SizeBytes ?? 0;

    public long ReadBytes { get; private set; }

    public long ChangedBytes { get; private set; }

    public long NewBytes { get; private set; }

    public long StoredBytes { get; private set; }

    public async Task RunAsync(
        ChunkStore chunks, BackupOptions options, TreeWriter tree, PackSink sink, IReadOnlySet<PackId> condemned, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        int chunkBytes = chunks.Repository.ChunkBytes;
        int batchChunks = Math.Max(1, BatchBytes / chunkBytes);
        int batchCount = (int)Math.Clamp(options.BufferBytes / (2L * batchChunks * chunkBytes), 4, 4096);

        // Both are bounded by the number of batches: whoever has none to put in waits for the pool.
        var toReduce = Channel.CreateUnbounded<ChunkBatch>();
        var inOrder = Channel.CreateBounded<Step>(batchCount);
        var pool = Channel.CreateBounded<ChunkBatch>(batchCount);
        for (int i = 0; i < batchCount; i++)
        {
            pool.Writer.TryWrite(new ChunkBatch(batchChunks, chunkBytes));
        }

        var stages = new List<Task>
        {
            StageGroup.Start(() => ReadAllAsync(pool.Reader, toReduce.Writer, inOrder.Writer, chunkBytes, batchChunks, stop.Token)),
            StageGroup.Start(() => SealAllAsync(inOrder.Reader, pool.Writer, tree, sink, chunkBytes, stop.Token)),
        };
        for (int i = 0; i < Math.Max(1, options.Workers); i++)
        {
            stages.Add(StageGroup.Start(() => ReduceAllAsync(toReduce.Reader, chunks, options, condemned, stop.Token)));
        }

        await StageGroup.RunAsync(stages, stop, cancellationToken);
    }

    /// <summary>:: 3. Reads what the plan says, several batches at once, and tells the sealer their order.</summary>
    private async Task ReadAllAsync(
        ChannelReader<ChunkBatch> pool, ChannelWriter<ChunkBatch> toReduce, ChannelWriter<Step> inOrder, int chunkBytes, int batchChunks,
        CancellationToken stop)
    {
        using var inFlight = new SemaphoreSlim(Math.Max(1, disk.Source.ReadsInFlightMax));
        var reads = new HashSet<Task>();
        try
        {
            if (disk.Source.IsSequential)
            {
                await ReadStreamAsync(pool, toReduce, inOrder, stop);
                return;
            }

            IAsyncEnumerable<Extent> extents = disk.Source.GetExtentsAsync(stop);
            long total = SizeBytes;
            if (delta is not null)
            {
                extents = delta.Extents.ToAsyncEnumerable();
                total = delta.Extents.Sum(extent => extent.LengthBytes);
            }

            counters.AddTotal(total);
            await foreach (ChunkRun run in ChunkPlanner.PlanAsync(extents, SizeBytes, chunkBytes, stop))
            {
                if (run.Kind == ExtentKind.Zero)
                {
                    await inOrder.WriteAsync(new Step(null, run.FirstChunk, run.Count), stop);
                    continue;
                }

                for (long chunk = run.FirstChunk; chunk < run.EndChunk; chunk += batchChunks)
                {
                    ChunkBatch batch = await pool.ReadAsync(stop);
                    long offset = chunk * chunkBytes;
                    long count = Math.Min(batchChunks, run.EndChunk - chunk);
                    batch.Begin(chunk, (int)Math.Min(count * chunkBytes, SizeBytes - offset));
                    await inOrder.WriteAsync(new Step(batch, chunk, count), stop);
                    await inFlight.WaitAsync(stop);
                    reads.RemoveWhere(static read => read.IsCompleted);
                    reads.Add(FillAsync(batch, offset, inFlight, toReduce, stop));
                }
            }
        }
        finally
        {
            // Buffers are in use until the reads have ended, in whatever way.
            await Task.WhenAll(reads).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            inOrder.TryComplete();
            toReduce.TryComplete();
        }
    }

    private async Task FillAsync(
        ChunkBatch batch, long offset, SemaphoreSlim inFlight, ChannelWriter<ChunkBatch> toReduce, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            int read = await disk.Source.ReadAsync(offset, batch.Raw.AsMemory(0, batch.LengthBytes), stop);
            if (read != batch.LengthBytes)
            {
                throw new VProtectException(
                    ErrorCode.SourceReadFailed, ErrorSide.Source, $"{disk.Source.Name} ended at byte {offset + read}, before its size of {SizeBytes}.",
                    "The source shrank while it was read; take its snapshot again and repeat the backup.", RetryAdvice.Later);
            }

            counters.AddRead(read);
            toReduce.TryWrite(batch);
        }
        catch (Exception e)
        {
            // The sealer waits for this batch: it rethrows what happened.
            batch.Fail(e);
        }
        finally
        {
            counters.Clock.Add(Stage.Read, Stopwatch.GetTimestamp() - start);
            inFlight.Release();
        }
    }

    private async Task ReadStreamAsync(
        ChannelReader<ChunkBatch> pool, ChannelWriter<ChunkBatch> toReduce, ChannelWriter<Step> inOrder, CancellationToken stop)
    {
        long chunk = 0;
        while (true)
        {
            ChunkBatch batch = await pool.ReadAsync(stop);
            long start = Stopwatch.GetTimestamp();
            int read = await disk.Source.ReadAsync(SizeBytes, batch.Raw, stop);
            counters.Clock.Add(Stage.Read, Stopwatch.GetTimestamp() - start);
            if (read == 0)
            {
                return;
            }

            batch.Begin(chunk, read);
            SizeBytes += read;
            counters.AddRead(read);
            await inOrder.WriteAsync(new Step(batch, chunk, batch.Chunks.Length), stop);
            toReduce.TryWrite(batch);
            chunk += batch.Chunks.Length;
            if (read < batch.Raw.Length)
            {
                return;
            }
        }
    }

    /// <summary>:: 4. One worker.</summary>
    private async Task ReduceAllAsync(
        ChannelReader<ChunkBatch> toReduce, ChunkStore chunks, BackupOptions options, IReadOnlySet<PackId> condemned, CancellationToken stop)
    {
        using var reducer = new ChunkReducer(
            chunks.Repository.Keys, chunks.Repository.ChunkBytes, chunks.Index, condemned, options.ZstdLevel, counters.Clock);
        while (await toReduce.WaitToReadAsync(stop))
        {
            if (!toReduce.TryRead(out ChunkBatch? batch))
            {
                continue;
            }

            try
            {
                reducer.Reduce(batch);
                batch.Complete();
            }
            catch (Exception e)
            {
                batch.Fail(e);
                throw;
            }
        }
    }

    /// <summary>:: 5. Takes batches in disk order: new chunks to packs, ids to the tree.</summary>
    private async Task SealAllAsync(
        ChannelReader<Step> inOrder, ChannelWriter<ChunkBatch> pool, TreeWriter tree, PackSink sink, int chunkBytes, CancellationToken stop)
    {
        while (await inOrder.WaitToReadAsync(stop))
        {
            // Not ReadAllAsync: it goes on elsewhere than on the scheduler of its reader.
            if (!inOrder.TryRead(out Step step))
            {
                continue;
            }

            if (step.Batch is null)
            {
                if (await tree.SetZerosAsync(step.FirstChunk, step.Count, stop))
                {
                    Changed(step.Count * chunkBytes);
                }

                counters.AddDone(Math.Min(step.Count * chunkBytes, SizeBytes - (step.FirstChunk * chunkBytes)));
                continue;
            }

            await step.Batch.Reduced;
            long start = Stopwatch.GetTimestamp();
            await SealBatchAsync(step.Batch, tree, sink, stop);
            counters.Clock.Add(Stage.Seal, Stopwatch.GetTimestamp() - start);
            counters.AddDone(step.Batch.LengthBytes);
            ReadBytes += step.Batch.LengthBytes;
            await pool.WriteAsync(step.Batch, stop);
        }
    }

    private async ValueTask SealBatchAsync(ChunkBatch batch, TreeWriter tree, PackSink sink, CancellationToken stop)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ReducedChunk chunk = batch.Chunks[i];
            bool changed;
            if (chunk.State == ChunkState.Zero)
            {
                changed = await tree.SetZerosAsync(batch.FirstChunk + i, 1, stop);
                counters.AddZero(chunk.RawBytes);
            }
            else
            {
                changed = await tree.SetAsync(batch.FirstChunk + i, chunk.Id, stop);
                await StoreAsync(batch, chunk, sink, stop);
            }

            if (changed)
            {
                Changed(chunk.RawBytes);
            }
        }
    }

    private async ValueTask StoreAsync(ChunkBatch batch, ReducedChunk chunk, PackSink sink, CancellationToken stop)
    {
        long stored = 0;
        if (chunk.State == ChunkState.New)
        {
            byte[] from = chunk.Codec == ChunkCodec.None ? batch.Raw : batch.Packed;
            stored = await sink.AddChunkAsync(chunk.Id, chunk.Codec, chunk.RawBytes, from.AsMemory(chunk.Offset, chunk.Length), stop);
        }

        if (stored == 0)
        {
            counters.AddKnown(chunk.RawBytes);
            return;
        }

        NewBytes += chunk.RawBytes;
        StoredBytes += stored;
        counters.AddNew(chunk.RawBytes, stored);
    }

    private void Changed(long bytes)
    {
        ChangedBytes += bytes;
        counters.AddChanged(bytes);
    }

    /// <summary>What the sealer does next: a batch to wait for, or a run of zeros.</summary>
    private readonly record struct Step(ChunkBatch? Batch, long FirstChunk, long Count);
}
