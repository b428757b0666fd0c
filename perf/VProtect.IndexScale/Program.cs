// The chunk index with synthetic packs: how fast, how much memory, how quickly it comes back.
//   VProtect.IndexScale [--entries N] [--memory MIB] [--adders N] [--grow] [--directory PATH] [--part all|footers]
// Part 'footers' is the rebuild of a lost index from a repository on the local disk; part 'all' everything else.
// Reopening is measured in processes of their own, after one that closed and one that was killed.
using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.ChunkIndex;
using VProtect.IndexScale;

Scale scale = Scale.Parse(args);
var options = new ChunkIndexOptions { Directory = scale.Directory, MemoryBytesMax = scale.MemoryMib << 20 };
long Any(long n) => (long)(Scale.Mix((ulong)n) % (ulong)scale.Entries);
switch (scale.Part)
{
    case "all":
        await All();
        break;
    case "footers":
        await Footers.RunAsync(scale, options);
        Directory.Delete(scale.Directory, recursive: true);
        break;
    case "reopen":
        await Reopen();
        break;
    case "kill":
        AddAndDie();
        break;
    default:
        throw new ArgumentException($"No part is named {scale.Part}.");
}

async Task All()
{
    Console.WriteLine(
        $"{scale.Entries:n0} entries, {scale.MemoryMib} MiB, {scale.Adders} adders, {(scale.Reserves ? "size told" : "growing")}, {Environment.ProcessorCount} processors");
    long residentBefore = Report.Resident();
    var watch = Report.Start();
    await using (FasterChunkIndex index = FasterChunkIndex.Open(options))
    {
        Report.Row("open empty, cold process", watch.Time());
        new Building(scale, index).Run();
        ChunkIndexStatistics statistics = index.Statistics;
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        double Each(long bytes) => (double)bytes / scale.Entries;
        Report.Row("hash table", $"{Each(statistics.TableBytes):f1} B/entry");
        Report.Row("records in memory", $"{Each(Math.Min(statistics.CacheBytes, statistics.LogBytes)):f1} B/entry");
        Report.Row("process growth (all told)", $"{Each(Report.Resident() - residentBefore):f1} B/entry");
        Report.Row("log on disk", $"{Each(statistics.LogBytes):f1} B/entry");
        Report.Row("resident, now and at most", $"{Report.Resident() >> 20} {Report.ResidentMax() >> 20} MiB");
        if (index.MemoryWarning is { } warning)
        {
            Console.WriteLine($"  {warning}");
        }

        using (IChunkIndexSession session = index.OpenSession())
        {
            long cached = Math.Min(scale.Entries, statistics.CacheBytes / 64 * 9 / 10);
            long Recent(long n) => scale.Entries - 1 - (long)(Scale.Mix((ulong)n) % (ulong)cached);
            Finding.One("find one, recent", session, 2_000_000, Recent, expected: true);
            Finding.Many("find many, recent", session, 2_000_000, Recent, expected: true);
            Finding.One("find one, any", session, 500_000, Any, expected: true);
            Finding.Many("find many, any", session, 1_000_000, Any, expected: true);
            Finding.One("miss", session, 2_000_000, static n => -1 - n, expected: false);
        }

        watch = Report.Start();
        await index.CheckpointAsync(CancellationToken.None);
        Report.Row("checkpoint, first", watch.Time());
        var batch = new PackEntry[Scale.EntriesPerPack];
        Scale.Fill(batch, scale.Packs);
        index.AddPack(Scale.Pack(scale.Packs), batch);
        watch = Report.Start();
        await index.CheckpointAsync(CancellationToken.None);
        Report.Row("checkpoint, one pack later", watch.Time());
    }

    await InProcessOfItsOwn("reopen");
    await InProcessOfItsOwn("kill");
    await InProcessOfItsOwn("reopen");
    Directory.Delete(scale.Directory, recursive: true);
}

async Task Reopen()
{
    var watch = Report.Start();
    await using FasterChunkIndex index = FasterChunkIndex.Open(options);
    Report.Row("reopen, cold process", watch.Time());
    if (index.EntryCount < scale.Packs * Scale.EntriesPerPack)
    {
        throw new InvalidOperationException($"Reopened with {index.EntryCount} entries: {index.StartedEmptyBecause}");
    }

    using IChunkIndexSession session = index.OpenSession();
    Finding.Many("find many after reopening, any", session, 1_000_000, Any, expected: true);
    Report.Row("resident", $"{Report.Resident() >> 20} MiB");
}

// A tenth of what there is, up to ten million, is added after the last checkpoint.
void AddAndDie()
{
    FasterChunkIndex index = FasterChunkIndex.Open(options);
    var batch = new PackEntry[Scale.EntriesPerPack];
    for (long pack = 0; pack < scale.Packs / 10; pack++)
    {
        Scale.Fill(batch, 2 * scale.Packs + pack);
        index.AddPack(Scale.Pack(2 * scale.Packs + pack), batch);
    }

    Console.WriteLine($"  kill -9 with {scale.Packs / 10} packs added since the checkpoint");
    using var self = Process.GetCurrentProcess();
    self.Kill();
}

async Task InProcessOfItsOwn(string part)
{
    using Process process = Process.Start(Environment.ProcessPath!, [.. ProgramArguments(), .. scale.Arguments(part)]);
    await process.WaitForExitAsync();
}

// The program itself, or the runtime that was told which.
static string[] ProgramArguments() =>
    Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(Scale).Assembly.Location] : [];
