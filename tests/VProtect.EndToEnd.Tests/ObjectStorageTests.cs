using System.Text.Json;
using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests;

/// <summary>Repositories in a bucket of a real Ceph.</summary>
public sealed class ObjectStorageTests(ObjectStorageTests.Fixture fixture) : IClassFixture<ObjectStorageTests.Fixture>
{
    private const int SizeBytes = 48 << 20;

    [Fact]
    public async Task Disk_is_backed_up_again_mounted_verified_and_collected_though_the_service_goes_away()
    {
        using var place = new Workplace(fixture.Place());
        var disk = new TestDisk(place["disk.raw"], SizeBytes, seed: 5);
        place.BackUp(disk.Path);
        (string older, string first) = (Assert.Single(place.Points()), disk.Hash);
        disk.Change(writes: 30, lengthBytesMax: 1 << 20);
        int leases = await fixture.Gateway.CountAsync(place.Repository, "leases/");
        using (VprotectProcess backup = place.Start("backup", disk.Path, "--machine", "vm"))
        {
            // It writes from here on.
            while (await fixture.Gateway.CountAsync(place.Repository, "leases/") == leases)
            {
                Assert.False(backup.HasExited);
            }

            fixture.Gateway.Stop();
            await fixture.Gateway.StartAgainAsync();
            backup.Wait().Expect(0);
        }

        Assert.Equal(disk.Hash, place.HashOf("latest"));
        Assert.Equal(first, place.HashOf(older));
        place.VerifyIsSound();
        string socket = place["mount.sock"];
        using (VprotectProcess mount = place.Start("mount", "latest", "--listen", "unix:" + socket))
        {
            while (!File.Exists(socket))
            {
                Assert.False(mount.HasExited);
                await Task.Delay(50);
            }

            Tool.Run("qemu-img", "compare", "-f", "raw", "-F", "raw", disk.Path, $"nbd+unix:///disk0?socket={socket}");
        }

        place.Run("forget", older).Expect(0);
        place.Run("repo", "gc", place.Repository).Expect(0);
        Assert.Equal(disk.Hash, place.HashOf("latest"));
        place.VerifyIsSound();
    }

    /// <summary>The place names a profile that the appliance has not got: nothing but the key in its catalog opens the bucket.</summary>
    [Fact]
    public async Task Appliance_uses_a_bucket_by_the_key_in_its_catalog_and_is_made_again_of_it()
    {
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => TestMachine.Add(datacenter, "web", 31, 3 << 20, 1 << 20));
        string machine = await site.MachineAsync(Assert.Single(site.Machines()));
        List<byte[]> content = await TestMachine.ReadAsync(site.Datacenter, Assert.Single(site.Machines()));
        string path = fixture.Place() + "&profile=offsite";

        // 1. What is wrong with a key is told; put right, it holds at once.
        string credential = (await site.Client.PostAsync("/api/credential", new { name = "ceph", login = "AKNOBODY", secret = "not-the-secret" })).GetProperty("guid").GetString()!;
        object wanted = new { name = "bucket", settings = new { path }, credential = new { guid = credential }, defaultBackupDestination = true };
        ApplianceRefusal unknown = await Assert.ThrowsAsync<ApplianceRefusal>(() => site.Client.PostAsync("/api/backup-destinations", wanted));
        Assert.Contains("knows no access key of the id", unknown.Message, StringComparison.Ordinal);
        await site.Client.PutAsync($"/api/credential/{credential}", new { login = S3Gateway.AccessKey });
        ApplianceRefusal wrong = await Assert.ThrowsAsync<ApplianceRefusal>(() => site.Client.PostAsync("/api/backup-destinations", wanted));
        Assert.Contains("its secret is another one", wrong.Message, StringComparison.Ordinal);
        await SetSecretAsync(S3Gateway.SecretKey);
        JsonElement made = await site.Client.PostAsync("/api/backup-destinations", wanted);
        Assert.Equal("S3", made.GetProperty("type").GetProperty("name").GetString());
        string bucket = made.GetProperty("guid").GetString()!;
        string recoveryKey = made.GetProperty("recoveryKey").GetString()!;

