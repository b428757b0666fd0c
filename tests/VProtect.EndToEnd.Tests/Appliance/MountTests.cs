using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>Mounts of the appliance, used by real NBD clients: what is written survives a kill, and can become a restore point.</summary>
public sealed class MountTests
{
    [Fact]
    public async Task Mount_is_written_killed_found_again_at_its_address_and_committed()
    {
        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => web = TestMachine.Add(datacenter, "web", 12, 5 << 20, 3 << 20));
        string machine = await site.MachineAsync(web.Uuid);
        string backup = await site.BackUpAsync(machine);
        List<byte[]> before = await site.RestoreAsync(backup);

        // 1. Served at once; the disk is the backup's.
        await site.SucceedsAsync(await site.AskAsync("mount", new { backup = new { guid = backup }, writable = true }));
        JsonElement mount = Assert.Single((await site.Client.GetAsync("/api/mounted-backups")).EnumerateArray());
        string guid = mount.GetProperty("guid").GetString()!;
        Assert.Equal("MOUNTED", mount.GetProperty("state").GetProperty("name").GetString());
        JsonElement disk = (await site.Client.GetAsync($"/api/mounted-files?mounted-backup={guid}")).EnumerateArray().First();
        string uri = disk.GetProperty("address").GetString()!;
        string copy = site["copy.raw"];
        Tool.Run("nbdcopy", uri, copy);
        Assert.Equal(before[0], await File.ReadAllBytesAsync(copy));

        // 2. It cannot be removed, neither by the appliance nor by somebody else who knows the repository.
        await RefusesDeletionAsync(site, backup);

        // 3. A write that was flushed survives a kill, at the same address.
        Tool.Run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 64k 64k", "-c", "flush", uri);
        await site.KillAsync();
        await site.StartAsync();
        await ApplianceSite.UntilAsync(
            async () => (await site.Client.GetAsync($"/api/mounted-backups/{guid}")).GetProperty("state").GetProperty("name").GetString() == "MOUNTED",
            () => "The mount did not come back.");
        Assert.Equal(uri, (await site.Client.GetAsync($"/api/mounted-files?mounted-backup={guid}")).EnumerateArray().First().GetProperty("address").GetString());
        Tool.Run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0x5a 64k 64k", uri);

        // 4. Committed: the machine's next restore point, with the write and without changing the one before.
        await site.SucceedsAsync(await site.AskAsync("unmount", new { mountedBackup = new { guid }, commit = true, label = "repaired" }));
        Assert.Equal(0, (await site.Client.GetAsync("/api/mounted-backups")).GetArrayLength());
        Assert.NotEqual(0, Tool.TryRun("nbdinfo", uri).ExitCode);
        await ApplianceSite.UntilAsync(async () => (await site.BackupsAsync(machine)).Count == 2, () => "What was committed is not in the catalog.");
        string committed = (await site.BackupsAsync(machine)).Single(other => other != backup);
        before[0].AsSpan(64 << 10, 64 << 10).Fill(0x5a);
        Assert.Equal(before[0], (await site.RestoreAsync(committed))[0]);
        Assert.Empty(Directory.GetFiles(Path.Join(site.Data, "node", "mounts")));

