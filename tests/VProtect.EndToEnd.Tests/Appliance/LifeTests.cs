using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>An appliance as an administrator uses it, over REST, from the first start to the last restore.</summary>
public sealed class LifeTests
{
    private const long DiskBytes = 5 << 20;

    [Fact]
    public async Task Two_policies_on_one_machine_keep_to_their_own_destinations()
    {
        TestMachine machine = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => machine = TestMachine.Add(datacenter, "web", 11, DiskBytes));
        await machine.FindAsync(site);
        string other = await site.AddDestinationAsync("second", site["other"]);
        (string[] Rules, string[] Destinations) all = (
            [(await MakePolicyAsync(site, "here", site.Destination, machine)).Rule, (await MakePolicyAsync(site, "there", other, machine)).Rule],
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

    private static async Task<(string Rule, string Policy)> MakePolicyAsync(ApplianceSite site, string name, string destination, TestMachine machine)
    {
        JsonElement policy = await site.Client.PostAsync("/api/policies/vm-backup", new
        {
            name,
            vms = new[] { new { guid = machine.Guid } },
            rules = new[]
            {
                new
                {
                    name = "rule of " + name,
                    ruleBackupDestinations = new
                    {
                        primaryBackupDestination = new { backupDestination = new { guid = destination }, backupRetentionSettings = new { retentionKeepLastNFull = 10 } },
                    },
                },
            },
        });
        string guid = policy.GetProperty("guid").GetString()!;
        policy = await site.Client.GetAsync($"/api/policies/vm-backup/{guid}");
        return (policy.GetProperty("rules")[0].GetProperty("guid").GetString()!, guid);
    }
}
