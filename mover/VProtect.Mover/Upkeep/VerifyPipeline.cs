using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Verification of a repository.
/// <list type="number">
/// <item>Learn what packs there are. When only some restore points are asked for, walk their trees for what they need.</item>
/// <item>Read packs front to back, several at once, and check every record. What is damaged is quarantined when its pack has been read.</item>
/// <item>Look for another good copy of what is damaged.</item>
/// <item>Walk every restore point's trees: each chunk must lie in a good place. Name the restore points where one does not.
/// Left out when only some packs were read and nothing in them is damaged.</item>
/// </list>
/// Trouble in reading is not damage: reads are repeated, then it is counted apart, and nothing is quarantined for it.
/// Interrupted, it keeps what it did: quarantine is done, and packs found sound are in the journal.
/// Memory: 11 MiB for each pack at work, 150 bytes for each pack, 90 for each restore point, <see cref="VerifyOptions.SoundNodesMax"/>
/// times 16, and what is found; for selected restore points 4 bytes for each chunk that they need.
/// </summary>
public sealed class VerifyPipeline(ChunkStore chunks, VerifyOptions options, RestoreCounters counters)
{
    private readonly Repository _repository = chunks.Repository;
    private readonly PersistentReads _reads = new(
        chunks.Repository, new ReadRate(options.BytesPerSecondMax, options.Time), options.RetryDelay, options.Time);

    private readonly FaultList _faults = new();
    private readonly ConcurrentQueue<(PackKind Kind, DamagedChunk Chunk)> _damaged = [];
    private readonly ConcurrentQueue<string> _unreadable = [];
    private int _packsDone;
    private string _step = "starting";
    private PointSweep? _sweep;

    /// <summary>What goes on, in a few words. Any thread.</summary>
    public string Step => Volatile.Read(ref _step);

    /// <summary>Packs read so far. Any thread.</summary>
    public int PacksDone => Volatile.Read(ref _packsDone);

    /// <summary>Restore points walked so far, of how many. Any thread.</summary>
    public (int Done, int Total) RestorePoints => Volatile.Read(ref _sweep) is { } sweep ? (sweep.Done, sweep.Total) : default;

    /// <summary>Verifies. Once for each instance.</summary>
    /// <returns>What was found. Damage is a result, not an exception.</returns>
    /// <exception cref="VProtectException">The repository cannot be listed, or there is nothing of this selection to go on with.</exception>
    public async Task<VerifyResult> RunAsync(CancellationToken cancellationToken)
    {
        // :: 1.
        uint run = options.Journal?.Begin(options.Selection.Identify(options.Level), options.Resume, options.Time.GetUtcNow()) ?? 0;
        IndexSyncResult sync = await IndexSync.SynchronizeAsync(_repository, chunks.Index, progress: null, cancellationToken);
        foreach (IntegrityException damage in sync.Damaged)
        {
            _faults.Add(damage.Message);
        }

        HashSet<(ChunkId Id, PackId Pack)> known = await Quarantine.ReadMarksAsync(_repository, cancellationToken);
        LivePlaces? needed = options.Selection.IsOfPoints ? await FindNeededAsync(cancellationToken) : null;
        List<(PackId Id, long SizeBytes)> all = await ListPacksAsync(cancellationToken);
        List<(PackId Id, long SizeBytes)> chosen =
            needed is null ? options.Selection.Choose(all, options.Journal, run, options.Level) : [.. all.Where(pack => needed.IsNeeded(pack.Id))];

        // :: 2 and 3.
        Volatile.Write(ref _step, options.Level == VerifyLevel.Full ? "verifying" : "verifying stored bytes");
        counters.AddTotal(chosen.Sum(pack => pack.SizeBytes));
        await CheckPacksAsync(chosen, needed, cancellationToken);
        counters.SetDone(counters.TotalBytes);
        var damaged = new List<DamagedChunk>();
        foreach ((PackKind kind, DamagedChunk chunk) in _damaged)
        {
            PackId? healedBy = await Quarantine.FindGoodCopyAsync(chunks, kind, chunk, cancellationToken);
            damaged.Add(chunk with { HealedBy = healedBy, WasKnown = known.Contains((chunk.Id, chunk.Pack)) });
        }

        // :: 4.
        PointSweep? sweep = null;
        if (options.Selection.IsEverything || options.Selection.IsOfPoints || damaged.Count > 0 || !_faults.IsEmpty)
        {
            Volatile.Write(ref _step, "walking restore points");
            var inspection = new DiskInspection(chunks, new SoundNodes(options.SoundNodesMax), _faults);
            sweep = new PointSweep(_repository, inspection, _reads, _faults, options.Workers);
            Volatile.Write(ref _sweep, sweep);
            await sweep.RunAsync(options.Selection, cancellationToken);
        }

        options.Journal?.End(all.Select(pack => pack.Id), options.Time.GetUtcNow());
        return new VerifyResult
        {
            Level = options.Level,
            Packs = PacksDone,
            PacksTotal = all.Count,
            PacksDoneBefore = options.Resume && needed is null && options.Selection.IsEverything ? all.Count - chosen.Count : 0,
            RestorePoints = sweep?.PointCount ?? 0,
            CheckedBytes = counters.FetchedBytes,
            DamagedChunks = damaged,
            Faults = _faults.ToList(),
            Unreadable = [.. _unreadable, .. sweep?.Unreadable ?? []],
            Affected = sweep?.Affected ?? [],
        };
    }

