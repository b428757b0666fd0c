using System.Text.Json;
using System.Xml.Linq;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>Restores to a host with libvirt: what the guest finds afterwards.</summary>
[Collection(KvmTests.Name)]
public sealed class KvmRestoreTests(KvmSite kvm)
{
    [Fact]
    public async Task As_a_new_machine_with_a_name_identities_and_a_network_of_its_own_and_without_the_disk_that_is_left_out()
    {
        JsonElement disks = await kvm.Site.Client.GetAsync($"/api/virtual-machine-disks?virtual-machine={kvm.Machine}");
        string excluded = "/api/virtual-machine-disks/" + disks.EnumerateArray().Single(disk => disk.GetProperty("deviceId").GetString() == "vdc").GetProperty("guid").GetString();
        await kvm.Site.Client.PutAsync(excluded + "/settings", new { excluded = true, excludeReason = "scratch" });
        string content = await kvm.WriteAsync("new machine");
        kvm.Vprotect("vm", "backup", KvmGuest.Name, "--wait");
        string backup = (await kvm.Site.BackupsAsync(kvm.Machine))[0];
        await kvm.Site.Client.PutAsync(excluded + "/settings", new { excluded = false });
        Assert.Equal(["vda", "vdb"], await FilesAsync(backup));

        JsonElement networks = await kvm.Site.Client.GetAsync("/api/network");
        string island = networks.EnumerateArray().Single(network => network.GetProperty("name").GetString() == "island").GetProperty("guid").GetString()!;
        await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("restore-and-import", new
        {
            backup = new { guid = backup },
            hypervisor = new { guid = kvm.Site.Hypervisor },
            restoredPeName = "web1-copy",
            restoredNetworks = new[] { new { network = new { guid = island }, networkInterfaceCard = 0 } },
        }));

        XElement made = XElement.Parse(kvm.Host.Virsh("dumpxml", "web1-copy"));
        XElement original = XElement.Parse(kvm.Host.Virsh("dumpxml", KvmGuest.Name));
        Assert.NotEqual(kvm.Guest.Uuid, (string?)made.Element("uuid"));
        Assert.Equal("island", (string?)made.Descendants("interface").Single().Element("source")?.Attribute("network"));
        Assert.NotEqual(Address(original), Address(made));
        Assert.Equal(["vda", "vdb"], made.Descendants("disk").Select(disk => (string?)disk.Element("target")?.Attribute("dev")));
        string image = made.Descendants("disk").Last().Element("source")!.Attribute("file")!.Value;
        Assert.Equal(content, Workplace.Hash(KvmSite.Raw(image)));
        kvm.Host.Virsh("undefine", "web1-copy", "--remove-all-storage");
        kvm.IsClean(checkpoints: 1);
    }

    [Fact]
    public async Task Onto_the_machine_itself_which_starts_again_and_has_its_bytes_back()
    {
        // 1. A backup of the machine that runs, and one when it is off: only what it wrote in between.
        string content = await kvm.WriteAsync("before");
        string before = await kvm.Site.BackUpAsync(kvm.Machine);
        await kvm.WriteAsync("after");
        kvm.Host.Virsh("destroy", kvm.Guest.Uuid);
        JsonElement off = await kvm.BackUpAsync();
        Assert.Equal(0, off.GetProperty("warnings").GetInt32());
        Assert.Equal("INCREMENTAL", off.GetProperty("type").GetProperty("name").GetString());

        // 2. One disk of it to a directory.
        JsonElement files = await kvm.Site.Client.GetAsync($"/api/backup-files?backup={before}");
        string directory = kvm.Site["one disk"];
        await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("restore", new
        {
            backup = new { guid = before },
            restorePath = directory,
            format = "qcow2",
            taskFiles = files.EnumerateArray().Where(file => file.GetProperty("path").GetString()!.EndsWith("/vdb", StringComparison.Ordinal)).Select(file => new { guid = file.GetProperty("guid").GetString() }),
        }));
        Assert.Equal(content, Workplace.Hash(KvmSite.Raw(Assert.Single(Directory.GetFiles(directory, "*.qcow2")))));

        // 3. All of it onto the machine, which is switched on.
        await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("restore-and-import", new
        {
            backup = new { guid = before },
            hypervisor = new { guid = kvm.Site.Hypervisor },
            overwrite = true,
            powerOnAfterRestore = true,
        }));
        await kvm.Guest.AgentAnswersAsync(kvm.Guest.Uuid);
        Assert.Equal(content, await kvm.Guest.HashAsync("vdb"));
        Assert.Equal("before", (await kvm.Guest.RunAsync("cat /root/word")).Trim());

        // 4. The next backup is right, too.
        string next = await kvm.WriteAsync("next");
        JsonElement last = await kvm.BackUpAsync();
        string restored = kvm.Site["next"];
        await kvm.Site.SucceedsAsync(await kvm.Site.AskRestoreAsync(last.GetProperty("guid").GetString()!, restored));
        Assert.Equal(next, Workplace.Hash(await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(restored, "*vdb*.raw")))));
        Directory.Delete(restored, recursive: true);
        kvm.IsClean(checkpoints: 1);
    }

    private async Task<List<string>> FilesAsync(string backup) =>
    [
        .. (await kvm.Site.Client.GetAsync($"/api/backup-files?backup={backup}")).EnumerateArray().Select(file => file.GetProperty("path").GetString()!.Split('/')[^1]).Order(),
    ];

    private static string? Address(XElement machine) => (string?)machine.Descendants("interface").Single().Element("mac")?.Attribute("address");
}