        // 5. Nothing holds it any more.
        await site.SucceedsAsync(await site.AskAsync("delete", new { backups = new[] { new { guid = backup } } }));
    }

    [Fact]
    public async Task Iscsi_mount_is_written_killed_found_again_under_its_name_and_committed()
    {
        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => web = TestMachine.Add(datacenter, "web", 12, 5 << 20, 3 << 20));
        string machine = await site.MachineAsync(web.Uuid);
        string backup = await site.BackUpAsync(machine);
        List<byte[]> before = await site.RestoreAsync(backup);
        string credential = (await site.Client.PostAsync("/api/credential", new { name = "lab", kind = "PASSWORD", login = "lab", secret = "correct-horse-9" })).GetProperty("guid").GetString()!;

        // 1. Both disks are units of one target, for who knows the secret.
        await site.SucceedsAsync(await site.AskAsync("mount", new { backup = new { guid = backup }, mode = "ISCSI", writable = true, chapCredential = new { guid = credential } }));
        string guid = (await site.Client.GetAsync("/api/mounted-backups"))[0].GetProperty("guid").GetString()!;
        string[] uris = await AddressesAsync(site, guid);
        Assert.Equal(before.Count, uris.Length);
        Assert.All(uris, (uri, index) => Assert.EndsWith($":mount:{guid}/{index + 1}", uri, StringComparison.Ordinal));
        Assert.NotEqual(0, Tool.TryRun("iscsi-inq", uris[0]).ExitCode);
        string[] known = [.. uris.Select(uri => uri.Replace("iscsi://", "iscsi://lab%correct-horse-9@", StringComparison.Ordinal))];
        for (int i = 0; i < known.Length; i++)
        {
            string copy = site[$"copy{i}.raw"];
            Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "raw", known[i], copy);
            Assert.Equal(before[i], await File.ReadAllBytesAsync(copy));
        }

        // Who is there longer than a moment is noted.
        Tool.Run("qemu-io", "-r", "-f", "raw", "-c", "read 0 64k", "-c", "sleep 4000", known[0]);
        await ApplianceSite.UntilAsync(
            async () => (await site.Client.GetAsync($"/api/audit?guid={guid}")).EnumerateArray().Count(entry =>
                entry.GetProperty("action").GetString() is "mounts.connect" or "mounts.disconnect"
                && entry.GetProperty("actor").GetString()!.StartsWith("iqn.2008-11.org.linux-kvm", StringComparison.Ordinal) && entry.GetProperty("address").GetString() == "127.0.0.1") >= 2,
            () => "The initiator is not noted.");

        // 2. A write that was flushed survives a kill of the appliance, which leaves no daemon; under the same name and address.
        string identity = Tool.Run("iscsi-inq", "-e", "1", "-c", "131", known[0]);
        Tool.Run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 64k 64k", "-c", "flush", "-c", "write -f -P 0x5b 256k 4k", known[0]);
        await site.KillAsync();
        Assert.NotEqual(0, Tool.TryRun("iscsi-inq", known[0]).ExitCode);
        await site.StartAsync();
        await ApplianceSite.UntilAsync(
            async () => (await site.Client.GetAsync($"/api/mounted-backups/{guid}")).GetProperty("state").GetProperty("name").GetString() == "MOUNTED",
            () => "The mount did not come back.");
        Assert.Equal(uris, await AddressesAsync(site, guid));
        Assert.Equal(identity, Tool.Run("iscsi-inq", "-e", "1", "-c", "131", known[0]));
        Tool.Run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0x5a 64k 64k", "-c", "read -P 0x5b 256k 4k", known[0]);

        // 3. Committed; then nothing of it is left.
        await site.SucceedsAsync(await site.AskAsync("unmount", new { mountedBackup = new { guid }, commit = true, label = "repaired" }));
        Assert.NotEqual(0, Tool.TryRun("iscsi-inq", known[0]).ExitCode);
        await ApplianceSite.UntilAsync(async () => (await site.BackupsAsync(machine)).Count == 2, () => "What was committed is not in the catalog.");
        before[0].AsSpan(64 << 10, 64 << 10).Fill(0x5a);
        before[0].AsSpan(256 << 10, 4 << 10).Fill(0x5b);
        Assert.Equal(before[0], (await site.RestoreAsync((await site.BackupsAsync(machine)).Single(other => other != backup)))[0]);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Join(site.Data, "node", "iscsi")));
        Assert.Empty(Directory.GetFiles(Path.Join(site.Data, "node", "mounts")));
    }

    [Fact]
    public async Task Mounts_of_one_backup_share_its_hold_and_what_is_discarded_is_gone()
    {
        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => web = TestMachine.Add(datacenter, "web", 12, 5 << 20, 3 << 20));
        string machine = await site.MachineAsync(web.Uuid);
        string backup = await site.BackUpAsync(machine);
        foreach (bool writable in (bool[])[true, false])
        {
            await site.SucceedsAsync(await site.AskAsync("mount", new { backup = new { guid = backup }, writable, allowedClients = new[] { "127.0.0.1" } }));
        }

        JsonElement[] mounts = [.. (await site.Client.GetAsync("/api/mounted-backups")).EnumerateArray()];
        Assert.Equal(2, mounts.Select(mount => mount.GetProperty("address").GetString()).Distinct().Count());
        foreach (JsonElement mount in mounts)
        {
            string guid = mount.GetProperty("guid").GetString()!;
            await RefusesDeletionAsync(site, backup);
            await site.SucceedsAsync(await site.AskAsync("unmount", new { mountedBackup = new { guid } }));
        }

        // A commit of nothing makes nothing.
        await site.SucceedsAsync(await site.AskAsync("mount", new { backup = new { guid = backup }, writable = true }));
        string untouched = (await site.Client.GetAsync("/api/mounted-backups"))[0].GetProperty("guid").GetString()!;
        await site.SucceedsAsync(await site.AskAsync("unmount", new { mountedBackup = new { guid = untouched }, commit = true }));
        Assert.Empty(Directory.GetFiles(Path.Join(site.Data, "node", "mounts")));
        Assert.Single(await site.BackupsAsync(machine));
        await site.SucceedsAsync(await site.AskAsync("delete", new { backups = new[] { new { guid = backup } } }));
    }

    /// <summary>Nothing counts disks in one digit, or in a bus of sixteen.</summary>
    [Fact]
    public async Task Machine_with_many_disks_is_mounted_whole()
    {
        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => web = TestMachine.Add(datacenter, "web", 13, [.. Enumerable.Range(1, 18).Select(i => i * 64L << 10)]));
        string backup = await site.BackUpAsync(await site.MachineAsync(web.Uuid));
        List<byte[]> content = await web.ReadAsync();
        foreach (string mode in (string[])["NBD", "ISCSI"])
        {
            await site.SucceedsAsync(await site.AskAsync("mount", new { backup = new { guid = backup }, mode }));
            string guid = Assert.Single((await site.Client.GetAsync("/api/mounted-backups")).EnumerateArray()).GetProperty("guid").GetString()!;
            string[] uris = await AddressesAsync(site, guid);
            Assert.Equal(content.Count, uris.Length);
            var read = new List<byte[]>();
            foreach (string uri in uris)
            {
                string copy = site["copy.raw"];
                Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "raw", uri, copy);
                read.Add(await File.ReadAllBytesAsync(copy));
            }

            Assert.Equal(content.OrderBy(disk => disk.Length), read.OrderBy(disk => disk.Length));
            await site.SucceedsAsync(await site.AskAsync("unmount", new { mountedBackup = new { guid } }));
        }
    }

    private static async Task<string[]> AddressesAsync(ApplianceSite site, string mount) =>
        [.. (await site.Client.GetAsync($"/api/mounted-files?mounted-backup={mount}")).EnumerateArray().Select(disk => disk.GetProperty("address").GetString()!)];

    private static async Task RefusesDeletionAsync(ApplianceSite site, string backup)
    {
        ApplianceRefusal refusal = await Assert.ThrowsAsync<ApplianceRefusal>(() => site.AskAsync("delete", new { backups = new[] { new { guid = backup } } }));
        Assert.Contains("is mounted", refusal.Message, StringComparison.Ordinal);
    }
}
