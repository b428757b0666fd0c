using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>An appliance is deleted; what is left is its repository, which has copies of it, and the recovery key that somebody wrote down.</summary>
public sealed class RecoverTests
{
    [Fact]
    public async Task Appliance_that_was_deleted_is_made_again_of_its_copy_and_restores_what_it_had_and_what_came_after()
    {
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => TestMachine.Add(datacenter, "web", 31, 3 << 20, 1 << 20));
        string uuid = Assert.Single(site.Machines());
        string machine = await site.MachineAsync(uuid);
        string place = site["offsite"];
        JsonElement made = await site.Client.PostAsync("/api/backup-destinations", new { name = "offsite", settings = new { path = place }, defaultBackupDestination = true });
        string offsite = made.GetProperty("guid").GetString()!;
        string recoveryKey = made.GetProperty("recoveryKey").GetString()!;
        await site.Client.PostAsync("/api/users", new { login = "ann", password = "correct horse battery 9", roles = await RolesAsync(site) });
        await site.Client.PostAsync("/api/credential", new { name = "of the lab", kind = "PASSWORD", login = "root", secret = "planted-secret-4711" });
        List<List<byte[]>> contents = [await TestMachine.ReadAsync(site.Datacenter, uuid)];
        string before = await site.BackUpAsync(machine, destination: offsite);

        // 1. Two copies, of which the second must be the one that is taken. The machine's history shows none of it.
        Vprotect(site, "appliance", "backup", "--wait");
        await site.Client.PutAsync("/api/global-settings", new { applianceBackupsKept = 2 });
        Vprotect(site, "appliance", "backup", "--wait");
        await site.SucceedsAsync(await site.AskAsync("appliance-backup", new { backupDestination = new { guid = offsite } }));
        await site.Client.PostAsync($"/api/backup-destinations/{offsite}/check", new { });
        Assert.Single((await site.Client.GetAsync("/api/virtual-machines")).EnumerateArray());

        // 2. A backup that no copy knows of; then everything but the repository is gone, which has moved.
        await site.Datacenter.WriteAsync(uuid, site.Datacenter.Machine(uuid).Disks[0].Id, 200_000, RandomDisk.Create(new Random(5), 50_000));
        contents.Add(await TestMachine.ReadAsync(site.Datacenter, uuid));
        await site.BackUpAsync(machine, destination: offsite);
        await site.KillAsync();
        Directory.Delete(site.Data, recursive: true);
        string moved = site["moved"];
        Directory.Move(place, moved);

        // 3. A wrong key, a place that is none, a directory that is not empty: refused, and nothing is made.
        Assert.Contains("key", Refused(site, "none of it", "recover", "--repository", moved, "--data", site.Data), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(place, Refused(site, recoveryKey, "recover", "--repository", place, "--data", site.Data), StringComparison.Ordinal);
        Assert.Contains("not empty", Refused(site, recoveryKey, "recover", "--repository", moved, "--data", moved), StringComparison.Ordinal);
        Assert.False(Directory.Exists(site.Data));

        // 4. The same appliance again: users, tokens, secrets, certificate, restore points.
        string told = Run(site, recoveryKey, "recover", "--repository", moved, "--data", site.Data).Expect(0).Text;
        Assert.Contains("restore points  1", told, StringComparison.Ordinal);
        await site.StartAsync();
        Assert.Null(site.Process.FirstPassword);
        Assert.Contains("ann", (await site.Client.GetAsync("/api/users")).EnumerateArray().Select(user => user.GetProperty("login").GetString()));
        Assert.Equal(contents[0], await site.RestoreAsync(before));
        await site.Client.PostAsync($"/api/backup-destinations/{offsite}/check", new { });
        List<string> backups = await site.BackupsAsync(machine);
        Assert.Equal(2, backups.Count);
        Assert.Equal(contents[1], await site.RestoreAsync(backups[0]));
        await site.BackUpAsync(machine, destination: offsite);
        await site.SyncAsync();

        // 5. It keeps copies, of its second life.
        await site.SucceedsAsync(await site.AskAsync("appliance-backup", new { backupDestination = new { guid = offsite } }));
        using JsonDocument list = JsonDocument.Parse(Run(site, recoveryKey, "list", "--repo", moved, "--json").Expect(0).Text);
        JsonElement[] copies = [.. list.RootElement.GetProperty("restorePoints").EnumerateArray().Where(point => point.GetProperty("machine").GetString()!.StartsWith("@appliance-", StringComparison.Ordinal))];
        Assert.Equal(2, copies.Length);
        Assert.Contains(copies, copy => copy.GetProperty("label").GetString()!.StartsWith("life 2 ", StringComparison.Ordinal));

        // 6. Without the copies: machines and restore points, with an administrator of its own.
        await site.KillAsync();
        string bare = site["bare"];
        Directory.CreateDirectory(Path.Join(bare, ".recovering")); // as one that was cut off leaves it
        Assert.Contains("restore points  3", Run(site, recoveryKey, "recover", "--repository", moved, "--data", bare, "--from-restore-points").Expect(0).Text, StringComparison.Ordinal);
        using var process = new ApplianceProcess(bare);
        Uri address = await process.ListensAsync();
        using var first = new ApplianceClient(address, bare);
        using var client = new ApplianceClient(address, bare, await first.BeginAsync(process.FirstPassword!));
        JsonElement known = Assert.Single((await client.GetAsync("/api/virtual-machines")).EnumerateArray());
        Assert.Equal("web", known.GetProperty("name").GetString());
        Assert.Equal(3, (await client.GetAsync($"/api/backups?protected-entity={known.GetProperty("guid").GetString()}")).GetArrayLength());
        await process.EndAsync(VprotectProcess.SigKill);
    }

