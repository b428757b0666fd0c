using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Catalog.Nodes;
using VProtect.Server.Tasks;
using CatalogNode = VProtect.Catalog.Nodes.Node;

namespace VProtect.Server.Tests.Api;

public sealed class NodeTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Node_is_listed_renamed_and_limited()
    {
        var node = new CatalogNode { Name = "node-1", Address = "10.0.0.7", EnrolledAt = DateTimeOffset.UnixEpoch, StagingTotalBytes = 100, StagingUsedBytes = 40 };
        await server.WriteAsync(transaction => transaction.Nodes.InsertAsync(node, default));
        JsonElement listed = (await server.Client.GotAsync("/api/nodes?filter=node-1"))[0];
        Assert.Equal("10.0.0.7", listed.Text("nodeIP"));
        Assert.Equal(40, listed.GetProperty("stagingSpace").GetProperty("usedSpace").GetInt64());

        string path = $"/api/nodes/{node.Guid}";
        (JsonElement config, _, _) = await server.Client.MadeAsync("/api/node-configurations", new { name = "branch office" });
        using HttpResponseMessage changed = await server.Client.PutWithVersionAsync(
            path, new { name = "node-2", maxTasks = 9, nodeConfig = config.Text("guid") }, "\"1\"");
        JsonElement view = await changed.JsonAsync();
        Assert.Equal(("node-2", 9, "branch office"), (view.Text("name"), view.GetProperty("maxTasks").GetInt32(), view.NameOf("nodeConfig")));
        Assert.Equal("\"2\"", changed.Headers.ETag!.Tag);
        await (await server.Client.PutWithVersionAsync(path, new { name = "node-3" }, "\"1\"")).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        Assert.Equal("maxTasks", await (await server.Client.PutAsJsonAsync(path, new { maxTasks = 0 })).RefusedFieldAsync());
        Assert.Equal("nodeConfig", await (await server.Client.PutAsJsonAsync(path, new { nodeConfig = Guid.NewGuid() })).RefusedFieldAsync());
        await (await server.Client.GetAsync($"/api/nodes/{Guid.NewGuid()}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Fact]
    public async Task Node_is_added_with_a_token_for_an_hour_given_another_and_removed()
    {
        JsonObject settings = JsonObject.Create(await server.Client.GotAsync("/api/global-settings"))!;
        foreach (string wrong in (string[])["here:1", "*", "*:70000", ":8182"])
        {
            settings["nodeAddress"] = wrong;
            Assert.Equal("nodeAddress", await (await server.Client.PutAsJsonAsync("/api/global-settings", settings)).RefusedFieldAsync());
        }

        settings["nodeAddress"] = "127.0.0.1:0";
        (await server.Client.PutAsJsonAsync("/api/global-settings", settings)).EnsureSuccessStatusCode();
        (JsonElement added, string path, _) = await server.Client.MadeAsync("/api/nodes", new { name = "site2", maxTasks = 2 });
        Assert.Contains($"--at {added.Text("server")} --token vpn1_", added.Text("command"), StringComparison.Ordinal);
        JsonElement node = await server.Client.GotAsync(path);
        Assert.Equal(("PENDING", 2), (node.NameOf("state"), node.GetProperty("maxTasks").GetInt32()));
        Assert.DoesNotContain(added.Text("token")!, node.ToString(), StringComparison.Ordinal);
        Assert.Equal("name", await (await server.Client.PostAsJsonAsync("/api/nodes", new { maxTasks = 2 })).RefusedFieldAsync());
        await (await server.Client.PostAsJsonAsync("/api/nodes", new { name = "SITE2" })).ProblemAsync(HttpStatusCode.Conflict, 4004);

        using HttpResponseMessage another = await server.Client.PostAsync(path + "/token", content: null);
        Assert.NotEqual(added.Text("token"), (await another.JsonAsync()).Text("token"));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        await (await server.Client.GetAsync(path)).ProblemAsync(HttpStatusCode.NotFound, 4002);

        // The server's own stays.
        string own = $"/api/nodes/{server.App.Services.GetRequiredService<LocalNode>().Guid}";
        await (await server.Client.DeleteAsync(own)).ProblemAsync(HttpStatusCode.Conflict, 5107);
        using HttpResponseMessage token = await server.Client.PostAsync(own + "/token", content: null);
        await token.ProblemAsync(HttpStatusCode.Conflict, 5107);
    }

    [Fact]
    public async Task Only_a_node_that_is_offline_is_said_to_fail_and_its_lease_is_over_then()
    {
        var node = new CatalogNode { Name = "far", EnrolledAt = DateTimeOffset.UnixEpoch, State = NodeState.Maintenance };
        await server.WriteAsync(transaction => transaction.Nodes.InsertAsync(node, default));
        string path = $"/api/nodes/{node.Guid}/fail";
        await (await server.Client.PostAsync(path, content: null)).ProblemAsync(HttpStatusCode.Conflict, (int)ErrorCode.TaskUnfit);

        await server.WriteAsync(async transaction => await transaction.Nodes.UpdateAsync(await transaction.Nodes.GetAsync(node.Guid, default) with { State = NodeState.Offline }, default));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.PostAsync(path, content: null)).StatusCode);
        Assert.Equal(1, (await server.ReadAsync(session => session.Nodes.GetAsync(node.Guid, default))).Generation);
    }

    [Fact]
    public async Task Settings_of_nodes_are_kept_and_stay_while_nodes_have_them()
    {
        (JsonElement first, string path, _) = await server.Client.MadeAsync(
            "/api/node-configurations", new { name = "centre", settings = new { restorePaths = "/var/tmp", runningTasksMax = 2 }, defaultConfiguration = true });
        Assert.Equal("/var/tmp", first.GetProperty("settings").Text("restorePaths"));
        await server.Client.MadeAsync("/api/node-configurations", new { name = "edge", defaultConfiguration = true });
        Assert.False((await server.Client.GotAsync(path)).GetProperty("defaultConfiguration").GetBoolean());

        foreach ((string field, object wrong) in (IEnumerable<(string, object)>)[
            ("staging", "/var/tmp"), ("runningTasksMax", 65), ("runningTasksMax", "many"), ("restorePaths", "var/tmp"), ("restorePaths", Array.Empty<string>()), ("backupBytesPerSecondMax", 1000), ("mountCacheBytesMax", -1),
            ("mountCacheHoldsShares", "yes"), ("mountStallSecondsMax", 4), ("mountStallSecondsMax", 86_401), ("workPath", "var/tmp"), ("workPath", "/var/../tmp"), ("workPath", 1), ("workPath", "/a\nb"),
            ("allowedTaskTypes", "EXPORT"), ("allowedTaskTypes", new[] { "EXPORT", "STORE" }), ("allowedTaskTypes", new[] { 1 }), ("allowedTaskTypes", Array.Empty<string>())])
        {
            using HttpResponseMessage answer = await server.Client.PutAsJsonAsync(path, new { settings = new Dictionary<string, object> { [field] = wrong } });
            Assert.Equal($"settings.{field}", await answer.RefusedFieldAsync());
        }

        Guid guid = first.GetProperty("guid").GetGuid();
        var node = new CatalogNode { Name = "bound", EnrolledAt = DateTimeOffset.UnixEpoch, NodeConfigGuid = guid };
        await server.WriteAsync(transaction => transaction.Nodes.InsertAsync(node, default));
        using HttpResponseMessage refused = await server.Client.DeleteAsync(path);
        Assert.Contains("bound", (await refused.ProblemAsync(HttpStatusCode.Conflict, 4003)).Text("message"), StringComparison.Ordinal);
        await server.WriteAsync(transaction => transaction.Nodes.UpdateAsync(node with { NodeConfigGuid = null }, default));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
    }
}
