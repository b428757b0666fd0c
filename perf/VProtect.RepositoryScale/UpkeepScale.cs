using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.ChunkIndex;
using VProtect.ChunkIndex.Ledger;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends;
using VProtect.Mover.Upkeep;

namespace VProtect.RepositoryScale;

/// <summary>The measurements: index from nothing, collection, forgetting. Options are the product's defaults.</summary>
internal static class UpkeepScale
{
    /// <summary>1 % of the points: all of one machine, and the oldest of as many others.</summary>
    private const int ForgottenPoints = SyntheticRepository.Machines * SyntheticRepository.PointsPerMachine / 100;

    public static async Task<Repository> OpenAsync(string directory) => await OpenAsync(directory, static store => store);

    public static async Task<int> IndexAsync(string directory)
    {
        await using Repository repository = await OpenAsync(directory);
        await using FasterChunkIndex index = OpenIndex(directory);
        long start = Stopwatch.GetTimestamp();
        IndexSyncResult result = await IndexSync.SynchronizeAsync(repository, index, progress: null, CancellationToken.None);
        await index.CheckpointAsync(CancellationToken.None);
        Report.Took($"index from {result.Added:n0} packs, {index.EntryCount:n0} entries", start);
        Report.PeakMemory();
        return 0;
    }

    /// <summary>
    /// One collection. Without copying: the data that would be copied are holes.
    /// </summary>
    public static async Task<int> CollectAsync(string what, string directory)
    {
        CountingStore? counting = null;
        await using Repository repository = await OpenAsync(directory, store => counting = new CountingStore(store));
        long start = Stopwatch.GetTimestamp();
        await using FasterChunkIndex index = OpenIndex(directory);
        await using ReferenceLedger ledger = ReferenceLedger.Open(new ReferenceLedgerOptions { Directory = Path.Combine(directory, "index") });
        Report.Took("index and ledger opened", start);
        using var chunks = new ChunkStore(repository, index);
        start = Stopwatch.GetTimestamp();
        string? step = null;
        long stepStart = start;
        var progress = new Told(now =>
        {
            if (now.Step != step)
            {
                if (step is not null)
                {
                    Report.Took($"  {step}", stepStart);
                }

                (step, stepStart) = (now.Step, Stopwatch.GetTimestamp());
            }
        });
        CollectResult result = await new GarbageCollector(chunks, ledger, new CollectOptions { RewriteBelow = 0 })
            .RunAsync(progress, CancellationToken.None);
        Report.Took($"  {step}", stepStart);
        Report.Took(what, start);
        Report.Row(
            "  points", $"{result.RestorePointsCounted:n0} counted, {result.PointsRemoved:n0} removed, {result.NodesRead:n0} nodes read");
        Report.Row(
            "  packs",
            $"{result.PacksLookedAt:n0} looked at, {result.PacksCondemned:n0} condemned ({result.CondemnedBytes >> 20:n0} MiB), "
            + $"{result.PacksRemoved:n0} removed ({result.FreedBytes >> 20:n0} MiB)");
        Report.Row("  store", counting!.Summary);
        start = Stopwatch.GetTimestamp();
        await index.CheckpointAsync(CancellationToken.None);
        Report.Took("checkpoint of the index", start);
        Report.PeakMemory();
        if (result.Damage.Count > 0)
        {
            throw result.Damage[0];
        }

        return 0;
    }

    public static async Task<int> ForgetAsync(string directory)
    {
        await using Repository repository = await OpenAsync(directory);
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<RestorePoint> points = await repository.ListPointsAsync(CancellationToken.None);
        Report.Took($"{points.Count:n0} points listed", start);
        start = Stopwatch.GetTimestamp();
        RestorePoint first = await repository.FindPointAsync(points[0].Id, machine: null, CancellationToken.None);
        await repository.ForgetAsync(first, CancellationToken.None);
        Report.Took("one point found by its id and forgotten", start);
        IEnumerable<IGrouping<string, RestorePoint>> machines = points.GroupBy(static point => point.Machine);
        RestorePoint[] wanted =
        [
            .. machines.First(),
            .. machines.Skip(1).Select(static machine => machine.MinBy(static point => point.Sequence)!),
        ];
        foreach (RestorePoint point in wanted[1..ForgottenPoints])
        {
            await repository.ForgetAsync(point, CancellationToken.None);
        }

        Report.Row("forgotten", $"{ForgottenPoints} points");
        Report.PeakMemory();
        return 0;
    }

    private static async Task<Repository> OpenAsync(string directory, Func<IObjectStore, IObjectStore> wrap)
    {
        IObjectStore store = wrap(RepositoryStores.Open(SyntheticRepository.PlaceOf(directory), create: false));
        RepositorySummary summary = await Repository.DescribeAsync(store, CancellationToken.None);
        Secret? secret = summary.IsEncrypted ? Secret.FromText(SyntheticRepository.Passphrase) : null;
        return await Repository.OpenAsync(store, secret, TimeProvider.System, CancellationToken.None);
    }

    private static FasterChunkIndex OpenIndex(string directory) =>
        FasterChunkIndex.Open(new ChunkIndexOptions { Directory = Path.Combine(directory, "index") });

    /// <summary>Told at once, on the thread that tells.</summary>
    private sealed class Told(Action<CollectProgress> tell) : IProgress<CollectProgress>
    {
        public void Report(CollectProgress value) => tell(value);
    }
}
