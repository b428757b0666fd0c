using System.Collections.Concurrent;
using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Verification of a repository.
/// <list type="number">
/// <item>Read every pack front to back, several at once, and check every record.</item>
/// <item>Quarantine what is damaged: it leaves the index, and a mark in the repository tells all others; the next backup that sees
/// such a chunk writes it again.</item>
/// <item>Walk every restore point's trees: each chunk must lie in a good place. Name the restore points where one does not.</item>
/// </list>
/// Trouble in reading is not damage: it is counted apart, and nothing is quarantined for it.
/// Memory: 6 MiB for each pack at work, and 50 bytes for each distinct tree node.
/// </summary>
public sealed class VerifyPipeline(ChunkStore chunks, VerifyOptions options, RestoreCounters counters)
{
    private readonly Repository _repository = chunks.Repository;

    /// <summary>Verifies.</summary>
    /// <returns>What was found. Damage is a result, not an exception.</returns>
    /// <exception cref="VProtectException">The repository cannot be listed.</exception>
    public async Task<VerifyResult> RunAsync(CancellationToken cancellationToken)
    {
        IndexSyncResult sync = await IndexSync.SynchronizeAsync(_repository, chunks.Index, progress: null, cancellationToken);
        var faults = new ConcurrentQueue<string>(sync.Damaged.Select(damage => damage.Message));
        var damaged = new ConcurrentQueue<DamagedChunk>();
        var unreadable = new ConcurrentQueue<string>();

        // :: 1 and 2.
        int packCount = 0;
        if (options.ReadData)
        {
            packCount = await CheckPacksAsync(damaged, faults, unreadable, cancellationToken);
            await QuarantineAsync(damaged, cancellationToken);
        }

        // :: 3.
        var affected = new List<AffectedPoint>();
        var walker = new TreeWalker(chunks);
        int pointCount = 0;
        await foreach (RestorePoint point in ReadPointsAsync(faults, cancellationToken))
        {
            pointCount++;
            foreach (RestorePointDisk disk in point.Disks)
            {
                long chunkCount = (disk.SizeBytes + _repository.ChunkBytes - 1) / _repository.ChunkBytes;
                bool sound = await walker.WalkAsync(
                    disk.Root,
                    chunkCount,
                    (in VisitedNode node) => CheckReferences(node, faults),
                    (_, damage) => faults.Enqueue(damage.Message),
                    cancellationToken);
                if (!sound)
                {
                    affected.Add(new AffectedPoint(point.Id, point.Machine, point.Sequence, point.CreatedAt, disk.Name));
                }
            }
        }

        counters.SetDone(counters.TotalBytes);
        return new VerifyResult
        {
            Packs = packCount,
            RestorePoints = pointCount,
            CheckedBytes = counters.FetchedBytes,
            DamagedChunks = [.. damaged],
            Faults = [.. faults.Distinct()],
            Unreadable = [.. unreadable],
            Affected = affected,
        };
    }

    private async Task<int> CheckPacksAsync(
        ConcurrentQueue<DamagedChunk> damaged, ConcurrentQueue<string> faults, ConcurrentQueue<string> unreadable, CancellationToken cancellationToken)
    {
        var packs = new List<(PackId Id, long SizeBytes)>();
        await foreach (ObjectInfo item in _repository.Store.ListAsync("packs/", cancellationToken))
        {
            if (PackFormat.TryParseKey(item.Key, out PackId id))
            {
                packs.Add((id, item.SizeBytes));
            }
        }

        counters.AddTotal(packs.Sum(pack => pack.SizeBytes));
        var scrubbers = new ConcurrentBag<PackScrubber>();
        await Parallel.ForEachAsync(
            packs,
            new ParallelOptions { MaxDegreeOfParallelism = options.Workers, CancellationToken = cancellationToken },
            async (pack, token) =>
            {
                PackScrubber scrubber = scrubbers.TryTake(out PackScrubber? idle) ? idle : new PackScrubber(chunks, counters);
                try
                {
                    foreach (DamagedChunk chunk in await scrubber.CheckAsync(pack.Id, pack.SizeBytes, token))
                    {
                        damaged.Enqueue(chunk);
                    }
                }
                catch (IntegrityException e)
                {
                    faults.Enqueue(e.Message);
                    chunks.Index.RemovePack(pack.Id);
                }
                catch (VProtectException e)
                {
                    unreadable.Enqueue($"Pack {pack.Id}: {e.Message}");
                }

                scrubbers.Add(scrubber);
            });
        return packs.Count;
    }

