using VProtect.Abstractions;
using VProtect.Mover.Deliver;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover;

/// <summary>
/// The whole flow of a restore: the backup's stages backwards.
/// <code>
///  tree ──► window of chunks ──► (2) index ──► (4) sort by pack ──► spans ──► (5) read, check, write ──► target
///                            (3) differential: what the target holds already
/// </code>
/// <list type="number">
/// <item>Walk the tree in disk order, a window of chunks at a time; of object storage with the next leaves on their way.</item>
/// <item>Ask the index where they lie.</item>
/// <item>Differential: hash what the target holds, and drop what is equal.</item>
/// <item>Order by pack and offset (a stream keeps disk order) and cut into spans of about 1 MiB, of object storage 4 MiB.</item>
/// <item>Several spans at once: one read, each chunk checked, one write for neighbours. A stream is written by one.</item>
/// <item>Ranges between chunks are zeros: written only where the target does not read as zeros already.</item>
/// </list>
/// Memory: 4 MiB for the window, and about 3 MiB for each span at work: of object storage 8 MiB for each long one and 1 MiB for each short one, 72 MiB together on up to
/// four processors and 144 MiB at most; half as much again where gaps are read along. One instance runs one restore at a time.
/// </summary>
public sealed class RestorePipeline(ChunkStore chunks, RestoreOptions options, RestoreCounters counters)
{
    /// <summary>Chunks looked up, sorted and fetched together: at 64 KiB, 2 GiB of disk.</summary>
    private const int WindowChunks = 32_768;

    /// <summary>Leaves of the tree on their way at once from object storage, each 8 KiB: read one after the other, those of a TiB at 20 ms each would take 20 minutes.</summary>
    private const int LeavesAhead = 16;

    /// <summary>Restores a disk. Completing the target (<see cref="IBlockTarget.CompleteAsync"/>) is left to the caller.</summary>
    /// <param name="disk">What.</param>
    /// <param name="target">Where; stays the caller's.</param>
    /// <param name="differential">Write only what the target does not hold already; it must be readable.</param>
    /// <param name="cancellationToken">Ends it; the target is then partly written and must not be completed.</param>
    /// <exception cref="IntegrityException">A chunk is missing or damaged; nothing wrong was written.</exception>
    public async Task RunAsync(RestorePointDisk disk, IBlockTarget target, bool differential, CancellationToken cancellationToken)
    {
        int chunkBytes = chunks.Repository.ChunkBytes;
        long chunkCount = (disk.SizeBytes + chunkBytes - 1) / chunkBytes;
        counters.AddTotal(disk.SizeBytes);
        using var spans = new SpanExecutor(chunks, target, disk, options, counters);
        var zeros = new ZeroRanges(target, differential);
        var window = new List<PlacedChunk>(WindowChunks);
        long position = 0;
        int leavesAhead = chunks.Repository.Store.Properties.Distance == StoreDistance.Service ? LeavesAhead : 0;

        // :: 1. Windows in disk order.
        await foreach (TreeChunk chunk in TreeReader.WalkAsync(chunks, disk.Root, chunkCount, leavesAhead, cancellationToken))
        {
            window.Add(new PlacedChunk(chunk.Chunk, chunk.Id, default));
            if (window.Count == WindowChunks)
            {
                position = await RunWindowAsync(disk, target, differential, window, position, spans, zeros, cancellationToken);
            }
        }

        position = await RunWindowAsync(disk, target, differential, window, position, spans, zeros, cancellationToken);
        await zeros.WriteAsync(position, disk.SizeBytes - position, cancellationToken);
        counters.SetDone(disk.SizeBytes);
    }

    private async Task<long> RunWindowAsync(
        RestorePointDisk disk, IBlockTarget target, bool differential, List<PlacedChunk> window, long position, SpanExecutor spans,
        ZeroRanges zeros, CancellationToken cancellationToken)
    {
        if (window.Count == 0)
        {
            return position;
        }

        // :: 6. A stream gets zeros from the executor, in their place; others at once.
        int chunkBytes = chunks.Repository.ChunkBytes;
        if (!target.IsSequential)
        {
            long zeroFrom = position;
            foreach (PlacedChunk chunk in window)
            {
                await zeros.WriteAsync(zeroFrom, (chunk.Chunk * chunkBytes) - zeroFrom, cancellationToken);
                zeroFrom = Math.Min((chunk.Chunk + 1) * chunkBytes, disk.SizeBytes);
            }
        }

        long end = Math.Min((window[^1].Chunk + 1) * chunkBytes, disk.SizeBytes);

        // :: 3 before 2: what the target holds already need not be looked up.
        if (differential)
        {
            await DifferentialFilter.DropEqualAsync(chunks, target, disk.SizeBytes, window, options.Workers ?? RestoreOptions.WorkersOfDisk, counters, cancellationToken);
        }

        // :: 2. Where they lie.
        await LocateAsync(window, cancellationToken);

        // :: 4 and 5.
        if (!target.IsSequential)
        {
            window.Sort(static (a, b) =>
            {
                int byPack = a.Location.Pack.CompareTo(b.Location.Pack);
                int byOffset = a.Location.OffsetBytes.CompareTo(b.Location.OffsetBytes);
                return byPack != 0 ? byPack : byOffset != 0 ? byOffset : a.Chunk.CompareTo(b.Chunk);
            });
        }

        await spans.RunAsync(window, position, cancellationToken);
        counters.SetDone(end);
        window.Clear();
        return end;
    }

    private async Task LocateAsync(List<PlacedChunk> window, CancellationToken cancellationToken)
    {
        var ids = new ChunkId[window.Count];
        var locations = new ChunkLocation[window.Count];
        bool[] found = new bool[window.Count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = window[i].Id;
        }

        using (IChunkIndexSession session = chunks.Index.OpenSession())
        {
            session.FindMany(ids, locations, found);
        }

        for (int i = 0; i < ids.Length; i++)
        {
            ChunkLocation location = found[i] ? locations[i] : await chunks.LocateAsync(ids[i], cancellationToken);
            window[i] = window[i] with { Location = location };
        }
    }
}

/// <summary>How a restore uses the machine it runs on.</summary>
public sealed record RestoreOptions
{
    /// <summary>
    /// Spans at work at once. Null, the default: processors plus two, since some wait for disks; where each read is a request to a service, 6 to 12, and four times as many
    /// short ones, since most wait for it.
    /// </summary>
    public int? Workers { get; init; }

    internal static int WorkersOfDisk => Environment.ProcessorCount + 2;

    internal SpanLimits LimitsFor(StoreDistance distance)
    {
        const int SharesOfLong = 4;
        return distance == StoreDistance.Service
            ? new SpanLimits(4 << 20, 256 << 10, SharesOfLong, SharesOfLong * Math.Max(1, Workers ?? Math.Clamp(WorkersOfDisk, 6, 12)))
            : new SpanLimits(1 << 20, 64 << 10, 1, Math.Max(1, Workers ?? WorkersOfDisk));
    }
}
