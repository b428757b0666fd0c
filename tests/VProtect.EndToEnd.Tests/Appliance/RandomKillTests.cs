using System.Globalization;
using System.Text.Json;
using Xunit.Abstractions;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>
/// Goal: whenever the appliance dies, it comes back, every task ends, nothing is left on the platform, what was finished stays finished, and the
/// next backup is right. Method: ask for work of all kinds at once, kill the process at a random moment of its usual length, start it again.
/// A hundredth of VPROTECT_KILLS sets the number of rounds.
/// </summary>
public sealed class RandomKillTests(ITestOutputHelper output)
{
    private const long DiskBytes = 3 << 20;

    private static int Rounds { get; } =
        Math.Max(3, int.Parse(Environment.GetEnvironmentVariable("VPROTECT_KILLS") ?? "0", CultureInfo.InvariantCulture) / 100);

    private static int Seed { get; } = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_SEED") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Killed_at_random_moments_it_comes_back_with_all_it_finished()
    {
        var random = new Random(Seed);
        TestMachine[] machines = [];
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter =>
            machines = [.. Enumerable.Range(0, 3).Select(i => TestMachine.Add(datacenter, $"vm{i}", Seed + i, DiskBytes))]);
        var finished = new Dictionary<string, List<byte[]>>();
        foreach (TestMachine machine in machines)
        {
            await machine.FindAsync(site);
            finished.Add(await site.BackUpAsync(machine.Guid), await machine.ReadAsync());
        }

        var ends = new SortedDictionary<string, int>();
        for (int round = 0; round < Rounds; round++)
        {
            List<string> tasks = await AskForEverythingAsync(site, machines, [.. finished.Keys], random);
            await Task.Delay(random.Next(1500));
            await site.KillAsync();
            await site.StartAsync();
            foreach (string guid in tasks)
            {
                JsonElement task = await site.EndOfAsync(guid);
                string end = $"{ApplianceSite.TypeOf(task)} {ApplianceSite.StateOf(task)}";
                ends[end] = ends.GetValueOrDefault(end) + 1;
                Assert.True(ApplianceSite.StateOf(task) != "FAILED" || task.GetProperty("statusInfo").GetString() is { Length: > 0 }, task.ToString());
            }

            await site.PlatformIsCleanAsync();
            foreach (TestMachine machine in machines)
            {
                await machine.WriteAsync();
                finished.Add(await site.BackUpAsync(machine.Guid), await machine.ReadAsync());
            }

            (string backup, List<byte[]> content) = finished.ElementAt(random.Next(finished.Count));
            Assert.Equal(content, await site.RestoreAsync(backup));
        }

        foreach ((string backup, List<byte[]> content) in finished.TakeLast(6))
        {
            Assert.Equal(content, await site.RestoreAsync(backup));
        }

        await site.VerifyAsync(site.Destination);
        output.WriteLine($"{Rounds} kills: {string.Join(", ", ends.Select(pair => $"{pair.Key} {pair.Value}"))}");
    }

    private static async Task<List<string>> AskForEverythingAsync(ApplianceSite site, TestMachine[] machines, IReadOnlyList<string> backups, Random random)
    {
        var tasks = new List<string>();
        foreach (TestMachine machine in machines)
        {
            tasks.Add(await site.AskBackupAsync(machine.Guid, isFull: random.Next(3) == 0));
        }

        string some = backups[random.Next(backups.Count)];
        tasks.Add(await site.AskSnapshotAsync(machines[random.Next(machines.Length)].Guid));
        tasks.Add(await site.AskRestoreAsync(some, site[$"killed-{Guid.NewGuid():N}"]));
        tasks.Add(await site.AskImportAsync(some, $"killed-{Guid.NewGuid():N}"));
        tasks.Add(await site.AskVerifyAsync(site.Destination));
        tasks.Add(await site.AskAsync("inventory-sync", new { hypervisor = new { guid = site.Hypervisor } }));
        return tasks;
    }
}