        // 2. Everything is done there; a mount comes back after a kill.
        string backup = await site.BackUpAsync(machine, destination: bucket);
        Assert.Equal(content, await site.RestoreAsync(backup));
        await site.VerifyAsync(bucket);
        await site.SucceedsAsync(await site.AskAsync("collect", new { backupDestination = new { guid = bucket } }));
        await site.SucceedsAsync(await site.AskAsync("appliance-backup", new { backupDestination = new { guid = bucket } }));
        await site.SucceedsAsync(await site.AskAsync("mount", new { backup = new { guid = backup } }));
        string mount = (await site.Client.GetAsync("/api/mounted-backups"))[0].GetProperty("guid").GetString()!;
        await site.KillAsync();
        await site.StartAsync();
        await ApplianceSite.UntilAsync(
            async () => (await site.Client.GetAsync($"/api/mounted-backups/{mount}")).GetProperty("state").GetProperty("name").GetString() == "MOUNTED",
            () => $"The mount did not come back.\n{site.Process.Said}");
        string disk = (await site.Client.GetAsync($"/api/mounted-files?mounted-backup={mount}"))[0].GetProperty("address").GetString()!;
        Tool.Run("nbdcopy", disk, site["copy.raw"]);
        Assert.Equal(content[0], await File.ReadAllBytesAsync(site["copy.raw"]));
        await site.SucceedsAsync(await site.AskAsync("unmount", new { mountedBackup = new { guid = mount } }));

        // 3. Another secret holds for what begins afterwards.
        await SetSecretAsync("not-the-secret");
        JsonElement amiss = await site.Client.PostAsync($"/api/backup-destinations/{bucket}/check", new { });
        Assert.Contains("its secret is another one", amiss.GetProperty("stateInfo").GetString(), StringComparison.Ordinal);
        await SetSecretAsync(S3Gateway.SecretKey);
        Assert.Equal("ONLINE", (await site.Client.PostAsync($"/api/backup-destinations/{bucket}/check", new { })).GetProperty("state").GetProperty("name").GetString());

        // 4. Nothing but the bucket is left; the key is in the copy of the catalog.
        await site.KillAsync();
        Directory.Delete(site.Data, recursive: true);
        await File.WriteAllTextAsync(site["keys"], $"[offsite]\naws_access_key_id = {S3Gateway.AccessKey}\naws_secret_access_key = {S3Gateway.SecretKey}\n");
        var environment = new Dictionary<string, string> { ["VPROTECT_PASSPHRASE"] = recoveryKey, ["AWS_SHARED_CREDENTIALS_FILE"] = site["keys"] };
        using (var recover = new VprotectProcess([VprotectProcess.Binary, "recover", "--repository", path, "--data", site.Data], environment))
        {
            recover.Wait().Expect(0);
        }

        await site.StartAsync();
        Assert.Equal(content, await site.RestoreAsync(backup));
        await site.KillAsync();
        foreach (string file in Directory.EnumerateFiles(site.Data, "*", SearchOption.AllDirectories))
        {
            string text = await File.ReadAllTextAsync(file, System.Text.Encoding.Latin1);
            Assert.DoesNotContain(S3Gateway.SecretKey, text, StringComparison.Ordinal);
            Assert.DoesNotContain("not-the-secret", text, StringComparison.Ordinal);
        }

        Task<JsonElement> SetSecretAsync(string secret) => site.Client.PutAsync($"/api/credential/{credential}", new { secret });
    }

    /// <summary>The service.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public S3Gateway Gateway { get; } = new();

        public string Place() => Gateway.NewLocation();

        public async Task InitializeAsync()
        {
            await Gateway.StartAsync();
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", S3Gateway.AccessKey);
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", S3Gateway.SecretKey);
        }

        public Task DisposeAsync()
        {
            Gateway.Dispose();
            return Task.CompletedTask;
        }
    }
}
