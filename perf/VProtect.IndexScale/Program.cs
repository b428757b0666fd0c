// The chunk index with synthetic packs: how fast, how much memory, how quickly it comes back.
//   VProtect.IndexScale ENTRIES MEMORY_MIB DIRECTORY
// Rates are given by the clock and, for machines that have other work, by processor time used.
// Chunk ids are SplitMix64 words of a counter, so nothing need be remembered to ask for them again.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using VProtect.Abstractions;
using VProtect.ChunkIndex;

const int EntriesPerPack = 1000;
long entries = args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 10_000_000;
long memoryMib = args.Length > 1 ? long.Parse(args[1], CultureInfo.InvariantCulture) : 16;
string directory = args.Length > 2 ? args[2] : Path.Combine(Path.GetTempPath(), $"vprotect-index-{Environment.ProcessId}");
var options = new ChunkIndexOptions { Directory = directory, MemoryBytesMax = memoryMib << 20 };
Console.WriteLine($"{entries:n0} entries, {memoryMib} MiB record cache, {Environment.ProcessorCount} processors");
long residentBefore = Resident();

var opened = Stopwatch.StartNew();
FasterChunkIndex index = FasterChunkIndex.Open(options);
Row("open empty, cold process", $"{opened.Elapsed.TotalMilliseconds:f0} ms");

var batch = new PackEntry[EntriesPerPack];
TimeSpan slowest = default;
var inserting = Timer.Start();
for (long first = 0; first < entries; first += EntriesPerPack)
{
    for (int i = 0; i < EntriesPerPack; i++)
    {
        batch[i] = new PackEntry(Id(first + i), (uint)(i * 65_000), 40_000, 65_536);
    }

    var one = Stopwatch.StartNew();
    index.AddPack(new PackId((UInt128)(first + 1)), batch);
    slowest = one.Elapsed > slowest ? one.Elapsed : slowest;
}

Row("insert", inserting.Rate(entries));
Row("slowest pack (table growth)", $"{slowest.TotalMilliseconds:f0} ms");
ChunkIndexStatistics statistics = index.Statistics;
GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
Row("managed heap", $"{(double)GC.GetTotalMemory(false) / entries:f1} B/entry");
Row("hash table", $"{(double)statistics.TableBytes / entries:f1} B/entry");
Row("record cache", $"{(double)Math.Min(statistics.CacheBytes, statistics.LogBytes) / entries:f1} B/entry");
Row("process growth (all told)", $"{(double)(Resident() - residentBefore) / entries:f1} B/entry");
Row("log on disk", $"{(double)statistics.LogBytes / entries:f1} B/entry");

using (IChunkIndexSession session = index.OpenSession())
{
    long cached = Math.Min(entries, (memoryMib << 20) / 64 / 2);
    Look("find one, recent", session, 2_000_000, n => entries - 1 - (long)(Mix((ulong)n) % (ulong)cached), expected: true);
    Look("find one, any", session, 500_000, n => (long)(Mix((ulong)n) % (ulong)entries), expected: true);
    LookMany("find many, any", session, 1_000_000, n => (long)(Mix((ulong)n) % (ulong)entries), expected: true);
    Look("miss", session, 2_000_000, n => -1 - n, expected: false);
}

var checkpoint = Stopwatch.StartNew();
await index.CheckpointAsync(CancellationToken.None);
Row("checkpoint, first", $"{checkpoint.Elapsed.TotalMilliseconds:f0} ms");
for (int i = 0; i < EntriesPerPack; i++)
{
    batch[i] = new PackEntry(Id(entries + i), 0, 1, 1);
}

index.AddPack(new PackId(UInt128.MaxValue), batch);
checkpoint.Restart();
await index.CheckpointAsync(CancellationToken.None);
Row("checkpoint, one pack later", $"{checkpoint.Elapsed.TotalMilliseconds:f0} ms");
await index.DisposeAsync();

opened.Restart();
index = FasterChunkIndex.Open(options);
Row("reopen", $"{opened.Elapsed.TotalMilliseconds:f0} ms");
if (index.EntryCount != entries + EntriesPerPack)
{
    throw new InvalidOperationException($"Reopened with {index.EntryCount} entries: {index.StartedEmptyBecause}");
}

using (IChunkIndexSession session = index.OpenSession())
{
    LookMany("find many after reopen, any", session, 1_000_000, n => (long)(Mix((ulong)n) % (ulong)entries), expected: true);
}

await index.DisposeAsync();
if (args.Length <= 2)
{
    Directory.Delete(directory, recursive: true);
}

void Look(string what, IChunkIndexSession session, int count, Func<long, long> pick, bool expected)
{
    var watch = Timer.Start();
    for (int n = 0; n < count; n++)
    {
        if (session.TryFind(Id(pick(n)), out _) != expected)
        {
            throw new InvalidOperationException($"{what}: wrong answer for {pick(n)}");
        }
    }

    Row(what, watch.Rate(count));
}

void LookMany(string what, IChunkIndexSession session, int count, Func<long, long> pick, bool expected)
{
    var ids = new ChunkId[256];
    var locations = new ChunkLocation[256];
    bool[] found = new bool[256];
    var watch = Timer.Start();
    for (int n = 0; n < count; n += ids.Length)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = Id(pick(n + i));
        }

        if (session.FindMany(ids, locations, found) != (expected ? ids.Length : 0))
        {
            throw new InvalidOperationException($"{what}: wrong answer");
        }
    }

    Row(what, watch.Rate(count));
}

static void Row(string what, string figure) => Console.WriteLine($"  {what,-30} {figure,30}");

static ChunkId Id(long n)
{
    Span<ulong> words = [Mix((ulong)n * 4), Mix(((ulong)n * 4) + 1), Mix(((ulong)n * 4) + 2), Mix(((ulong)n * 4) + 3)];
    return new ChunkId(MemoryMarshal.AsBytes(words));
}

static ulong Mix(ulong x)
{
    x += 0x9E37_79B9_7F4A_7C15;
    x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
    x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
    return x ^ (x >> 31);
}

static long Resident()
{
    using var self = Process.GetCurrentProcess();
    return self.WorkingSet64;
}

internal readonly record struct Timer(long Begun, TimeSpan ProcessorBegun)
{
    public static Timer Start() => new(Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

    public string Rate(long count) =>
        $"{count / Stopwatch.GetElapsedTime(Begun).TotalSeconds / 1e6:f2} M/s ({count / (Environment.CpuUsage.TotalTime - ProcessorBegun).TotalSeconds / 1e6:f2} per CPU s)";
}
