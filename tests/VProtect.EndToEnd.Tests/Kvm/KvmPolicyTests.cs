using System.Text.Json;
using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>What happens by policy and schedule on a host with libvirt.</summary>
[Collection(KvmTests.Name)]
public sealed class KvmPolicyTests(KvmSite kvm)
{
    [Fact]
    public async Task Schedule_backs_up_and_the_policy_says_that_file_systems_are_frozen()
    {
        JsonElement policy = await kvm.Site.Client.PostAsync("/api/policies/vm-backup", new
        {
            name = "nightly",
            vms = new[] { new { guid = kvm.Machine } },
            quiesce = "REQUIRE",
            rules = new[] { new { name = "nightly", ruleBackupDestinations = new { primaryBackupDestination = new { backupDestination = new { guid = kvm.Site.Destination }, backupRetentionSettings = new { retentionKeepLastNFull = 10 } } } } },
        });
        int before = (await kvm.Site.BackupsAsync(kvm.Machine)).Count;
        await ScheduleAsync(policy);
        await ApplianceSite.UntilAsync(
            async () => (await kvm.Site.BackupsAsync(kvm.Machine)).Count > before, () => $"No backup was made.\n{kvm.Site.Process.Said}");
        kvm.IsClean(checkpoints: 1);
    }

    [Fact]
    public async Task Snapshots_by_policy_are_kept_as_many_as_it_says_and_the_machine_goes_back_to_one()
    {
        JsonElement policy = await kvm.Site.Client.PostAsync("/api/policies/vm-snapshot", new
        {
            name = "hourly",
            vms = new[] { new { guid = kvm.Machine } },
            quiesce = "TRY",
            rules = new[] { new { name = "hourly", retentionVersions = 2 } },
        });
        string rule = (await kvm.Site.Client.GetAsync($"/api/policies/vm-snapshot/{policy.GetProperty("guid").GetString()}")).GetProperty("rules")[0].GetProperty("guid").GetString()!;
        await kvm.WriteAsync("backed up before");
        await kvm.BackUpAsync();

        // 1. Three snapshots, of which two are kept; the machine runs on, and backups stay incremental.
        string second = "";
        for (int i = 0; i < 3; i++)
        {
            string content = await kvm.WriteAsync($"snapshot {i}");
            await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("vm-snapshot", new { protectedEntities = new[] { new { guid = kvm.Machine } }, rule = new { guid = rule } }));
            second = i == 1 ? content : second;
        }

        await ApplianceSite.UntilAsync(() => Task.FromResult(Snapshots().Length == 2), () => $"There are {Snapshots().Length} snapshots.\n{kvm.Site.Process.Said}");
        JsonElement kept = await kvm.Site.Client.GetAsync($"/api/snapshots?virtual-machine={kvm.Machine}");
        JsonElement[] present = [.. kept.EnumerateArray().Where(snapshot => snapshot.GetProperty("state").GetProperty("name").GetString() == "PRESENT")];
        Assert.Equal(2, present.Length);
        Assert.All(present, snapshot => Assert.True(snapshot.GetProperty("quiesced").GetBoolean()));
        JsonElement among = await kvm.BackUpAsync();
        Assert.Equal("INCREMENTAL", among.GetProperty("type").GetProperty("name").GetString());
        Assert.Equal(0, among.GetProperty("warnings").GetInt32());

        // 2. Back to the older of the two: the guest finds what it had written then.
        await kvm.WriteAsync("to be forgotten");
        kvm.Host.Virsh("destroy", kvm.Guest.Uuid);
        await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("snapshot-reversion", new { snapshot = new { guid = present[1].GetProperty("guid").GetString() } }));
        await kvm.Guest.StartAgainAsync();
        Assert.Equal("snapshot 1", (await kvm.Guest.RunAsync("cat /root/word")).Trim());
        Assert.Equal(second, await kvm.Guest.HashAsync("vdb"));
        JsonElement after = await kvm.BackUpAsync();
        string restored = kvm.Site["after"];
        await kvm.Site.SucceedsAsync(await kvm.Site.AskRestoreAsync(after.GetProperty("guid").GetString()!, restored));
        Assert.Equal(second, Workplace.Hash(await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(restored, "*vdb*.raw")))));
        Directory.Delete(restored, recursive: true);
    }

    private string[] Snapshots() => kvm.Host.Virsh("snapshot-list", kvm.Guest.Uuid, "--name").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Has the rule of a policy run in a moment.</summary>
    private async Task ScheduleAsync(JsonElement policy)
    {
        TimeSpan soon = DateTimeOffset.UtcNow.AddSeconds(2).TimeOfDay;
        JsonElement rules = (await kvm.Site.Client.GetAsync($"/api/policies/vm-backup/{policy.GetProperty("guid").GetString()}")).GetProperty("rules");
        await kvm.Site.Client.PostAsync("/api/schedules", new
        {
            name = "soon",
            active = true,
            type = "VM_BACKUP",
            backupType = "INCREMENTAL",
            executionType = "TIME",
            hour = (long)soon.TotalMilliseconds,
            daysOfWeek = new[] { "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY" },
            startWindowLength = 3_600_000,
            rules = new[] { new { guid = rules[0].GetProperty("guid").GetString() } },
        });
    }
}
