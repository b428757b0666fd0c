using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using static VProtect.ChunkIndex.Tests.TestIndex;

namespace VProtect.ChunkIndex.Tests;

/// <summary>
/// Goal: whenever the process is killed, in growing, rewriting, compacting or in a checkpoint, the next one finds no chunk in a pack that was removed
/// or never added, finds every chunk of the packs it says it has, and has what was recorded.
/// Method: a process adds and removes packs, takes checkpoints, and says each thing before and after it does it; killed at a random moment; what it said is the model.
/// </summary>
public sealed class KilledIndexTests
{
    private const int PerPack = 3000;
    private const int PacksMax = 60;

    // Longer on demand: VPROTECT_INDEX_KILLS rounds instead of these.
    private static readonly int Rounds =
        int.TryParse(Environment.GetEnvironmentVariable("VPROTECT_INDEX_KILLS"), CultureInfo.InvariantCulture, out int rounds) ? rounds : 4;

    [Fact]
    public async Task Killed_index_answers_nothing_that_is_gone_and_keeps_what_was_recorded()
    {
        using var test = new TestIndex();
        var random = new Random(11);
        var mayBeThere = new HashSet<int>();
        var isRecorded = new HashSet<int>();
        for (int round = 0; round < Rounds; round++)
        {
            using Process process = Process.Start(new ProcessStartInfo(
                "dotnet", ["exec", typeof(Program).Assembly.Location, "churn", test.Root, $"{round}"])
            {
                RedirectStandardOutput = true,
            })!;
            int killAfter = random.Next(20, 400);
            var added = new HashSet<int>(isRecorded);
            int said = 0;
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                string[] words = line.Split(' ');
                int pack = int.Parse(words[1], CultureInfo.InvariantCulture);
                switch (words[0])
                {
                    case "has":
                        // What was not recorded may have been lost, and was not added again.
                        added.Add(pack);
                        break;
                    case "adding":
                        mayBeThere.Add(pack);
                        break;
                    case "added":
                        added.Add(pack);
                        break;
                    case "removing":
                        added.Remove(pack);
                        isRecorded.Remove(pack);
                        break;
                    case "removed":
                        mayBeThere.Remove(pack);
                        break;
                    case "recorded":
                        isRecorded = [.. added];
                        break;
                    default:
                        Assert.Fail(line);
                        break;
                }

                if (++said == killAfter)
                {
                    Thread.SpinWait(random.Next(1, 1_000_000));
                    process.Kill();
                }
            }

            await process.WaitForExitAsync();
            Assert.True(said >= killAfter, "The process ended by itself.");
            await using FasterChunkIndex index = test.Open();
            int[] there = [.. index.Packs.Select(static pack => (int)(ulong)pack.Value - 1)];
            Assert.Subset(mayBeThere, there.ToHashSet());
            Assert.Superset(isRecorded, there.ToHashSet());
            Compare(index, there.ToHashSet());

            // What the checkpoint did not have is forgotten now, as the next process will find.
            mayBeThere = [.. there];
        }
    }

    /// <summary>The process that is killed.</summary>
    internal static async Task ChurnForeverAsync(string directory, int seed)
    {
        var random = new Random(seed);
        await using FasterChunkIndex index = FasterChunkIndex.Open(
            new ChunkIndexOptions { Directory = directory, MemoryBytesMax = 4 << 20 }, NullLogger.Instance, static path => new IndexFile(path));
        var there = new List<int>();
        foreach (PackId pack in index.Packs)
        {
            there.Add((int)(ulong)pack.Value - 1);
            Console.WriteLine($"has {there[^1]}");
        }

        int next = (seed + 1) * 100_000;
        while (true)
        {
            if (there.Count < PacksMax && random.Next(5) < 3)
            {
                Console.WriteLine($"adding {next}");
                index.AddPack(Pack(next), Entries(next, First(next), PerPack));
                Console.WriteLine($"added {next}");
                there.Add(next++);
            }
            else if (there.Count > 0 && random.Next(3) < 2)
            {
                int at = random.Next(there.Count);
                Console.WriteLine($"removing {there[at]}");
                index.RemovePack(Pack(there[at]));
                Console.WriteLine($"removed {there[at]}");
                there.RemoveAt(at);
            }
            else if (random.Next(6) == 0)
            {
                await index.CheckpointAsync(CancellationToken.None);
                Console.WriteLine("recorded 0");
            }
        }
    }

    // Packs overlap by half with their neighbours, so that chunks have several places.
    private static long First(int pack) => (pack % 100) * (PerPack / 2);

    private static void Compare(FasterChunkIndex index, HashSet<int> there)
    {
        using IChunkIndexSession session = index.OpenSession();
        ChunkId[] ids = [.. Enumerable.Range(0, 101 * PerPack / 2).Select(static n => Id(n))];
        var locations = new ChunkLocation[ids.Length];
        bool[] found = new bool[ids.Length];
        session.FindMany(ids, locations, found);
        for (int chunk = 0; chunk < ids.Length; chunk++)
        {
            int[] holders = [.. there.Where(pack => chunk >= First(pack) && chunk < First(pack) + PerPack)];
            Assert.Equal(holders.Length > 0, found[chunk]);
            Assert.True(!found[chunk] || holders.Any(pack => Location(pack, chunk) == locations[chunk]));
        }
    }
}
