using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>The guest agent, when it does what it is asked and when it does not: backups go on or fail as the policy says, and nothing stays frozen.</summary>
[Collection(KvmTests.Name)]
public sealed class KvmAgentTests(KvmSite kvm)
{
    [Fact]
    public async Task Commands_run_in_the_guest_before_and_after_the_snapshot()
    {
        string settings = $"/api/virtual-machines/{kvm.Machine}/settings";
        await kvm.Site.Client.PutAsync(settings, new
        {
            preSnapCmdExecEnabled = true,
            preSnapCmdArgs = new[] { "/bin/sh", "-c", "echo before $1 >/root/hooks", "sh", "the; snapshot" },
            postSnapCmdExecEnabled = true,
            postSnapCmdArgs = new[] { "/bin/sh", "-c", "echo after >>/root/hooks; exit 3" },
            postSnapIgnoredExitCodes = new[] { 3 },
        });
        JsonElement backup;
        try
        {
            backup = await kvm.BackUpAsync();
        }
        finally
        {
            await kvm.Site.Client.PutAsync(settings, new { postSnapCmdExecEnabled = false });
        }

        Assert.Equal(0, backup.GetProperty("warnings").GetInt32());
        Assert.Equal("before the; snapshot\nafter", (await kvm.Guest.RunAsync("cat /root/hooks")).Trim());

        // What fails before the snapshot fails the backup, and leaves nothing.
        await kvm.Site.Client.PutAsync(settings, new { preSnapCmdArgs = new[] { "/bin/false" } });
        JsonElement failed = await kvm.Site.EndOfAsync(await kvm.Site.AskBackupAsync(kvm.Machine));
        Assert.Equal("FAILED", Appliance.ApplianceSite.StateOf(failed));
        kvm.IsClean(checkpoints: 1);
        await kvm.Site.Client.PutAsync(settings, new { preSnapCmdExecEnabled = false, postSnapCmdExecEnabled = false });
    }

    [Fact]
    public async Task Agent_that_hangs_costs_a_warning_and_its_late_freeze_is_thawed()
    {
        await kvm.Site.Client.PutAsync($"/api/virtual-machines/{kvm.Machine}/settings", new { quiesceBeforeSnapshot = true });
        await kvm.WriteAsync("agent hangs");

        // 1. The agent stands still, and goes on after the backup has long given up waiting.
        await kvm.Guest.RunAsync("systemd-run -q --on-active=25 --timer-property=AccuracySec=100ms pkill -CONT qemu-ga; systemd-run -q --on-active=1 --timer-property=AccuracySec=100ms pkill -STOP qemu-ga");
        await Appliance.ApplianceSite.UntilAsync(() => Task.FromResult(!kvm.Guest.Answers()), () => "The agent still answers.");
        JsonElement backup = await kvm.BackUpAsync();
        Assert.Equal(1, backup.GetProperty("warnings").GetInt32());

        // 2. Then it freezes, as it was asked, and thaws, as it was asked, too: the guest can write.
        await kvm.Guest.AgentAnswersAsync(kvm.Guest.Uuid);
        await Appliance.ApplianceSite.UntilAsync(() => Task.FromResult(kvm.Guest.IsThawed()), () => "The guest stays frozen.");
        await kvm.WriteAsync("thawed");
        JsonElement next = await kvm.BackUpAsync();
        Assert.Equal(0, next.GetProperty("warnings").GetInt32());
        kvm.IsClean(checkpoints: 1);
    }
}
