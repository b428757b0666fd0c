using System.Security.Cryptography;
using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>The product's workflows on a host with libvirt and a Debian that runs on it: by REST, by the command line, and by schedule.</summary>
[Collection(KvmTests.Name)]
public sealed class KvmLifeTests(KvmSite kvm)
{
    [Fact]
    public async Task Inventory_shows_the_machine_its_disks_its_tags_pools_and_networks()
    {
        JsonElement machine = await kvm.Site.Client.GetAsync($"/api/virtual-machines/{kvm.Machine}");
        Assert.Equal(KvmGuest.Name, machine.GetProperty("name").GetString());
        Assert.Equal("ON", machine.GetProperty("powerState").GetProperty("name").GetString());
        Assert.Equal(["debian", "production"], machine.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!).Order());
        JsonElement disks = await kvm.Site.Client.GetAsync($"/api/virtual-machine-disks?virtual-machine={kvm.Machine}");
        Assert.Equal([2L << 30, KvmGuest.DataBytes, KvmGuest.DataBytes], disks.EnumerateArray().Select(disk => disk.GetProperty("size").GetInt64()));
        Assert.Contains("images", kvm.Vprotect("hvm", "storages"), StringComparison.Ordinal);
        string networks = kvm.Vprotect("hvm", "networks");
        Assert.Contains("lab", networks, StringComparison.Ordinal);
        Assert.Contains("island", networks, StringComparison.Ordinal);
        Assert.Contains(KvmGuest.Name, kvm.Vprotect("vm", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_and_incremental_are_frozen_by_the_agent_and_come_back_as_the_guest_wrote_them()
    {
        await kvm.Site.Client.PutAsync($"/api/virtual-machines/{kvm.Machine}/settings", new { quiesceBeforeSnapshot = true });

        // 1. A full, then what changed, of all disks at one instant.
        string first = await kvm.WriteAsync("first");
        JsonElement full = await kvm.BackUpAsync(isFull: true);
        string second = await kvm.WriteAsync("second");
        JsonElement incremental = await kvm.BackUpAsync();
        Assert.Equal(0, full.GetProperty("warnings").GetInt32());
        Assert.Equal(0, incremental.GetProperty("warnings").GetInt32());
        kvm.IsClean(checkpoints: 1);

        // 2. To directories: what the guest read past its cache is what is there, and its file system was clean.
        Assert.Equal(first, await RestoredAsync(full, "first"));
        Assert.Equal(second, await RestoredAsync(incremental, "second"));
    }

    /// <summary>Restores to a directory and looks at it.</summary>
    /// <returns>Hash of the data disk.</returns>
    private async Task<string> RestoredAsync(JsonElement backup, string word)
    {
        string directory = kvm.Site[$"restored-{Guid.NewGuid():N}"];
        await kvm.Site.SucceedsAsync(await kvm.Site.AskRestoreAsync(backup.GetProperty("guid").GetString()!, directory));
        string system = Assert.Single(Directory.GetFiles(directory, "*vda*.raw"));
        string root = system + "?offset=4194304";
        Assert.Equal(word, Tool.Run("debugfs", "-R", "cat /root/word", root).Trim());
        // A frozen file system was flushed, journal and all: there is nothing to recover.
        Assert.DoesNotContain("needs_recovery", Tool.Run("dumpe2fs", "-h", root), StringComparison.Ordinal);
        await using FileStream data = File.OpenRead(Assert.Single(Directory.GetFiles(directory, "*vdb*.raw")));
        string hash = Convert.ToHexString(await SHA256.HashDataAsync(data));
        data.Close();
        Directory.Delete(directory, recursive: true);
        return hash;
    }
}
