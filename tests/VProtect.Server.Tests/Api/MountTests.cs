using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Tests.Api;

public sealed class MountTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Mounts_are_listed_with_their_file_systems_and_disks()
    {
        Machine machine = await server.MachineAsync("mounted");
        Destination destination = await server.DestinationAsync("of mounts");
        var point = new RestorePoint { MachineGuid = machine.Guid, DestinationGuid = destination.Guid, Type = BackupType.Full, CreatedAt = server.Time.GetUtcNow() };
        var mount = new Mount { RestorePointGuid = point.Guid, Mode = MountMode.Nbd, State = MountState.Mounted, CreatedAt = server.Time.GetUtcNow(), Address = "nbd://node-1" };
        var files = new MountedFileSystem { MountGuid = mount.Guid, Label = "root", Type = "ext4", SizeBytes = 10, MountPath = "/mnt/root" };
        await server.WriteAsync(async transaction =>
        {
            await transaction.RestorePoints.InsertAsync(point, default);
            await transaction.RestorePointDisks.InsertAsync(new RestorePointDisk { RestorePointGuid = point.Guid, DeviceId = "vda", Label = "system", SizeBytes = 5 }, default);
            await transaction.Mounts.InsertAsync(mount, default);
            await transaction.MountedFileSystems.InsertAsync(files, default);
        });
        JsonElement listed = Assert.Single((await server.Client.GotAsync($"/api/mounted-backups?backup={point.Guid}")).EnumerateArray());
        Assert.Equal(("mounted", "NBD"), (listed.NameOf("protectedEntity"), listed.NameOf("mode")));
        Assert.Equal("MOUNTED", (await server.Client.GotAsync($"/api/mounted-backups/{mount.Guid}")).NameOf("state"));
        Assert.Equal(["root"], (await server.Client.GotAsync($"/api/mounted-file-systems/detailed?mounted-backup={mount.Guid}")).NamesOf());
        JsonElement disk = Assert.Single((await server.Client.GotAsync($"/api/mounted-files?mounted-backup={mount.Guid}")).EnumerateArray());
        Assert.Equal(("system", "nbd://node-1"), (disk.Text("name"), disk.Text("address")));
        Assert.Equal("mounted-backup", await (await server.Client.GetAsync("/api/mounted-files")).RefusedFieldAsync());
        await (await server.Client.GetAsync($"/api/mounted-backups/{Guid.NewGuid()}")).ProblemAsync(HttpStatusCode.NotFound, 4002);

        string path = $"/api/mounted-file-systems/{files.Guid}";
        Assert.Equal("path", await (await server.Client.PostAsJsonAsync(path + "/listing", new { })).RefusedFieldAsync());
        using HttpResponseMessage refused = await server.Client.PostAsJsonAsync(path + "/download", new { path = "/etc" });
        await refused.ProblemAsync(HttpStatusCode.UnprocessableEntity, 3004); // no node is in this process
        Assert.Equal("path", await (await server.Client.GetAsync(path + "/archive")).RefusedFieldAsync());
        await (await server.Client.GetAsync(path + "/archive?path=/etc&path=/home")).ProblemAsync(HttpStatusCode.UnprocessableEntity, 3004);
        Assert.Equal("files.read", (await server.Client.GotAsync("/api/audit?size=1")).EnumerateArray().First().Text("action"));
        await (await server.Client.PostAsJsonAsync($"/api/mounted-file-systems/{Guid.NewGuid()}/listing", new { path = "/" })).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Theory]
    [InlineData("mount", """{}""", "backup")]
    [InlineData("restore-and-mount", """{"backupLocation": {}}""", "backupLocation")]
    [InlineData("mount", """{"backup": {"guid": "POINT"}, "allowedClients": ["everybody"]}""", "allowedClients")]
    [InlineData("mount", """{"backup": {"guid": "POINT"}, "unmountTime": 1}""", "unmountTime")]
    [InlineData("mount", """{"backup": {"guid": "POINT"}, "mountedDisks": [{"guid": "POINT"}]}""", "taskFiles")]
    [InlineData("mount", """{"backup": {"guid": "POINT"}, "allowedClients": ["iqn.2026-01.example:one"]}""", "allowedClients")]
    [InlineData("mount", """{"backup": {"guid": "POINT"}, "mode": "ISCSI", "allowedClients": ["iqn.2026-01.example:one"]}""", "allowedClients")]
    [InlineData("mount", """{"backup": {"guid": "POINT"}, "mode": "ISCSI", "chapCredential": {"guid": "POINT"}}""", "chapCredential")]
    [InlineData("mount", """{"backup": {"guid": "POINT"}, "chapCredential": {"guid": "POINT"}}""", "chapCredential")]
    [InlineData("mount", """{"backup": {"guid": "POINT"}, "mode": "ISCSI", "mutualChapCredential": {"guid": "POINT"}}""", "mutualChapCredential")]
    [InlineData("boot", """{}""", "backup")]
    [InlineData("boot", """{"backup": {"guid": "POINT"}, "unmountTime": 1}""", "unmountTime")]
    [InlineData("boot", """{"backup": {"guid": "POINT"}, "restoredNetworks": [{}]}""", "restoredNetworks[0].network")]
    [InlineData("unmount", """{}""", "mountedBackup")]
    [InlineData("unmount", """{"mountedBackup": {"guid": "POINT"}, "keep": true, "commit": true}""", "keep")]
    public async Task A_wrong_request_is_refused_naming_the_field(string kind, string body, string field)
    {
        RestorePoint point = await GoodAsync($"wrong-{Guid.NewGuid()}");
        using var content = new StringContent(body.Replace("POINT", point.Guid.ToString(), StringComparison.Ordinal), System.Text.Encoding.UTF8, "application/json");
        Assert.Equal(field, await (await server.Client.PostAsync($"/api/tasks/{kind}", content)).RefusedFieldAsync());
    }

    [Fact]
    public async Task A_mount_keeps_its_backup_until_it_is_over_and_other_modes_say_what_to_do()
    {
        RestorePoint point = await GoodAsync("kept");
        using HttpResponseMessage machine = await server.Client.PostAsJsonAsync("/api/tasks/mount", new { backup = new { guid = point.Guid }, mode = "MACHINE" });
        await machine.ProblemAsync(HttpStatusCode.UnprocessableEntity, 3004);
        using HttpResponseMessage asked = await server.Client.PostAsJsonAsync(
            "/api/tasks/mount", new { backup = new { guid = point.Guid }, allowedClients = new[] { "192.0.2.7", "198.51.100.0/24" }, writable = true });
        Assert.Equal("MOUNT", Assert.Single((await asked.JsonAsync()).EnumerateArray()).NameOf("type"));
        JsonElement mount = Assert.Single((await server.Client.GotAsync($"/api/mounted-backups?backup={point.Guid}")).EnumerateArray());
        Assert.Equal(["192.0.2.7/32", "198.51.100.0/24"], mount.GetProperty("allowedClients").EnumerateArray().Select(client => client.GetString()));
        Assert.Equal(server.Time.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds(), mount.GetProperty("unmountTime").GetInt64());
        string end = $"/api/mounted-backups/{mount.Text("guid")}/unmount-time";
        long later = server.Time.GetUtcNow().AddDays(3).ToUnixTimeMilliseconds();
        JsonElement extended = await (await server.Client.PutAsJsonAsync(end, new { unmountTime = later })).JsonAsync();
        Assert.Equal((later, true), (extended.GetProperty("unmountTime").GetInt64(), extended.GetProperty("writable").GetBoolean()));
        Assert.Equal("unmountTime", await (await server.Client.PutAsJsonAsync(end, new { unmountTime = 1 })).RefusedFieldAsync());
        Assert.Equal("unmountTime", await (await server.Client.PutAsJsonAsync(end, new { })).RefusedFieldAsync());
        Assert.Equal("mounted-backups.unmount-time", (await server.Client.GotAsync("/api/audit?size=1")).EnumerateArray().First().Text("action"));
        using HttpResponseMessage removal = await server.Client.PostAsJsonAsync("/api/tasks/delete", new { backups = new[] { new { guid = point.Guid } } });
        Assert.Contains("is mounted", (await removal.ProblemAsync(HttpStatusCode.Conflict, 2111)).Text("message"), StringComparison.Ordinal);
        using HttpResponseMessage early = await server.Client.PostAsJsonAsync("/api/tasks/unmount", new { mountedBackup = new { guid = mount.Text("guid") } });
        await early.ProblemAsync(HttpStatusCode.Conflict, 5107);
    }

    [Fact]
    public async Task An_iscsi_mount_names_the_credentials_of_chap_which_stay_as_long_as_it()
    {
        RestorePoint point = await GoodAsync("over-iscsi");
        var guids = new List<string>();
        foreach ((string login, string secret) in new[] { ("joe", "correct-horse-9"), ("target", "battery-staple-7"), ("joe", "short") })
        {
            using HttpResponseMessage made = await server.Client.PostAsJsonAsync("/api/credential", new { name = $"chap {login} {secret.Length}", kind = "PASSWORD", login, secret });
            guids.Add((await made.JsonAsync()).Text("guid")!);
        }

        object Body(int chap, int mutual, params string[] clients) => new
        {
            backup = new { guid = point.Guid },
            mode = new { name = "ISCSI" },
            allowedClients = clients,
            chapCredential = new { guid = guids[chap] },
            mutualChapCredential = new { guid = guids[mutual] },
        };
        Assert.Equal("chapCredential", await (await server.Client.PostAsJsonAsync("/api/tasks/mount", Body(2, 1))).RefusedFieldAsync());
        Assert.Equal("mutualChapCredential", await (await server.Client.PostAsJsonAsync("/api/tasks/mount", Body(0, 0))).RefusedFieldAsync());
        Assert.Equal("allowedClients", await (await server.Client.PostAsJsonAsync("/api/tasks/mount", Body(0, 1, [.. Enumerable.Range(0, 65).Select(i => $"192.0.2.{i}")]))).RefusedFieldAsync());
        using HttpResponseMessage asked = await server.Client.PostAsJsonAsync("/api/tasks/mount", Body(0, 1, "IQN.2026-01.example:One", "192.0.2.7"));
        Assert.Equal("MOUNT", Assert.Single((await asked.JsonAsync()).EnumerateArray()).NameOf("type"));
        JsonElement mount = Assert.Single((await server.Client.GotAsync($"/api/mounted-backups?backup={point.Guid}")).EnumerateArray());
        Assert.Equal("ISCSI", mount.NameOf("mode"));
        Assert.Equal(["iqn.2026-01.example:one", "192.0.2.7/32"], mount.GetProperty("allowedClients").EnumerateArray().Select(client => client.GetString()));
        using HttpResponseMessage used = await server.Client.DeleteAsync($"/api/credential/{guids[0]}");
        await used.ProblemAsync(HttpStatusCode.Conflict, 4003);
    }

    private async Task<RestorePoint> GoodAsync(string name)
    {
        var manager = new HypervisorManager { Name = $"of {name}", Platform = "KVM", Url = "qemu:///system" };
        await server.WriteAsync(transaction => transaction.HypervisorManagers.InsertAsync(manager, default));
        Machine machine = await server.MachineAsync(name, row => row with { HypervisorManagerGuid = manager.Guid });
        Destination destination = await server.DestinationAsync($"for {name}");
        var point = new RestorePoint
        {
            MachineGuid = machine.Guid,
            DestinationGuid = destination.Guid,
            Type = BackupType.Full,
            State = RestorePointState.Success,
            RepositoryPointId = $"point of {name}",
            CreatedAt = server.Time.GetUtcNow(),
        };
        await server.WriteAsync(transaction => transaction.RestorePoints.InsertAsync(point, default));
        return point;
    }
}
