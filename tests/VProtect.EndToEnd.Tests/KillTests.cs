using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Xunit.Abstractions;

namespace VProtect.EndToEnd.Tests;

/// <summary>
/// Goal: whenever a backup ends by force, what was committed stays whole and the next backup goes on from what was stored.
/// Method: change the disk, start a backup, end it at a random moment between start and a little after its usual end; then
/// back up again, restore one point of those committed so far at random, at the end all of them.
/// A tenth of VPROTECT_KILLS sets the number of rounds.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int SizeBytes = 32 << 20;

    private static int Rounds { get; } =
        Math.Max(12, int.Parse(Environment.GetEnvironmentVariable("VPROTECT_KILLS") ?? "0", CultureInfo.InvariantCulture) / 10);

    [Fact]
    public void Killed_backups_lose_nothing_and_the_next_goes_on() => Run(VprotectProcess.SigKill, Rounds, seed: 1);

    [Fact]
    public void Interrupted_backups_end_with_130_and_leave_nothing() => Run(VprotectProcess.SigInt, Math.Max(6, Rounds / 4), seed: 2);

    private void Run(int signal, int rounds, int seed)
    {
        using var place = new Workplace(hasQuickKey: true);
        var random = new Random(seed);
        var disk = new TestDisk(place["disk.raw"], SizeBytes, seed);
        var committed = new Dictionary<string, string>();
        int usualMilliseconds = 0;
        int cut = 0;
        int reused = 0;
        long slowestEndMilliseconds = 0;

        for (int round = -1; round < rounds; round++)
        {
            // The first round is only for measuring.
            HashSet<int> changed = disk.Change(writes: 24, lengthBytesMax: 1 << 20);
            if (round >= 0)
            {
                (bool wasCut, long endMilliseconds) = StartAndEnd(place, disk, signal, random.Next(usualMilliseconds * 11 / 10), committed);
                cut += wasCut ? 1 : 0;
                slowestEndMilliseconds = Math.Max(slowestEndMilliseconds, endMilliseconds);
            }

            long started = Stopwatch.GetTimestamp();
            JsonElement backup = place.BackUp(disk.Path);
            usualMilliseconds = (int)Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            committed.Add(backup.GetProperty("restorePoint").GetString()!, disk.Hash);

            long newBytes = backup.GetProperty("newBytes").GetInt64();
            long changedBytes = (long)changed.Count * TestDisk.ChunkBytes;
            Assert.True(round < 0 || newBytes <= changedBytes, $"Round {round}: stored {newBytes} of {changedBytes} changed bytes.");
            reused += newBytes < changedBytes ? 1 : 0;
            place.NothingTemporaryIsLeft();

            string point = committed.Keys.ElementAt(random.Next(committed.Count));
            Assert.Equal(committed[point], place.HashOf(point));
            if (round % 5 == 4)
            {
                place.VerifyIsSound();
            }
        }

        output.WriteLine($"signal {signal}: {rounds} rounds, {cut} backups cut short, {rounds - cut} had ended; {reused} next backups reused what was stored; slowest end {slowestEndMilliseconds} ms");
        Assert.Equal(committed.Keys.Order(), place.Points().Order());
        Assert.All(committed, pair => Assert.Equal(pair.Value, place.HashOf(pair.Key)));
        place.VerifyIsSound();
        AllGoesOnceForgotten(place, [.. committed.Keys]);
    }

    /// <summary>Starts a backup and ends it after a time.</summary>
    /// <returns>Whether it was cut short of its commit, and how long its end took.</returns>
    private static (bool WasCut, long EndMilliseconds) StartAndEnd(
        Workplace place, TestDisk disk, int signal, int afterMilliseconds, Dictionary<string, string> committed)
    {
        using VprotectProcess process = place.Start("backup", disk.Path, "--machine", "vm");
        Thread.Sleep(afterMilliseconds);
        long signalled = Stopwatch.GetTimestamp();
        process.Signal(signal);
        Answer answer = process.Wait();
        var end = (long)Stopwatch.GetElapsedTime(signalled).TotalMilliseconds;

        // The commit may have come before the signal: then the point is one like any other.
        List<string> added = [.. place.Points().Except(committed.Keys)];
        Assert.InRange(added.Count, 0, 1);
        added.ForEach(point => committed.Add(point, disk.Hash));
        if (signal == VprotectProcess.SigInt)
        {
            Assert.True(answer.ExitCode is 0 or 130, $"{answer.ExitCode} {answer.Text} {answer.Error}");
            Assert.True(answer.ExitCode == 130 || added.Count == 1, "It ended well and made no restore point.");
            place.NothingTemporaryIsLeft();
        }

        return (added.Count == 0, end);
    }

    private static void AllGoesOnceForgotten(Workplace place, IReadOnlyList<string> points)
    {
        string kept = points[^1];
        string hash = place.HashOf(kept);
        place.Run(["forget", .. points.SkipLast(1)]).Expect(0);
        long before = place.Packs().Sum(pack => new FileInfo(pack).Length);
        place.Run("repo", "gc", place.Repository).Expect(0);
        long freed = place.Run("repo", "gc", place.Repository).Expect(0).Json.GetProperty("freedBytes").GetInt64();
        long after = place.Packs().Sum(pack => new FileInfo(pack).Length);
        Assert.True(freed > 0 && after < before, $"{before} bytes before, {after} after, {freed} freed.");
        place.NoLeaseIsOpen();

        place.VerifyIsSound();
        Assert.Equal(hash, place.HashOf(kept));
        place.Run("forget", kept).Expect(0);
        place.Run("repo", "gc", place.Repository).Expect(0);
        place.Run("repo", "gc", place.Repository).Expect(0);
        Assert.Empty(place.Packs());
    }
}
