using System.Collections.Concurrent;
using System.Globalization;
using VProtect.Testing.PowerCut;
using Xunit.Abstractions;

namespace VProtect.EndToEnd.Tests;

/// <summary>
/// Goal: what the program said is done survives a loss of power at any moment, and nothing that survives besides confuses it.
/// Method: repository and index lie on a file system that keeps what was fsynced and, of everything else, whatever a seed says, torn at
/// sectors (<see cref="PowerCutDisk"/>). Two backups, collections and forgets run on it at once; power goes after a random number
/// of changes; all processes die, or see every call fail. Then everything that was told as done is checked.
/// VPROTECT_POWERCUTS sets the number of cuts, VPROTECT_SEED where they begin.
/// </summary>
public sealed class PowerLossTests(ITestOutputHelper output)
{
    private const int Lanes = 2;
    private const int ChangesMax = 300;

    private static int Cuts { get; } = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_POWERCUTS") ?? "12", CultureInfo.InvariantCulture);

    private static int Seed { get; } = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_SEED") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task What_was_told_as_done_survives_a_loss_of_power_at_any_moment()
    {
        using var power = new PowerCutDisk();
        power.PowerOn(renamesWithFlags: true);
        using var place = new Workplace(Path.Join(power.Path, "repository"), hasQuickKey: true);
        place.Environment["VPROTECT_STATE"] = Path.Join(power.Path, "state");
        var random = new Random(Seed);
        var history = new CommitHistory();
        TestDisk[] disks = [.. Enumerable.Range(0, Lanes).Select(lane => new TestDisk(place[$"disk{lane}.raw"], 3 << 20, seed: 300 + lane))];
        for (int round = 0; round < Cuts; round++)
        {
            string trace = $"seed {Seed}, cut {round}";
            int before = power.Changes;
            power.CutAfter(random.Next(ChangesMax));
            await RunUntilCutAsync(place, power, disks, history, killsAtOnce: random.Next(2) == 0, random.Next());
            int changes = power.Changes - before;
            power.PowerOff(random);
            power.PowerOn(renamesWithFlags: random.Next(3) > 0);

            int unannounced = history.Check(place, trace);
            place.Run("repo", "gc", place.Repository).Expect(0);

            // The next run that needs an index removes what killed ones left.
            place.NothingTemporaryIsLeft();
            place.VerifyIsSound();
            history.CheckBytes(place, random, count: 2, trace);
            output.WriteLine($"cut {round} after {changes} changes; {history.Count} points, {unannounced} not announced");
        }

        history.CheckBytes(place, random, count: history.Count, "end");
        place.Run("repo", "gc", place.Repository).Expect(0);
        place.Run("repo", "gc", place.Repository).Expect(0);
        place.VerifyIsSound();
    }

    /// <summary>A repository exists whole, or making it again works.</summary>
    [Fact]
    public void A_repository_is_made_whole_or_can_be_made_again()
    {
        var random = new Random(Seed);
        for (int cut = 0; cut < Math.Max(6, Cuts / 4); cut++)
        {
            using var power = new PowerCutDisk();
            power.PowerOn(renamesWithFlags: true);
            string repository = Path.Join(power.Path, "repository");
            using var place = new Workplace(hasQuickKey: true);
            place.Environment["VPROTECT_STATE"] = Path.Join(power.Path, "state");
            power.CutAfter(random.Next(24));
            bool isMade = place.Run("repo", "init", repository).ExitCode == 0;
            power.PowerOff(random);
            power.PowerOn(renamesWithFlags: true);
            int answer = place.Run("repo", "info", repository).ExitCode;
            Assert.True(answer == 0 || (!isMade && answer == 8), $"seed {Seed}, cut {cut}: made {isMade}, info says {answer}");
            if (answer != 0)
            {
                place.Run("repo", "init", repository).Expect(0);
            }

            place.Run("repo", "verify", repository).Expect(0);
        }
    }

    private static async Task RunUntilCutAsync(
        Workplace place, PowerCutDisk power, TestDisk[] disks, CommitHistory history, bool killsAtOnce, int seed)
    {
        var running = new ConcurrentDictionary<VprotectProcess, bool>();
        Answer Run(params string[] arguments)
        {
            using VprotectProcess process = place.Start(arguments);
            running[process] = true;
            if (power.WhenCut.IsCompleted && killsAtOnce)
            {
                process.Signal(VprotectProcess.SigKill);
            }

            Answer answer = process.Wait();
            running.TryRemove(process, out _);
            return answer;
        }

        var lanes = disks.Select((disk, lane) => Task.Run(() =>
        {
            while (!power.WhenCut.IsCompleted)
            {
                disk.Change(writes: 4, lengthBytesMax: 256 << 10);
                string machine = $"vm{lane}";
                history.Attempted(machine, disk.Hash);
                Answer answer = Run("backup", disk.Path, "--machine", machine);
                if (Ended(answer, power, killsAtOnce))
                {
                    history.Committed(answer.Json.GetProperty("restorePoint").GetString()!, disk.Hash);
                }
            }
        })).ToList();
        lanes.Add(Task.Run(() =>
        {
            var random = new Random(seed);
            while (!power.WhenCut.IsCompleted)
            {
                if (history.TryForget(random, keep: 3) is { } point && Ended(Run("forget", point), power, killsAtOnce))
                {
                    history.Forgotten(point);
                }

                Ended(Run("repo", "gc", place.Repository, "--rewrite-below", random.Next(2) == 0 ? "50" : "0"), power, killsAtOnce);
            }
        }));
        await power.WhenCut;
        if (killsAtOnce)
        {
            foreach (VprotectProcess process in running.Keys)
            {
                process.Signal(VprotectProcess.SigKill);
            }
        }

        await Task.WhenAll(lanes);
    }

    /// <summary>Whether it was done; when not, power must be gone, and told as trouble of the store.</summary>
    private static bool Ended(Answer answer, PowerCutDisk power, bool killsAtOnce)
    {
        if (answer.ExitCode != 0)
        {
            Assert.True(power.WhenCut.IsCompleted, $"{answer.ExitCode} {answer.Text} {answer.Error}");
            Assert.True(answer.ExitCode == 5 || (killsAtOnce && answer.ExitCode == 128 + VprotectProcess.SigKill), $"{answer.ExitCode} {answer.Text} {answer.Error}");
        }

        return answer.ExitCode == 0;
    }
}
