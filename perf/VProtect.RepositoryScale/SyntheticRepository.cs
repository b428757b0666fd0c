using System.Diagnostics;
using System.Globalization;
using VProtect.Abstractions;
using VProtect.ChunkIndex;
using VProtect.Mover;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends;
using VProtect.Mover.Store.Manifests;
using VProtect.Mover.Store.Records;

namespace VProtect.RepositoryScale;

/// <summary>
/// Makes a repository as backups would have: 200 machines with one disk each, the first point full, each later one with 1 % of the chunks
/// changed, in runs of 1 MiB all over the disk. Trees, node packs and restore points are written by the product; data packs are
/// <see cref="SparsePack"/>.
/// </summary>
internal static class SyntheticRepository
{
    public const int Machines = 200;
    public const int PointsPerMachine = 5;
    public const string Passphrase = "synthetic";
    private const int ChangedPart = 100;
    private const int RunChunks = 16;

    public static string PlaceOf(string directory) => Path.Combine(directory, "repository");

    public static async Task<int> MakeAsync(long diskBytes, string directory, bool encrypted)
    {
        long start = Stopwatch.GetTimestamp();
        string place = PlaceOf(directory);
        Secret[] secrets = encrypted ? [Secret.FromText(Passphrase)] : [];
        await using (IObjectStore store = RepositoryStores.Open(place, create: true))
        {
            await Repository.InitAsync(store, new RepositoryOptions { Encrypt = encrypted }, secrets, TimeProvider.System, CancellationToken.None);
        }

        await using Repository repository = await UpkeepScale.OpenAsync(directory);
        await using FasterChunkIndex index = FasterChunkIndex.Open(new ChunkIndexOptions { Directory = Path.Combine(directory, "index-of-nodes") });
        using var chunks = new ChunkStore(repository, index);
        var data = new SparsePack(repository, place);
        long chunkCount = Math.Max(RunChunks, diskBytes / Machines / repository.ChunkBytes);
        var random = new Random(1);
        long nextId = 0;
        for (int machine = 0; machine < Machines; machine++)
        {
            ChunkId root = ChunkId.Zero;
            string? parent = null;
            for (int sequence = 1; sequence <= PointsPerMachine; sequence++)
            {
                await using var sink = new PackSink(chunks, generation: 0, new HashSet<PackId>(), new StageClock());
                var tree = new TreeWriter(chunks, sink, chunkCount, root, rebuildsDamaged: false);
                foreach (long chunk in sequence == 1 ? All(chunkCount) : Changed(chunkCount, random))
                {
                    ChunkId id = Ids.Chunk(nextId++);
                    data.Add(id);
                    await tree.SetAsync(chunk, id, CancellationToken.None);
                }

                root = await tree.CompleteAsync(chunkCount, CancellationToken.None);
                data.Seal();
                await sink.CompleteAsync(CancellationToken.None);
                parent = await CommitAsync(repository, machine, sequence, parent, root, chunkCount);
            }
        }

        Report.Took($"{nextId:n0} chunks, {Machines * PointsPerMachine} points, {data.PackCount} data packs", start);
        await index.DisposeAsync();
        Directory.Delete(Path.Combine(directory, "index-of-nodes"), recursive: true);
        return 0;
    }

    private static IEnumerable<long> All(long chunkCount)
    {
        for (long chunk = 0; chunk < chunkCount; chunk++)
        {
            yield return chunk;
        }
    }

    private static IEnumerable<long> Changed(long chunkCount, Random random)
    {
        long runs = chunkCount / RunChunks;
        var chosen = new SortedSet<long>();
        while (chosen.Count < Math.Max(1, runs / ChangedPart))
        {
            chosen.Add(random.NextInt64(runs));
        }

        foreach (long run in chosen)
        {
            for (int i = 0; i < RunChunks; i++)
            {
                yield return (run * RunChunks) + i;
            }
        }
    }

    private static async Task<string> CommitAsync(
        Repository repository, int machine, int sequence, string? parent, ChunkId root, long chunkCount)
    {
        string id = PackId.NewRandom().ToString();
        DateTimeOffset at = DateTimeOffset.UnixEpoch.AddYears(56).AddDays(sequence).AddMinutes(machine);
        var disk = new PointDiskRecord(
            "disk0", chunkCount * repository.ChunkBytes, root.ToString(), null, parent is null ? "full" : "delta", null, 0, 0, 0, 0);
        var record = new PointRecord(
            id, $"machine-{machine:d4}", sequence, parent, at.ToString("O", CultureInfo.InvariantCulture), 0, "synthetic", null, [disk]);
        return await repository.CommitPointAsync(record, CancellationToken.None)
            ? id
            : throw new InvalidOperationException("The point's key is taken.");
    }
}
