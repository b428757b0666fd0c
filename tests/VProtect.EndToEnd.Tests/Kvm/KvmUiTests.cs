using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>The web UI with a host and a guest that are real: the set-up by a person alone, and files out of a backup. <c>VPROTECT_UI_SHOTS</c> names a directory for pictures of its pages.</summary>
[Collection(KvmTests.Name)]
public sealed class KvmUiTests(KvmSite kvm)
{
    [Fact]
    public async Task From_the_first_log_in_to_the_first_backup()
    {
        string[] before = Checkpoints();
        using var directory = new TemporaryDirectory();
        using var process = new ApplianceProcess(directory["data"], VprotectProcess.Binary);
        Uri address = await process.ListensAsync();
        var known = new Dictionary<string, string>
        {
            ["REPOSITORY"] = directory["repository"],
            ["TYPE"] = "KVM",
            ["HOST"] = kvm.Host.Uri,
            ["SETTINGS"] = $"socketDirectory={kvm.Images}\nscratchReserveMiB=0",
            ["MACHINE"] = KvmGuest.Name,
        };
        await UiStory.TellAsync("first-run.mjs", address, known, process.FirstPassword!);

        // The other tests' appliance finds the guest as it was.
        foreach (string ours in Checkpoints().Except(before))
        {
            kvm.Host.Virsh("checkpoint-delete", kvm.Guest.Uuid, ours);
        }
    }

    [Fact]
    public async Task A_file_of_the_guest_is_downloaded_from_its_backup_and_restored_into_it()
    {
        await kvm.WriteAsync("browsed");
        await kvm.BackUpAsync();
        await kvm.Guest.RunAsync("echo changed >/root/word");
        await UiStory.TellAsync("files.mjs", kvm.Site.Address, new() { ["MACHINE"] = KvmGuest.Name, ["FILE"] = "/root/word", ["CONTENT"] = "browsed" });
        Assert.Equal("browsed\n", await kvm.Guest.RunAsync("cat /root/word"));
    }

    [Fact]
    public async Task Guest_is_started_from_its_backup_and_discarded()
    {
        await kvm.BackUpAsync();
        await UiStory.TellAsync("boot.mjs", kvm.Site.Address, new() { ["MACHINE"] = KvmGuest.Name });
        Assert.DoesNotContain("web1-looked-at", kvm.Host.Virsh("list", "--all", "--name"), StringComparison.Ordinal);
    }

    private string[] Checkpoints() => kvm.Host.Virsh("checkpoint-list", kvm.Guest.Uuid, "--name").Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
