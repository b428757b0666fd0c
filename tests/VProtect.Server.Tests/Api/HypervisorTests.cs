using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;

namespace VProtect.Server.Tests.Api;

public sealed class HypervisorTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData("/api/hypervisors", "host")]
    [InlineData("/api/hypervisor-managers", "url")]
    public async Task Platform_is_added_with_a_login_of_its_own_changed_and_deleted(string area, string address)
    {
        var wanted = new Dictionary<string, object> { [address] = $"at-{address}.example.org", ["type"] = new { name = "KVM" }, ["user"] = "root", ["password"] = "first secret" };
        (JsonElement made, string path, string version) = await server.Client.MadeAsync(area, wanted);
        Assert.Equal(("KVM", "root", $"at-{address}.example.org"), (made.NameOf("type"), made.Text("user"), made.Text("name")));
        Guid guid = made.GetProperty("guid").GetGuid();
        Assert.Equal("first secret", await SecretAsync(guid));
        Assert.DoesNotContain("first secret", await server.Client.GetStringAsync(area), StringComparison.Ordinal);
        CatalogTask sync = Assert.Single((await server.ReadAsync(session => session.Tasks.ListAsync(
            new TaskFilter { Types = [TaskType.InventorySync] }, new() { Size = 100 }, default))).Rows, task => task.SourceGuid == guid);
        Assert.Equal(OriginType.User, sync.OriginType);

        using HttpResponseMessage renamed = await server.Client.PutWithVersionAsync(path, new { name = "renamed", user = "backup", settings = new { port = 22 } }, version);
        JsonElement shown = await renamed.JsonAsync();
        Assert.Equal(("renamed", "backup", 22), (shown.Text("name"), shown.Text("user"), shown.GetProperty("settings").GetProperty("port").GetInt32()));
        Assert.Equal("first secret", await SecretAsync(guid));
        await (await server.Client.PutWithVersionAsync(path, new { name = "x" }, version)).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);

        // As an old client does: get, and put back with a new password.
        Dictionary<string, JsonElement> same = shown.EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
        same["password"] = JsonSerializer.SerializeToElement("second secret");
        await server.Client.PutAsync(path, same);
        Assert.Equal("second secret", await SecretAsync(guid));

        (JsonElement shared, _, _) = await server.Client.MadeAsync("/api/credential", new { name = $"shared by {address}", login = "svc", secret = "x" });
        JsonElement switched = await server.Client.PutAsync(path, new { credential = shared.Text("guid") });
        Assert.Equal("svc", switched.Text("user"));
        Assert.Null(await server.ReadAsync(session => session.Credentials.FindAsync(guid, default)));

        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        await (await server.Client.GetAsync(path)).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Theory]
    [InlineData("/api/hypervisors", """{"type": "KVM"}""", "host")]
    [InlineData("/api/hypervisors", """{"host": "a"}""", "type")]
    [InlineData("/api/hypervisors", """{"host": "a", "type": "no such/type"}""", "type")]
    [InlineData("/api/hypervisors", """{"host": "ssh://root:secret@a", "type": "KVM"}""", "host")]
    [InlineData("/api/hypervisors", """{"host": "a", "type": "KVM", "node": "0193a7f0-0000-7000-8000-000000000001"}""", "node")]
    [InlineData("/api/hypervisor-managers", """{"type": "OVIRT"}""", "url")]
    [InlineData("/api/hypervisor-managers", """{"url": "https://a", "type": "OVIRT", "credential": "0193a7f0-0000-7000-8000-000000000001"}""", "credential")]
    public async Task Bad_platform_is_refused_naming_the_field(string area, string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        Assert.Equal(field, await (await server.Client.PostAsync(area, content)).RefusedFieldAsync());
    }

    [Fact]
    public async Task Host_of_a_manager_stays_while_the_manager_has_it_and_machines_outlive_both()
    {
        var manager = new HypervisorManager { Name = "centre", Platform = "OVIRT", Url = "https://centre" };
        var host = new Hypervisor { Name = "host-1", Host = "host-1", Platform = "OVIRT", HypervisorManagerGuid = manager.Guid };
        await server.WriteAsync(async transaction =>
        {
            await transaction.HypervisorManagers.InsertAsync(manager, default);
            await transaction.Hypervisors.InsertAsync(host, default);
        });
        Machine machine = await server.MachineAsync("of the centre", row => row with { Platform = "OVIRT", HypervisorManagerGuid = manager.Guid, HypervisorGuid = host.Guid });
        Assert.Equal(1, (await server.Client.GotAsync($"/api/hypervisors/{host.Guid}")).GetProperty("vmCount").GetInt64());
        Assert.Equal(["host-1"], (await server.Client.GotAsync($"/api/hypervisors?hypervisor-manager={manager.Guid}")).NamesOf());
        await (await server.Client.DeleteAsync($"/api/hypervisors/{host.Guid}")).ProblemAsync(HttpStatusCode.Conflict, 4003);

        var destination = await server.DestinationAsync("of the centre");
        var point = new RestorePoint { MachineGuid = machine.Guid, DestinationGuid = destination.Guid, Type = BackupType.Full, CreatedAt = server.Time.GetUtcNow() };
        await server.WriteAsync(transaction => transaction.RestorePoints.InsertAsync(point, default));
        Assert.Equal(["centre"], (await server.Client.GotAsync($"/api/hypervisor-managers?backup-to-be-restored={point.Guid}")).NamesOf());
        Assert.Equal(["host-1"], (await server.Client.GotAsync($"/api/hypervisors?backup-to-be-restored={point.Guid}")).NamesOf());
        Assert.Equal(
            "backup-to-be-restored", await (await server.Client.GetAsync($"/api/hypervisors?backup-to-be-restored={Guid.NewGuid()}")).RefusedFieldAsync());

        var running = new CatalogTask { Type = TaskType.Export, State = TaskState.Running, SourceGuid = manager.Guid, CreatedAt = server.Time.GetUtcNow() };
        await server.WriteAsync(transaction => transaction.Tasks.InsertAsync(running, default));
        await (await server.Client.DeleteAsync($"/api/hypervisor-managers/{manager.Guid}")).ProblemAsync(HttpStatusCode.Conflict, 4003);
        await server.WriteAsync(transaction => transaction.Tasks.DeleteAsync(running.Guid, version: null, default));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync($"/api/hypervisor-managers/{manager.Guid}")).StatusCode);
        await (await server.Client.GetAsync($"/api/hypervisors/{host.Guid}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
        Assert.False((await server.Client.GotAsync($"/api/virtual-machines/{machine.Guid}")).GetProperty("present").GetBoolean());
    }

    [Fact]
    public async Task Check_tells_what_a_node_found_and_writes_it_down()
    {
        (_, string path, _) = await server.Client.MadeAsync("/api/hypervisors", new { host = "checked.example.org", type = "KVM", user = "root", password = "pw of check" });
        await using (var node = new AnsweringNode(server, work => work is CheckPlatformWork check && check.Platform.Secret == "pw of check"
            ? new CheckPlatformResult(IsUsable: true, "QEMU 7.2", ["The guest agent is old."])
            : null))
        {
            using HttpResponseMessage usable = await server.Client.PostAsync(path + "/check", content: null);
            JsonElement found = await usable.JsonAsync();
            Assert.Equal((true, "QEMU 7.2"), (found.GetProperty("usable").GetBoolean(), found.Text("product")));
        }

        JsonElement online = await server.Client.GotAsync(path);
        Assert.Equal(("ONLINE", "The guest agent is old."), (online.NameOf("state"), online.Text("stateInfo")));
        await using (var node = new AnsweringNode(
            server, _ => throw new VProtectException(ErrorCode.PlatformUnavailable, ErrorSide.Platform, "No route.", "Look at the network.", RetryAdvice.Later)))
        {
            using HttpResponseMessage unusable = await server.Client.PostAsync(path + "/check", content: null);
            Assert.Equal("No route. Look at the network.", (await unusable.JsonAsync()).GetProperty("findings")[0].GetString());
        }

        Assert.Equal("OFFLINE", (await server.Client.GotAsync(path)).NameOf("state"));
        await (await server.Client.PostAsync($"/api/hypervisor-managers/{Guid.NewGuid()}/check", content: null)).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Fact]
    public async Task Parts_of_platforms_are_listed_by_manager()
    {
        var manager = new HypervisorManager { Name = "parts", Platform = "OPENSTACK", Url = "https://parts" };
        await server.WriteAsync(async transaction =>
        {
            await transaction.HypervisorManagers.InsertAsync(manager, default);
            await transaction.HypervisorClusters.InsertAsync(new HypervisorCluster { Name = "blue", Uuid = "c1", HypervisorManagerGuid = manager.Guid }, default);
            await transaction.HypervisorStorages.InsertAsync(new HypervisorStorage { Name = "fast", Uuid = "s1", HypervisorManagerGuid = manager.Guid, FreeBytes = 7 }, default);
            await transaction.Networks.InsertAsync(new Network { Name = "lan", Uuid = "n1", HypervisorManagerGuid = manager.Guid }, default);
            await transaction.Networks.InsertAsync(new Network { Name = "public", Uuid = "n2", HypervisorManagerGuid = manager.Guid, Shared = true }, default);
            await transaction.Flavors.InsertAsync(new Flavor { Name = "small", Uuid = "f1", HypervisorManagerGuid = manager.Guid, CpuCount = 2 }, default);
        });
        string of = $"hypervisor-manager={manager.Guid}";
        Assert.Equal(["blue"], (await server.Client.GotAsync($"/api/hypervisor-clusters?{of}")).NamesOf());
        JsonElement storage = (await server.Client.GotAsync($"/api/hypervisor-storages?{of}"))[0];
        Assert.Equal((7, "parts"), (storage.GetProperty("availableSpace").GetInt64(), storage.NameOf("hvManager")));
        Assert.Equal(["lan", "public"], (await server.Client.GotAsync($"/api/network?{of}")).NamesOf());
        Assert.Equal(["public"], (await server.Client.GotAsync($"/api/network/shared?{of}")).NamesOf());
        Assert.Equal(["small"], (await server.Client.GotAsync($"/api/virtual-machine-flavors?{of}")).NamesOf());
    }

    private async Task<string> SecretAsync(Guid guid)
    {
        Credential row = await server.ReadAsync(session => session.Credentials.GetAsync(guid, default));
        return Encoding.UTF8.GetString(server.App.Services.GetRequiredService<SecretBox>().Unseal(row.Sealed, $"credentials:{guid:D}"));
    }
}
