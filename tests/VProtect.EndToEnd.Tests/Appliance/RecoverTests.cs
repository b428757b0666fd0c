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
        Assert.Contains(copies, copy => copy.GetProperty("label").GetString()!.StartsWith("life 2 of ", StringComparison.Ordinal));

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
