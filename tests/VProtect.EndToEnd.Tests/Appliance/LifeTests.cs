using System.Text.Json;
using VProtect.Connectors.Contract;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>A life of an appliance as an administrator leads it, over REST, from the first start to the last restore.</summary>
public sealed class LifeTests
{
    private const long DiskBytes = 5 << 20;

    [Fact]
    public async Task From_first_start_to_restores_retention_and_verification()
    {
        TestMachine machine = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => machine = TestMachine.Add(datacenter, "web", 10, DiskBytes, DiskBytes));
        await machine.FindAsync(site);

        // 1. A policy with a schedule that is due in a moment: nobody asks for this backup.
        (string rule, string policy) = await site.MakePolicyAsync("nightly", site.Destination, machine);
        List<byte[]> first = await machine.ReadAsync();
        await site.RunScheduleSoonAsync(rule, "FULL");
        string full = Assert.Single(await UntilBackupsAsync(site, machine, count: 1));

        // 2. An incremental backup on demand, of what has changed.
        await machine.WriteAsync();
        List<byte[]> second = await machine.ReadAsync();
        string incremental = await site.BackUpAsync(machine.Guid);

        // 3. Both come back, byte for byte.
        Assert.Equal(first, await site.RestoreAsync(full));
        Assert.Equal(second, await site.RestoreAsync(incremental));

        // 4. As a new machine, and onto the machine itself.
        List<string> before = site.Machines();
        await site.SucceedsAsync(await site.AskImportAsync(incremental, "web restored"));
        string made = Assert.Single(site.Machines().Except(before));
        Assert.Equal("web restored", site.Datacenter.Machine(made).Name);
        Assert.Equal(second, await TestMachine.ReadAsync(site.Datacenter, made));
        site.Datacenter.Change(machine.Uuid, found => found with { Power = PowerState.Off });
        await site.SucceedsAsync(await site.AskImportAsync(full, "web", overwrites: true));
        Assert.Equal(first, await machine.ReadAsync());

        // 5. The next incremental knows what the restore wrote.
        string afterwards = await site.BackUpAsync(machine.Guid);
        Assert.Equal(first, await site.RestoreAsync(afterwards));

        // 6. Everything stored is good; what is deleted goes, the rest stays.
        await site.VerifyAsync(site.Destination);
        await site.SucceedsAsync(await site.AskAsync("delete", new { backups = new[] { new { guid = full } } }));
        Assert.Equal(second, await site.RestoreAsync(incremental));
        Assert.DoesNotContain(full, await site.BackupsAsync(machine.Guid));
        Assert.NotEmpty(policy);
        Assert.Empty(site.Datacenter.Leftovers());
    }

    [Fact]
    public async Task Two_policies_on_one_machine_keep_to_their_own_destinations()
    {
        TestMachine machine = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => machine = TestMachine.Add(datacenter, "web", 11, DiskBytes));
        await machine.FindAsync(site);
        string other = await site.AddDestinationAsync("second", site["other"]);
        (string[] Rules, string[] Destinations) all = (
            [(await site.MakePolicyAsync("here", site.Destination, machine)).Rule, (await site.MakePolicyAsync("there", other, machine)).Rule],
            [site.Destination, other]);
        for (int round = 0; round < 3; round++)
        {
            await machine.WriteAsync();
            List<byte[]> content = await machine.ReadAsync();
            string[] tasks = [.. await Task.WhenAll(all.Rules.Select(rule => site.AskAsync("export", new
            {
                protectedEntities = new[] { new { guid = machine.Guid } },
                protectedEntityType = "VM",
                backupType = round == 0 ? "FULL" : "INCREMENTAL",
                rules = new[] { new { guid = rule } },
            })))];
            foreach ((string task, string destination) in tasks.Zip(all.Destinations))
            {
                JsonElement ended = await site.SucceedsAsync(task);
                Assert.Equal(destination, ended.GetProperty("backupDestination").GetProperty("guid").GetString());
                Assert.Equal(content, await site.RestoreAsync(ApplianceSite.BackupOf(ended)));
            }
        }

        // Each chain has its own checkpoint, and neither lost the other's.
        Assert.Equal(2, site.Datacenter.CheckpointCount(machine.Uuid));
        Assert.Empty(site.Datacenter.Leftovers());
    }

    private static async Task<List<string>> UntilBackupsAsync(ApplianceSite site, TestMachine machine, int count)
    {
        List<string> backups = [];
        await ApplianceSite.UntilAsync(
            async () => (backups = await site.BackupsAsync(machine.Guid, "SUCCESS")).Count >= count,
            () => $"There are {backups.Count} backups and not {count}.\n{site.Process.Said}");
        return backups;
    }
}