    private async Task QuarantineAsync(ConcurrentQueue<DamagedChunk> damaged, CancellationToken cancellationToken)
    {
        foreach (IGrouping<PackId, DamagedChunk> pack in damaged.GroupBy(chunk => chunk.Pack))
        {
            foreach (DamagedChunk chunk in pack)
            {
                chunks.Index.Quarantine(chunk.Id, chunk.Pack);
            }

            var record = new BadChunksRecord(pack.Key.ToString(), [.. pack.Select(chunk => chunk.Id.ToString()).Order(StringComparer.Ordinal)]);
            byte[] body = RecordJson.Write(record);
            try
            {
                // A name by content: a later verification that finds more adds a mark, one that finds the same adds none.
                await _repository.Store.PutIfAbsentAsync(
                    BadChunks.KeyOf(pack.Key, body), Envelope.Clear(EnvelopeKind.BadChunks, body), cancellationToken);
            }
            catch (VProtectException e) when (e.Code is ErrorCode.StoreFull or ErrorCode.StoreDenied)
            {
                // Verification of a repository that cannot be written still tells what it found.
            }
        }
    }

    private async IAsyncEnumerable<RestorePoint> ReadPointsAsync(
        ConcurrentQueue<string> faults, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HashSet<string> forgotten = await _repository.ListMarksAsync("forgotten/", cancellationToken);
        foreach (string id in (await _repository.ListMarksAsync("points/", cancellationToken)).Except(forgotten))
        {
            RestorePoint? point = null;
            try
            {
                point = await _repository.ReadPointAsync(id, cancellationToken);
            }
            catch (IntegrityException e)
            {
                faults.Enqueue(e.Message);
            }

            if (point is not null && (options.Point is null || point.Id == options.Point))
            {
                yield return point;
            }
        }
    }

    private bool CheckReferences(in VisitedNode node, ConcurrentQueue<string> faults)
    {
        if (node.Level > 0)
        {
            return true;
        }

        bool sound = true;
        using IChunkIndexSession session = chunks.Index.OpenSession();
        foreach (ChunkId id in node.Slots.Span)
        {
            if (!id.IsZero && !session.TryFind(id, out _))
            {
                faults.Enqueue($"Chunk {id.ToString()[..16]}… has no good place in any pack.");
                sound = false;
            }
        }

        return sound;
    }
}

/// <summary>Names of marks of bad chunks.</summary>
internal static class BadChunks
{
    public static string KeyOf(PackId pack, ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[32];
        Blake3.Hash(body, hash);
        return string.Create(CultureInfo.InvariantCulture, $"bad/{pack}-{Convert.ToHexStringLower(hash[..8])}");
    }
}

/// <summary>What to verify and how.</summary>
public sealed record VerifyOptions
{
    /// <summary>Packs read at once. Default: one for each processor.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether to read and check all stored data; false checks only that everything referred to is there. Default true.</summary>
    public bool ReadData { get; init; } = true;

    /// <summary>Whole id of the one restore point to look at in step 3; null for all.</summary>
    public string? Point { get; init; }
}

/// <summary>What a verification found.</summary>
public sealed record VerifyResult
{
    /// <summary>Packs read.</summary>
    public required int Packs { get; init; }

    /// <summary>Restore points walked.</summary>
    public required int RestorePoints { get; init; }

    /// <summary>Bytes read and checked.</summary>
    public required long CheckedBytes { get; init; }

    /// <summary>Records that are damaged, each read twice.</summary>
    public required IReadOnlyList<DamagedChunk> DamagedChunks { get; init; }

    /// <summary>Everything else that is missing or damaged, in sentences.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Packs that could not be read for a reason other than damage.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>Disks of restore points that cannot be restored whole.</summary>
    public required IReadOnlyList<AffectedPoint> Affected { get; init; }

    /// <summary>Whether everything was read and all of it is sound.</summary>
    public bool IsSound => DamagedChunks.Count == 0 && Faults.Count == 0 && Unreadable.Count == 0 && Affected.Count == 0;
}

/// <summary>A disk of a restore point that cannot be restored whole.</summary>
public sealed record AffectedPoint(string Id, string Machine, long Sequence, DateTimeOffset CreatedAt, string Disk);
