using System.Globalization;
using System.Text.Json;
using Xunit.Abstractions;

namespace VProtect.EndToEnd.Tests;

/// <summary>
/// Goal: whatever runs beside it and however it ends, what was committed can be restored, and what was left behind goes.
/// Method: three lanes back up changing disks of their own; a fourth forgets, collects and verifies; all share a repository and
/// its state. Most processes are killed at a random moment of their usual length. After every dozen of kills everything
/// stops and is compared with what the processes said. VPROTECT_KILLS sets how many die, VPROTECT_SEED where it begins.
/// </summary>
public sealed class ConcurrencyTests(ITestOutputHelper output)
{
    private const int Lanes = 3;
    private const int KillsInRound = 12;

    private static int Kills { get; } = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_KILLS") ?? "18", CultureInfo.InvariantCulture);

    private static int Seed { get; } = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_SEED") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Backups_collections_and_forgets_killed_at_random_lose_nothing_and_leave_nothing()
    {
        using var place = new Workplace(hasQuickKey: true);
        var random = new Random(Seed);
        var history = new CommitHistory();
        TestDisk[] disks = [.. Enumerable.Range(0, Lanes).Select(lane => new TestDisk(place[$"disk{lane}.raw"], 3 << 20, seed: 10 + lane))];
        int unannounced = 0;
        var killer = new ProcessKiller(place);
        for (int round = 0; killer.Kills < Kills; round++)
        {
            string trace = $"seed {Seed}, round {round}";
            int enough = Math.Min(Kills, killer.Kills + KillsInRound);
            int seed = random.Next();
            Task[] lanes = [
                .. disks.Select((disk, lane) => Task.Run(() => BackUp(disk, $"vm{lane}", history, killer, new Random(seed + lane), enough))),
                Task.Run(() => Collect(place, history, killer, new Random(seed + Lanes), enough)),
            ];
            await Task.WhenAll(lanes);
            unannounced += history.Check(place, trace);
            history.CheckBytes(place, random, count: 2, trace);
            if (round % 4 == 3)
            {
                place.VerifyIsSound();
            }
        }

        output.WriteLine($"{killer.Kills} of {killer.Started} processes killed ({killer.Summary}); {unannounced} restore points by backups that did not live to say so");
        NothingIsLeftBehind(place, random);
        history.CheckBytes(place, random, history.Count, "end");
        place.Run(["forget", .. place.Points()]).Expect(0);
        place.Run("repo", "gc", place.Repository).Expect(0);
        place.Run("repo", "gc", place.Repository).Expect(0);
        Assert.Empty(place.Packs());
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

    private static void BackUp(TestDisk disk, string machine, CommitHistory history, ProcessKiller killer, Random random, int enough)
    {
        while (killer.Kills < enough)
        {
            disk.Change(writes: 4, lengthBytesMax: 256 << 10);
            history.Attempted(machine, disk.Hash);
            if (killer.Run(random, "backup", disk.Path, "--machine", machine) is { } answer)
            {
                history.Committed(answer.Expect(0).Json.GetProperty("restorePoint").GetString()!, disk.Hash);
            }
        }
    }

    private static void Collect(Workplace place, CommitHistory history, ProcessKiller killer, Random random, int enough)
    {
        while (killer.Kills < enough)
        {
            if (history.TryForget(random, keep: 5) is { } point && killer.Run(random, "forget", point) is { } forget)
            {
                forget.Expect(0);
                history.Forgotten(point);
            }

            killer.Run(random, "repo", "gc", place.Repository, "--rewrite-below", random.Next(2) == 0 ? "50" : "0")?.Expect(0);
            if (random.Next(4) == 0)
            {
                Answer? verify = killer.Run(random, "repo", "verify", place.Repository);
                Assert.True(verify?.Expect(0).Json.GetProperty("sound").GetBoolean() ?? true, verify?.Text);
            }
        }
    }

    /// <summary>After two collections that nobody disturbs: no garbage, no mark, no temporary file, and each pack is needed.</summary>
    private static void NothingIsLeftBehind(Workplace place, Random random)
    {
        place.Run("repo", "gc", place.Repository).Expect(0);
        place.Run("repo", "gc", place.Repository).Expect(0);
        JsonElement third = place.Run("repo", "gc", place.Repository).Expect(0).Json;
        Assert.All(new[] { "freedBytes", "restorePointsRemoved", "packsRemoved", "packsCondemned", "leasesBroken" }, name => Assert.Equal(0, third.GetProperty(name).GetInt64()));
        place.NothingTemporaryIsLeft();
        place.NoLeaseIsOpen();
        Assert.Empty(place.Objects("forgotten"));
        string[] packs = [.. place.Packs()];
        random.Shuffle(packs);
        foreach (string pack in packs.Take(8))
        {
            File.Move(pack, place["aside"]);
            Assert.NotEqual(0, place.Run("repo", "check", place.Repository).ExitCode);
            File.Move(place["aside"], pack);
        }

        place.VerifyIsSound();
    }
}