    /// <summary>The records that the selected restore points need. What is missing is found again, and told, when trees are walked at the end.</summary>
    private async Task<LivePlaces> FindNeededAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _step, "finding what is needed");
        var needed = new LivePlaces();
        var inspection = new DiskInspection(chunks, new SoundNodes(options.SoundNodesMax), new FaultList())
        {
            OnPlace = place =>
            {
                lock (needed)
                {
                    needed.Add(place.Pack, place.OffsetBytes);
                }
            },
        };
        var sweep = new PointSweep(_repository, inspection, _reads, new FaultList(), options.Workers);
        await sweep.RunAsync(options.Selection, cancellationToken);
        return sweep.PointCount > 0 || sweep.Unreadable.Count > 0 ? needed : throw new VProtectException(
            ErrorCode.RestorePointNotFound, ErrorSide.Request,
            $"There is no such restore point that can be read{(options.Selection.Machine is { } machine ? $" of machine '{machine}'" : "")}.",
            "See 'vprotect list' for those there are; 'vprotect repo check' tells of damaged ones.");
    }

    private async Task<List<(PackId Id, long SizeBytes)>> ListPacksAsync(CancellationToken cancellationToken)
    {
        var packs = new List<(PackId Id, long SizeBytes)>();
        await foreach (ObjectInfo item in _repository.Store.ListAsync("packs/", cancellationToken))
        {
            if (PackFormat.TryParseKey(item.Key, out PackId id))
            {
                packs.Add((id, item.SizeBytes));
            }
        }

        return packs;
    }

    private async Task CheckPacksAsync(IEnumerable<(PackId Id, long SizeBytes)> packs, LivePlaces? needed, CancellationToken cancellationToken)
    {
        var scrubbers = new ConcurrentBag<PackScrubber>();
        // Where the caller runs everything on a scheduler of its own, this stays there too.
        using CheckThreads? threads = TaskScheduler.Current == TaskScheduler.Default ? new CheckThreads(options.Workers) : null;
        await Parallel.ForEachAsync(
            packs,
            new ParallelOptions { MaxDegreeOfParallelism = options.PacksAtOnce, CancellationToken = cancellationToken, TaskScheduler = threads ?? TaskScheduler.Current },
            async (pack, token) =>
            {
                PackScrubber scrubber = scrubbers.TryTake(out PackScrubber? idle) ? idle : new PackScrubber(chunks, _reads, options.Level, counters);
                try
                {
                    PackFindings? findings = await scrubber.CheckAsync(pack.Id, pack.SizeBytes, needed?.OffsetsOf(pack.Id), token);
                    if (findings is not null)
                    {
                        await SettleAsync(findings, isWhole: needed is null, token);
                    }
                }
                catch (IntegrityException e)
                {
                    _faults.Add(e.Message);
                    chunks.Index.RemovePack(pack.Id);
                }
                catch (VProtectException e)
                {
                    _unreadable.Enqueue($"Pack {pack.Id}: {e.Message}");
                }

                Interlocked.Increment(ref _packsDone);
                scrubbers.Add(scrubber);
            });
    }

    private async ValueTask SettleAsync(PackFindings findings, bool isWhole, CancellationToken cancellationToken)
    {
        foreach (DamagedChunk chunk in findings.Damaged)
        {
            _damaged.Enqueue((findings.Kind, chunk));
        }

        if (findings.Damaged.Count > 0)
        {
            await Quarantine.ApplyAsync(chunks, findings.Pack, findings.Damaged, cancellationToken);
        }

        if (findings.Trouble is { } trouble)
        {
            _unreadable.Enqueue($"Pack {findings.Pack}: {findings.UnreadableRecords} records cannot be read: {trouble.Message}");
        }

        // A pack with damage is not noted: whoever goes on with this run finds and tells of it again.
        if (isWhole && findings.IsSound)
        {
            options.Journal?.Add(findings.Pack, options.Level, options.Time.GetUtcNow());
        }
    }
}
