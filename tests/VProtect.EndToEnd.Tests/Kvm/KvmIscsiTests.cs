using System.Text.Json;
using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>A machine whose only disks are the units of an iSCSI mount: firmware, boot loader and system come from there.</summary>
[Collection(KvmTests.Name)]
public sealed class KvmIscsiTests(KvmSite kvm)
{
    [Fact]
    public async Task Backup_of_the_guest_starts_from_an_iscsi_mount_up_to_its_login()
    {
        string backup = (await kvm.BackUpAsync()).GetProperty("guid").GetString()!;
        await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("mount", new { backup = new { guid = backup }, mode = "ISCSI", writable = true }));
        JsonElement mount = Assert.Single((await kvm.Site.Client.GetAsync("/api/mounted-backups")).EnumerateArray());
        string guid = mount.GetProperty("guid").GetString()!;
        string console = kvm.Site["iscsi-console.log"];
        IEnumerable<string> disks = (await kvm.Site.Client.GetAsync($"/api/mounted-files?mounted-backup={guid}")).EnumerateArray()
            .SelectMany(disk => (string[])["-drive", $"file={disk.GetProperty("address").GetString()},format=raw,if=virtio"]);
        using (var machine = new VprotectProcess(
            ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max", "-m", "512", "-display", "none", "-nic", "none", "-serial", "file:" + console, .. disks],
            new Dictionary<string, string>()))
        {
            await ApplianceSite.UntilAsync(
                () => Task.FromResult(machine.HasExited || Said(console).Contains("login:", StringComparison.Ordinal)),
                () => "It does not start: " + Said(console));
            Assert.False(machine.HasExited, machine.HasExited ? machine.Wait().Error : "");
        }

        // It ran on what it wrote: a system that starts writes.
        Assert.Contains(Directory.GetFiles(Path.Join(kvm.Site.Data, "node", "mounts")), file => new FileInfo(file).Length > 1 << 20);
        await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("unmount", new { mountedBackup = new { guid } }));
        Assert.Empty(Directory.GetFiles(Path.Join(kvm.Site.Data, "node", "mounts")));
        kvm.IsClean(checkpoints: 1);
    }

    private static string Said(string console)
    {
        if (!File.Exists(console))
        {
            return "";
        }

        using var reader = new StreamReader(new FileStream(console, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}
