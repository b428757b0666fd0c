using System.Diagnostics;

namespace VProtect.EndToEnd.Tests;

/// <summary>
/// Goal: whatever runs beside it and however it ends, what was committed can be restored.
/// Method: three lanes back up changing disks of their own, each killed now and then, while another collects garbage and is
/// killed too; all share a repository and its state. VPROTECT_STRESS_SECONDS sets for how long.
/// </summary>
public sealed class ConcurrencyTests
{
    private static TimeSpan Length { get; } =
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("VPROTECT_STRESS_SECONDS"), out int seconds) ? seconds : 20);

    [Fact]
    public async Task Concurrent_backups_and_collections_killed_at_random_leave_only_good_restore_points()
    {
        using var place = new Workplace();
        var clock = Stopwatch.StartNew();
        Task<Dictionary<string, string>>[] lanes = [.. Enumerable.Range(0, 3).Select(lane => Task.Run(() => BackUpForAWhile(place, lane, clock)))];
        await Task.Run(() => CollectForAWhile(place, clock));

        var committed = new Dictionary<string, string>();
        foreach (Dictionary<string, string> lane in await Task.WhenAll(lanes))
        {
            foreach ((string point, string hash) in lane)
            {
                committed.Add(point, hash);
            }
        }

        // The first backup of each lane is never killed.
        Assert.True(committed.Count >= 3);
        Assert.Subset(place.Points().ToHashSet(), committed.Keys.ToHashSet());
        place.VerifyIsSound();
        Assert.All(committed, pair => Assert.Equal(pair.Value, place.HashOf(pair.Key)));

        place.Run("repo", "gc", place.Repository).Expect(0);
        place.Run("repo", "gc", place.Repository).Expect(0);
        place.VerifyIsSound();
    }

    /// <summary>Two restores at once, each with an index of its own.</summary>
    [Fact]
    public async Task Restores_may_run_at_once()
    {
        using var place = new Workplace();
        var disk = new TestDisk(place["disk.raw"], 16 << 20, seed: 20);
        place.BackUp(disk.Path);
        string[] hashes = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => place.HashOf("latest"))));
        Assert.All(hashes, hash => Assert.Equal(disk.Hash, hash));
    }

    private static Dictionary<string, string> BackUpForAWhile(Workplace place, int lane, Stopwatch clock)
    {
        var random = new Random(100 + lane);
        var disk = new TestDisk(place[$"disk{lane}.raw"], 16 << 20, seed: 10 + lane);
        var committed = new Dictionary<string, string>();
        while (committed.Count == 0 || clock.Elapsed < Length)
        {
            using VprotectProcess process = place.Start("backup", disk.Path, "--machine", $"vm{lane}");
            if (committed.Count > 0 && random.Next(3) == 0)
            {
                Thread.Sleep(random.Next(3000));
                process.Signal(VprotectProcess.SigKill);
                process.Wait();
            }
            else
            {
                committed.Add(process.Wait().Expect(0).Json.GetProperty("restorePoint").GetString()!, disk.Hash);
            }

            disk.Change(writes: 8, lengthBytesMax: 1 << 20);
        }

        return committed;
    }

    private static void CollectForAWhile(Workplace place, Stopwatch clock)
    {
        var random = new Random(99);
        while (clock.Elapsed < Length)
        {
            using VprotectProcess process = place.Start("repo", "gc", place.Repository);
            if (random.Next(3) == 0)
            {
                Thread.Sleep(random.Next(3000));
                process.Signal(VprotectProcess.SigKill);
                process.Wait();
            }
            else
            {
                process.Wait().Expect(0);
            }
        }
    }
}