    [Fact]
    public async Task Copy_is_refused_where_a_later_life_has_left_one_and_where_nothing_is_encrypted()
    {
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => TestMachine.Add(datacenter, "web", 32, 1 << 20, 1 << 20));
        JsonElement made = await site.Client.PostAsync("/api/backup-destinations", new { name = "offsite", settings = new { path = site["offsite"] } });
        string offsite = made.GetProperty("guid").GetString()!;
        string recoveryKey = made.GetProperty("recoveryKey").GetString()!;
        string open = (await site.Client.PostAsync("/api/backup-destinations", new { name = "open", settings = new { path = site["open"] }, encrypted = false })).GetProperty("guid").GetString()!;
        ApplianceRefusal refused = await Assert.ThrowsAsync<ApplianceRefusal>(() => site.AskAsync("appliance-backup", new { backupDestination = new { guid = open } }));
        Assert.Contains("not encrypted", refused.Message, StringComparison.Ordinal);
        await site.SucceedsAsync(await site.AskAsync("appliance-backup", new { backupDestination = new { guid = offsite } }));

        // Another life of it elsewhere, which leaves a copy.
        string other = site["other"];
        Run(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", other).Expect(0);
        using (var process = new ApplianceProcess(other))
        {
            using var client = new ApplianceClient(await process.ListensAsync(), other, site.Token);
            string task = (await client.PostAsync("/api/tasks/appliance-backup", new { backupDestination = new { guid = offsite } }))[0].GetProperty("guid").GetString()!;
            await ApplianceSite.UntilAsync(
                async () => (await client.GetAsync($"/api/tasks/{task}")).GetProperty("state").GetProperty("name").GetString() == "FINISHED", () => "The other's copy does not end.");
            await process.EndAsync(VprotectProcess.SigKill);
        }

        // Recovered once more: whatever copy it is made of, its life is later than all that have left one.
        using JsonDocument list = JsonDocument.Parse(Run(site, recoveryKey, "list", "--repo", site["offsite"], "--json").Expect(0).Text);
        string oldest = list.RootElement.GetProperty("restorePoints").EnumerateArray().OrderBy(point => point.GetProperty("createdAt").GetString()).First().GetProperty("id").GetString()!;
        Assert.Equal(3, Run(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", site["third"], "--copy", oldest, "--json").Expect(0).Json.GetProperty("life").GetInt64());

        JsonElement late = await site.EndOfAsync(await site.AskAsync("appliance-backup", new { backupDestination = new { guid = offsite } }));
        Assert.Contains("recovered elsewhere", late.GetProperty("statusInfo").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_recoveries_at_once_the_one_that_leaves_a_copy_first_is_the_appliance_and_they_share_no_directory()
    {
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => TestMachine.Add(datacenter, "web", 33, 1 << 20, 1 << 20));
        JsonElement made = await site.Client.PostAsync("/api/backup-destinations", new { name = "offsite", settings = new { path = site["offsite"] } });
        string offsite = made.GetProperty("guid").GetString()!;
        string recoveryKey = made.GetProperty("recoveryKey").GetString()!;
        await site.SucceedsAsync(await site.AskAsync("appliance-backup", new { backupDestination = new { guid = offsite } }));
        await site.KillAsync();

        string[] twins = ["one", "two"];
        Answer[] told = await Task.WhenAll(twins.Select(twin => Task.Run(() => Run(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", site[twin], "--json"))));
        Assert.All(told, answer => Assert.Equal(2, answer.Expect(0).Json.GetProperty("life").GetInt64()));
        Assert.Equal(["FINISHED", "FAILED", "FINISHED"], [await CopyAsync("two", expected: null), await CopyAsync("one", "recovered elsewhere"), await CopyAsync("two", expected: null)]);

        // Two in one directory: the second is refused, and takes nothing from the first.
        string shared = site["shared"];
        Directory.CreateDirectory(shared);
        await using (new FileStream(Path.Join(shared, ".recovering.lock"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose))
        {
            Assert.Contains("another recovery", Refused(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", shared), StringComparison.Ordinal);
        }

        Assert.Equal(3, Run(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", shared, "--json").Expect(0).Json.GetProperty("life").GetInt64());

        async Task<string> CopyAsync(string twin, string? expected)
        {
            using var process = new ApplianceProcess(site[twin]);
            using var client = new ApplianceClient(await process.ListensAsync(), site[twin], site.Token);
            string task = (await client.PostAsync("/api/tasks/appliance-backup", new { backupDestination = new { guid = offsite } }))[0].GetProperty("guid").GetString()!;
            JsonElement ended = await EndAsync(client, task);
            await process.EndAsync(VprotectProcess.SigKill);
            Assert.Contains(expected ?? "Copy", ended.GetProperty("statusInfo").GetString(), StringComparison.Ordinal);
            return ApplianceSite.StateOf(ended);
        }
    }

    [Fact]
    public async Task Recovery_that_is_cut_off_while_it_moves_up_is_not_served_and_begins_anew()
    {
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => TestMachine.Add(datacenter, "web", 34, 1 << 20, 1 << 20));
        JsonElement made = await site.Client.PostAsync("/api/backup-destinations", new { name = "offsite", settings = new { path = site["offsite"] } });
        string recoveryKey = made.GetProperty("recoveryKey").GetString()!;
        await site.Client.PostAsync("/api/audit/verify", new { });
        await site.SucceedsAsync(await site.AskAsync("appliance-backup", new { backupDestination = new { guid = made.GetProperty("guid").GetString() } }));
        await site.KillAsync();
        string data = site["recovered"];
        Run(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", data).Expect(0);
        string[] parts = [.. Directory.EnumerateFileSystemEntries(data).Select(entry => Path.GetFileName(entry)).Order()];
        Assert.Equal(["audit.head", "catalog.db", "secret.key", "tls"], parts);

        // What a power cut leaves behind each move but the last: some are up, the catalog is not.
        string[] others = [.. parts.Where(part => part != "catalog.db")];
        for (int up = 0; up <= others.Length; up++)
        {
            string unfinished = Path.Join(data, ".recovering");
            Directory.CreateDirectory(unfinished);
            foreach (string part in others[up..].Append("catalog.db"))
            {
                Directory.Move(Path.Join(data, part), Path.Join(unfinished, part));
            }

            Assert.Contains("cut off", Refused(site, recoveryKey, "serve", "--data", data, "--urls", "https://127.0.0.1:0"), StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Join(data, "catalog.db")));
            Run(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", data).Expect(0);
            Assert.Equal(parts, Directory.EnumerateFileSystemEntries(data).Select(entry => Path.GetFileName(entry)).Order());
        }

        // Behind the last one it is whole, and what is somebody else's is never taken for a rest of it.
        Directory.CreateDirectory(Path.Join(data, ".recovering"));
        using (var process = new ApplianceProcess(data))
        {
            using var client = new ApplianceClient(await process.ListensAsync(), data, site.Token);
            Assert.Single((await client.GetAsync("/api/virtual-machines")).EnumerateArray());
            await process.EndAsync(VprotectProcess.SigKill);
        }

        Assert.Contains("not empty", Refused(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", data), StringComparison.Ordinal);
        string foreign = site["foreign"];
        Directory.CreateDirectory(Path.Join(foreign, ".recovering"));
        await File.WriteAllTextAsync(Path.Join(foreign, "notes"), "mine");
        Assert.Contains("not empty", Refused(site, recoveryKey, "recover", "--repository", site["offsite"], "--data", foreign), StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Join(foreign, "notes")));
    }

    [Fact]
    public async Task Repository_without_a_copy_makes_an_appliance_that_restores_every_byte()
    {
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => TestMachine.Add(datacenter, "web", 35, 2 << 20, 1 << 20));
        JsonElement made = await site.Client.PostAsync("/api/backup-destinations", new { name = "offsite", settings = new { path = site["offsite"] } });
        string uuid = Assert.Single(site.Machines());
        List<byte[]> content = await TestMachine.ReadAsync(site.Datacenter, uuid);
        await site.BackUpAsync(await site.MachineAsync(uuid), destination: made.GetProperty("guid").GetString());
        await site.KillAsync();
        Directory.Delete(site.Data, recursive: true);

        string data = site["bare"];
        Assert.Contains("there is no copy", Run(site, made.GetProperty("recoveryKey").GetString()!, "recover", "--repository", site["offsite"], "--data", data).Expect(0).Text, StringComparison.Ordinal);
        using var process = new ApplianceProcess(data);
        Uri address = await process.ListensAsync();
        using var first = new ApplianceClient(address, data);
        using var client = new ApplianceClient(address, data, await first.BeginAsync(process.FirstPassword!));
        string backup = Assert.Single((await client.GetAsync("/api/backups")).EnumerateArray()).GetProperty("guid").GetString()!;
        string task = (await client.PostAsync("/api/tasks/restore", new { backup = new { guid = backup }, restorePath = site["restored"] })) is var answer && answer.ValueKind == JsonValueKind.Array
            ? answer[0].GetProperty("guid").GetString()! : answer.GetProperty("guid").GetString()!;
        Assert.Equal("FINISHED", ApplianceSite.StateOf(await EndAsync(client, task)));
        Assert.Equal(content, Directory.EnumerateFiles(site["restored"], "*.raw").Order(StringComparer.Ordinal).Select(File.ReadAllBytes));
        await process.EndAsync(VprotectProcess.SigKill);
    }

    private static async Task<JsonElement> EndAsync(ApplianceClient client, string task)
    {
        JsonElement ended = default;
        await ApplianceSite.UntilAsync(
            async () => ApplianceSite.StateOf(ended = await client.GetAsync($"/api/tasks/{task}")) is "FINISHED" or "FAILED", () => $"The task does not end: {ended}");
        return ended;
    }

    private static async Task<object[]> RolesAsync(ApplianceSite site) =>
        [new { guid = (await site.Client.GetAsync("/api/roles")).EnumerateArray().First().GetProperty("guid").GetString() }];

    private static string Refused(ApplianceSite site, string key, params string[] arguments)
    {
        Answer answer = Run(site, key, arguments);
        Assert.NotEqual(0, answer.ExitCode);
        return answer.Error;
    }

    private static Answer Run(ApplianceSite site, string key, params string[] arguments)
    {
        using var process = new VprotectProcess([VprotectProcess.Binary, .. arguments], new Dictionary<string, string> { ["VPROTECT_PASSPHRASE"] = key, ["VPROTECT_STATE"] = site["state"] });
        return process.Wait();
    }

    private static void Vprotect(ApplianceSite site, params string[] arguments)
    {
        using var process = new VprotectProcess([VprotectProcess.Binary, .. arguments], site.CommandLine);
        process.Wait().Expect(0);
    }
}
