using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// A quick check of a repository: metadata only, no chunk is read.
/// <list type="number">
/// <item>Learn what packs there are.</item>
/// <item>Look at every object: packs must have their size and a trailer that this repository's keys made, several at once; what
/// belongs to nothing is noted.</item>
/// <item>Walk every restore point's trees: each chunk must be in the index, in one of those packs, within its disk, of the right length.</item>
/// </list>
/// Memory: 90 bytes for each restore point, <paramref name="soundNodesMax"/> times 16, and what is found.
/// </summary>
public sealed class CheckPipeline(ChunkStore chunks, int workers, int soundNodesMax)
{
    private readonly FaultList _faults = new();
    private string _step = "starting";
    private PointSweep? _sweep;
    private RepositoryCensus? _census;

    /// <summary>What goes on, in a few words. Any thread.</summary>
    public string Step => Volatile.Read(ref _step);

    /// <summary>Packs looked at. Any thread.</summary>
    public int Packs => Volatile.Read(ref _census)?.Packs ?? 0;

    /// <summary>Restore points walked so far, of how many. Any thread.</summary>
    public (int Done, int Total) RestorePoints => Volatile.Read(ref _sweep) is { } sweep ? (sweep.Done, sweep.Total) : default;

    /// <summary>Checks. Once for each instance.</summary>
    /// <returns>What was found. Damage is a result, not an exception.</returns>
    /// <exception cref="VProtectException">The repository cannot be listed.</exception>
    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        // :: 1.
        Volatile.Write(ref _step, "learning what the repository holds");
        IndexSyncResult sync = await IndexSync.SynchronizeAsync(chunks.Repository, chunks.Index, progress: null, cancellationToken);
        foreach (IntegrityException damage in sync.Damaged)
        {
            _faults.Add(damage.Message);
        }

        // :: 2.
        Volatile.Write(ref _step, "looking at packs");
        var census = new RepositoryCensus(chunks, _faults);
        Volatile.Write(ref _census, census);
        await census.RunAsync(cancellationToken);

        // :: 3.
        Volatile.Write(ref _step, "walking restore points");
        var inspection = new DiskInspection(chunks, new SoundNodes(soundNodesMax), _faults);
        var sweep = new PointSweep(chunks.Repository, inspection, Reads(), _faults, workers);
        Volatile.Write(ref _sweep, sweep);
        await sweep.RunAsync(new VerifySelection(), cancellationToken);
        return new CheckResult
        {
            RestorePoints = sweep.PointCount,
            Packs = census.Packs,
            PackBytes = census.PackBytes,
            Nodes = inspection.NodeCount,
            Faults = _faults.ToList(),
            Unreadable = [.. census.Unreadable, .. sweep.Unreadable],
            Affected = sweep.Affected,
            Leftovers = census.Leftovers,
        };
    }

    private PersistentReads Reads()
    {
        var defaults = new VerifyOptions();
        return new PersistentReads(chunks.Repository, new ReadRate(0, defaults.Time), defaults.RetryDelay, defaults.Time);
    }
}
