using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Tests.Api;

public sealed class RecoveryPlanTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Plan_is_made_checked_run_reported_changed_and_deleted()
    {
        var manager = new HypervisorManager { Name = "recovery site", Platform = "KVM", Url = "qemu+ssh://site/system" };
        await server.WriteAsync(transaction => transaction.HypervisorManagers.InsertAsync(manager, default));
        Machine web = await server.MachineAsync("recover-web", machine => machine with { HypervisorManagerGuid = manager.Guid });
        Machine db = await server.MachineAsync("recover-db", machine => machine with { HypervisorManagerGuid = manager.Guid });
        Destination destination = await server.DestinationAsync("for recovery");
        DateTimeOffset instant = server.Time.GetUtcNow().AddHours(-2);
        await server.WriteAsync(transaction => transaction.RestorePoints.InsertAsync(
            new RestorePoint
            {
                MachineGuid = web.Guid,
                DestinationGuid = destination.Guid,
                Type = BackupType.Full,
                State = RestorePointState.Success,
                RepositoryPointId = "web-1",
                CreatedAt = instant,
                SnapshotAt = instant,
                SizeBytes = 1L << 30,
            },
            default));
        object step = new { virtualMachine = new { guid = web.Guid }, restoredPeName = "{name}-test", powerOnAfterRestore = true };
        (JsonElement made, string path, string version) = await server.Client.MadeAsync(
            "/api/recovery-plans",
            new { name = "the site", continueAfterFailure = true, cron = "0 3 * * 6", timeZone = "Europe/Warsaw", steps = new[] { step, new { virtualMachine = new { guid = db.Guid }, startDelay = 60_000 } } });
        Assert.Equal(["recover-web", "recover-db"], made.GetProperty("steps").EnumerateArray().Select(one => one.NameOf("virtualMachine")));
        Assert.True(made.GetProperty("nextRun").GetInt64() > server.Time.GetUtcNow().ToUnixTimeMilliseconds());
        using HttpResponseMessage twice = await server.Client.PostAsJsonAsync("/api/recovery-plans", new { name = "The Site" });
        await twice.ProblemAsync(HttpStatusCode.Conflict, 4004);

        // What it would do.
        JsonElement[] check = [.. (await (await server.Client.PostAsync(path + "/check", content: null)).JsonAsync()).EnumerateArray()];
        Assert.Equal((2 * 3600 * 1000, 1L << 30, "recover-web-test"), (check[0].GetProperty("dataAge").GetInt64(), check[0].GetProperty("size").GetInt64(), check[0].Text("restoredPeName")));
        Assert.Contains("recover-db has no good backup", check[1].Text("problem"), StringComparison.Ordinal);

        // A run, twice with the same key, and not two at once.
        using var request = new HttpRequestMessage(HttpMethod.Post, path + "/run") { Headers = { { "Idempotency-Key", "saturday" } } };
        using HttpResponseMessage began = await server.Client.SendAsync(request);
        JsonElement run = await began.JsonAsync();
        Assert.Equal(HttpStatusCode.Created, began.StatusCode);
        Assert.Equal(server.Time.GetUtcNow().ToUnixTimeMilliseconds(), (await server.Client.GotAsync(path)).GetProperty("lastRun").GetInt64());
        using var again = new HttpRequestMessage(HttpMethod.Post, path + "/run") { Headers = { { "Idempotency-Key", "saturday" } } };
        Assert.Equal(run.Text("guid"), (await (await server.Client.SendAsync(again)).JsonAsync()).Text("guid"));
        await (await server.Client.PostAsync(path + "/run", content: null)).ProblemAsync(HttpStatusCode.Conflict, 5107);
        JsonElement report = await server.Client.GotAsync($"/api/recovery-runs/{run.Text("guid")}");
        Assert.Equal(("the site", "RUNNING", 2 * 3600 * 1000), (report.NameOf("recoveryPlan"), report.NameOf("state"), report.GetProperty("dataAge").GetInt64()));
        Assert.Equal([1, 2], report.GetProperty("steps").EnumerateArray().Select(one => one.GetProperty("position").GetInt32()));
        await server.Client.PutAsJsonAsync($"/api/workflow-executions/{run.Text("guid")}/state", "CANCELLED");
        JsonElement ended = Assert.Single((await server.Client.GotAsync(path + "/runs")).EnumerateArray());
        Assert.Equal(("CANCELLED", 0, 2), (ended.NameOf("state"), ended.GetProperty("restored").GetInt32(), ended.GetProperty("failed").GetInt32()));

        // Changed in part, by version; a machine that is gone stays named.
        using HttpResponseMessage stale = await server.Client.PutWithVersionAsync(path, new { active = false }, "\"7\"");
        await stale.ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        using HttpResponseMessage changed = await server.Client.PutWithVersionAsync(path, new { active = false }, version);
        JsonElement resting = await changed.JsonAsync();
        Assert.Equal((2, JsonValueKind.Null), (resting.GetProperty("steps").GetArrayLength(), resting.GetProperty("nextRun").ValueKind));
        await server.WriteAsync(transaction => transaction.Machines.DeleteAsync(db.Guid, version: null, default));
        check = [.. (await (await server.Client.PostAsync(path + "/check", content: null)).JsonAsync()).EnumerateArray()];
        Assert.Contains("recover-db is not in the catalog any more", check[1].Text("problem"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        Assert.Equal(JsonValueKind.Null, (await server.Client.GotAsync($"/api/recovery-runs/{run.Text("guid")}")).GetProperty("recoveryPlan").ValueKind);
    }

    [Theory]
    [InlineData("""{"name": ""}""", "name")]
    [InlineData("""{"name": "x", "cron": "every day"}""", "cron")]
    [InlineData("""{"name": "x", "timeZone": "Mars/Olympus"}""", "timeZone")]
    [InlineData("""{"name": "x", "steps": [{}]}""", "steps[0].virtualMachine")]
    [InlineData("""{"name": "x", "steps": [{"virtualMachine": {"guid": "MACHINE"}, "startDelay": -1}]}""", "steps[0].startDelay")]
    [InlineData("""{"name": "x", "steps": [{"virtualMachine": {"guid": "MACHINE"}, "overwrite": true, "restoredPeName": "y"}]}""", "steps[0].overwrite")]
    [InlineData("""{"name": "x", "steps": [{"virtualMachine": {"guid": "MACHINE"}, "restoredNetworks": [{}]}]}""", "steps[0].restoredNetworks[0].network")]
    public async Task A_wrong_plan_is_refused_naming_the_field(string body, string field)
    {
        Machine machine = await server.MachineAsync($"wrong-{Guid.NewGuid()}");
        using var content = new StringContent(body.Replace("MACHINE", machine.Guid.ToString(), StringComparison.Ordinal), System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await server.Client.PostAsync("/api/recovery-plans", content);
        Assert.Equal(field, (await answer.ProblemAsync(HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString());
    }

    [Fact]
    public async Task Plan_without_steps_is_not_run_and_unknown_machines_are_not_found()
    {
        (JsonElement _, string path, string _) = await server.Client.MadeAsync("/api/recovery-plans", new { name = "empty" });
        await (await server.Client.PostAsync(path + "/run", content: null)).ProblemAsync(HttpStatusCode.BadRequest, 5101);
        using HttpResponseMessage answer = await server.Client.PostAsJsonAsync(
            "/api/recovery-plans", new { name = "y", steps = new[] { new { virtualMachine = new { guid = Guid.NewGuid() } } } });
        await answer.ProblemAsync(HttpStatusCode.NotFound, 4002);
    }
}
