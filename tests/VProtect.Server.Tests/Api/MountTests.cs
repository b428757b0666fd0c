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
        Assert.Contains("/mnt/root", (await refused.ProblemAsync(HttpStatusCode.UnprocessableEntity, 3004)).Text("guidance"), StringComparison.Ordinal);
        await (await server.Client.PostAsJsonAsync($"/api/mounted-file-systems/{Guid.NewGuid()}/listing", new { path = "/" })).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }
}
