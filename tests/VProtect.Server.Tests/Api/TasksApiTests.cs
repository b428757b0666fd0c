using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Policies;
using VProtect.Server.Policies;

namespace VProtect.Server.Tests.Api;

public sealed class TasksApiTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_backup_is_asked_for_once_listed_watched_and_its_log_read()
    {
        Inventory rows = await Inventory.MakeAsync(server);
        JsonElement made = await CreateAsync("export", rows.Export(), key: "night-7");
        JsonElement again = await CreateAsync("export", rows.Export(), key: "night-7");
        Assert.Equal(made.GetRawText(), again.GetRawText());
        using HttpResponseMessage other = await PostAsync("export", rows.Export(priority: 1), key: "night-7");
        await other.ProblemAsync(HttpStatusCode.UnprocessableEntity, 4021);
        string guid = Assert.Single(made.EnumerateArray()).GetProperty("guid").GetString()!;

        JsonElement list = await GetAsync($"/api/tasks?protectedEntity={rows.Machine.Guid}&state=QUEUED,RUNNING&type=EXPORT");
        JsonElement task = Assert.Single(list.EnumerateArray());
        Assert.Equal(guid, task.GetProperty("guid").GetString());
        Assert.Equal(rows.Machine.Name, task.GetProperty("protectedEntity").GetProperty("name").GetString());
        Assert.Equal(("EXPORT", "QUEUED", "USER", "admin"), (
            Name(task, "type"), Name(task, "state"), Name(task.GetProperty("originEntity"), "type"), task.GetProperty("originEntity").GetProperty("name").GetString()));
        Assert.Equal(2, (await GetAsync($"/api/tasks?backup={task.GetProperty("backup").GetProperty("guid").GetString()}")).GetArrayLength());
        Assert.Equal(2, (await GetAsync($"/api/tasks?workflow={task.GetProperty("workflow").GetProperty("guid").GetString()}")).GetArrayLength());
        Assert.Equal(0, (await GetAsync($"/api/tasks?protectedEntity={Guid.NewGuid()}&tenantId=x")).GetArrayLength());

        TaskOrder order = await rows.Node.TakeAsync(guid);
        await rows.Node.ReportAsync(order, done: 0);
        server.Time.Advance(TimeSpan.FromSeconds(10));
        await rows.Node.ReportAsync(order, "read", done: 50, total: 100, stored: 5, new TaskLine(server.Time.GetUtcNow(), LineLevel.Warning, "A disk is slow."));
        task = await GetAsync($"/api/tasks/{guid}");
        Assert.Equal(
            ("read", 50, 50, 100, 1),
            (task.GetProperty("stage").GetString(), task.GetProperty("progress").GetInt32(), task.GetProperty("bytesDone").GetInt32(),
                task.GetProperty("bytesTotal").GetInt32(), task.GetProperty("warnings").GetInt32()));

        // 50 bytes in 10 s and what the test itself took.
        Assert.InRange(task.GetProperty("rate").GetInt32(), 1, 5);
        Assert.Equal(50_000 / task.GetProperty("rate").GetInt32(), task.GetProperty("etaMs").GetInt32());
        JsonElement line = Assert.Single((await GetAsync($"/api/tasks/{guid}/log?after=0&size=10")).EnumerateArray());
        Assert.Equal(("A disk is slow.", "WARNING"), (line.GetProperty("text").GetString(), Name(line, "level")));

        await rows.Node.FailAsync(order);
        task = await GetAsync($"/api/tasks/{guid}");
        Assert.Equal(
            ("FAILED", 2011, "The disk cannot be read.", "Look at the host."),
            (Name(task, "state"), task.GetProperty("errorCode").GetInt32(), task.GetProperty("statusInfo").GetString(), task.GetProperty("guidance").GetString()));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync($"/api/tasks/{guid}")).StatusCode);
        await (await server.Client.GetAsync($"/api/tasks/{guid}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Fact]
    public async Task Tasks_are_moved_cancelled_and_deleted_one_by_one_and_all_at_once()
    {
        Inventory rows = await Inventory.MakeAsync(server);
        string guid = First(await CreateAsync("export", rows.Export()));
        JsonElement moved = await (await server.Client.PutAsJsonAsync($"/api/tasks/{guid}/priority", new { priority = 90 })).JsonAsync();
        Assert.Equal(90, moved.GetProperty("priority").GetInt32());
        await (await server.Client.PutAsJsonAsync($"/api/tasks/{guid}/priority", new { priority = 101 })).ProblemAsync(HttpStatusCode.BadRequest, 2001);
        TaskOrder order = await rows.Node.TakeAsync(guid);
        await (await server.Client.DeleteAsync($"/api/tasks/{guid}")).ProblemAsync(HttpStatusCode.Conflict, 5107);
        await (await server.Client.PutAsJsonAsync($"/api/tasks/{guid}/state", new { name = "FINISHED" })).ProblemAsync(HttpStatusCode.BadRequest, 2001);
        JsonElement cancelling = await (await server.Client.PutAsJsonAsync($"/api/tasks/{guid}/state", new { name = "CANCELLED" })).JsonAsync();
        Assert.True(cancelling.GetProperty("cancelRequested").GetBoolean());
        Assert.Equal("Cancelled by admin.", cancelling.GetProperty("statusInfo").GetString());
        await rows.Node.CancelledAsync(order);

        string second = First(await CreateAsync("export", rows.Export()));
        Assert.Equal("CANCELLED", Name(await (await server.Client.PutAsJsonAsync($"/api/tasks/{second}/state", "CANCELLED")).JsonAsync(), "state"));
        string running = First(await CreateAsync("export", rows.Export()));
        order = await rows.Node.TakeAsync(running);
        string queued = First(await CreateAsync("export", rows.Export()));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync("/api/tasks/all-running")).StatusCode);
        Assert.True((await GetAsync($"/api/tasks/{running}")).GetProperty("cancelRequested").GetBoolean());
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync("/api/tasks/all-finished")).StatusCode);
        await (await server.Client.GetAsync($"/api/tasks/{second}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
        Assert.Equal("QUEUED", Name(await GetAsync($"/api/tasks/{queued}"), "state"));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync("/api/tasks/all-finished-and-queued")).StatusCode);
        await (await server.Client.GetAsync($"/api/tasks/{queued}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
        Assert.Equal("RUNNING", Name(await GetAsync($"/api/tasks/{running}"), "state"));
        await rows.Node.CancelledAsync(order);
    }

    [Fact]
    public async Task Every_kind_of_work_can_be_asked_for_and_reaches_the_node_as_it_was_asked()
    {
        Inventory rows = await Inventory.MakeAsync(server);
        string backup = await BackUpAsync(rows, "p1");
        JsonElement file = Assert.Single((await GetAsync($"/api/backup-files?backup={backup}")).EnumerateArray());
        object[] files = [new { guid = file.GetProperty("guid").GetString() }];

        RestoreFilesWork restore = await DoAsync<RestoreFilesWork>(
            rows, "restore", new { backup = new { guid = backup }, restorePath = "/restore/web", format = "qcow2", taskFiles = files }, new RestoreResult(null, ["/restore/web/vda"], 5, []));
        Assert.Equal(("p1", "/restore/web", "qcow2", true, "vda"), (restore.PointId, restore.Directory, restore.Format, restore.IsSparse, Assert.Single(restore.Disks)));

        RestoreMachineWork import = await DoAsync<RestoreMachineWork>(
            rows,
            "restore-and-import",
            new
            {
                backup = new { guid = backup },
                hypervisorManager = new { guid = rows.Manager.Guid },
                restoredPeName = "web-2",
                restoreStorageId = rows.Storage.Guid.ToString(),
                restoredDiskAllocationFormat = "PREALLOCATED",
                overwrite = false,
                powerOnAfterRestore = true,
                restoredNetworks = new[] { new { network = new { guid = rows.Network.Guid }, networkInterfaceCard = 1 } },
            },
            new RestoreResult("new", [], 5, []));
        Assert.Equal(
            ("web-2", rows.Storage.Uuid, true, true, rows.Network.Uuid, (string?)null),
            (import.Name, import.StorageId, import.IsPreallocated, import.PowersOn, import.Networks[1], import.OverwriteMachineUuid));
        object machine = new { guid = rows.Machine.Guid };
        CreateSnapshotWork snapshot = await DoAsync<CreateSnapshotWork>(
            rows, "vm-snapshot", new { protectedEntities = new[] { machine }, name = "before update" }, new SnapshotResult("s1", server.Time.GetUtcNow(), true));
        Assert.Equal("before update", snapshot.Name);
        Guid taken = Guid.Empty;
        await rows.WriteAsync(async tx => taken = (await tx.Snapshots.ListAsync(rows.Machine.Guid, policy: null, new(), default)).Rows[0].Guid);
        RevertSnapshotWork revert = await DoAsync<RevertSnapshotWork>(rows, "snapshot-reversion", new { snapshot = new { guid = taken } }, null);
        Assert.Equal("s1", revert.SnapshotId);

        await DoAsync<InventoryWork>(rows, "inventory-sync", new { hypervisorManager = new { guid = rows.Manager.Guid } }, null);
        VerifyWork verify = await DoAsync<VerifyWork>(
            rows, "verify", new { backupDestination = new { guid = rows.Destination.Guid }, samplePercent = 5, bytesPerSecondMax = 1000 }, new VerifyWorkResult(1, 0, []));
        Assert.Equal((5, 1000L), (verify.SamplePercent, verify.BytesPerSecondMax));
        ForgetWork forget = await DoAsync<ForgetWork>(rows, "delete", new { backups = new[] { new { guid = backup } } }, null);
        Assert.Equal(["p1"], forget.PointIds);
        await (await server.Client.GetAsync($"/api/backups/{backup}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
        await DoAsync<CollectWork>(rows, "collect", new { backupDestination = new { guid = rows.Destination.Guid } }, null);
    }

    [Theory]
    [InlineData("restore")]
    [InlineData("restore-and-import")]
    [InlineData("mount")]
    [InlineData("vm-snapshot")]
    [InlineData("inventory-sync")]
    [InlineData("verify")]
    [InlineData("collect")]
    [InlineData("delete")]
    public async Task What_failed_is_asked_for_again_as_it_was_asked_for(string kind)
    {
        Inventory rows = await Inventory.MakeAsync(server);
        object backup = new { guid = await BackUpAsync(rows, "p1") };
        object destination = new { guid = rows.Destination.Guid };
        string guid = First(await CreateAsync(kind, kind switch
        {
            "restore" => new { backup, restorePath = "/restore/web ", format = "qcow2", restoredDiskAllocationFormat = "PREALLOCATED", priority = 70 },
            "restore-and-import" => new
            {
                backup,
                hypervisorManager = new { guid = rows.Manager.Guid },
                restoredPeName = "web-2",
                restoreStorageId = rows.Storage.Guid.ToString(),
                powerOnAfterRestore = true,
                restoredNetworks = new[] { new { network = new { guid = rows.Network.Guid }, networkInterfaceCard = 1 } },
            },
            "mount" => new { backup, mode = "ISCSI", writable = true, allowedClients = new[] { "192.0.2.0/24" } },
            "vm-snapshot" => new { protectedEntities = new[] { new { guid = rows.Machine.Guid } }, name = "before update" },
            "inventory-sync" => new { hypervisorManager = new { guid = rows.Manager.Guid } },
            "verify" => new { backupDestination = destination, samplePercent = 5, bytesPerSecondMax = 1000 },
            "collect" => new { backupDestination = destination },
            _ => (object)new { backups = new[] { backup } },
        }));
        await (await PostAsync($"{guid}/retry", new { })).ProblemAsync(HttpStatusCode.Conflict, 5107);
        TaskOrder order = await rows.Node.TakeAsync(guid);
        string asked = JsonSerializer.Serialize<object>(order.Work);
        await rows.Node.FailAsync(order, retry: RetryAdvice.Never);

        string again = First(await CreateAsync($"{guid}/retry", new { }, key: "again " + kind));

        Assert.Equal(again, First(await CreateAsync($"{guid}/retry", new { }, key: "again " + kind)));
        Assert.NotEqual(guid, again);
        order = await rows.Node.TakeAsync(again);
        Assert.Equal(asked, JsonSerializer.Serialize<object>(order.Work));
        JsonElement[] both = [await GetAsync($"/api/tasks/{guid}"), await GetAsync($"/api/tasks/{again}")];
        Assert.Equal(both[0].GetProperty("priority").GetInt32(), both[1].GetProperty("priority").GetInt32());
        await rows.Node.FailAsync(order, retry: RetryAdvice.Never);
    }

    [Fact]
    public async Task A_failed_backup_of_a_rule_is_asked_for_again_for_that_rule_and_destination_alone()
    {
        Inventory rows = await Inventory.MakeAsync(server);
        var second = new Catalog.Destinations.Destination { Name = $"second of {rows.Destination.Name}", Type = "FILESYSTEM" };
        var policy = new Policy { Name = $"of {rows.Machine.Name}", Kind = PolicyKind.VmBackup, Priority = 33 };
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        await rows.WriteAsync(async tx =>
        {
            await tx.Destinations.InsertAsync(second, default);
            await tx.Policies.InsertAsync(policy, default);
            await tx.Rules.InsertAsync(rule, default);
            await tx.RuleDestinations.InsertAsync(new RuleDestination { RuleGuid = rule.Guid, Role = DestinationRole.Primary, DestinationGuid = rows.Destination.Guid }, default);
            await tx.RuleDestinations.InsertAsync(new RuleDestination { RuleGuid = rule.Guid, Role = DestinationRole.Secondary, DestinationGuid = second.Guid }, default);
            await tx.Policies.AssignAsync(policy.Guid, rows.Machine.Guid, AssignmentSource.Manual, default);
        });
        string guid = First(await CreateAsync("export", new { rules = new[] { new { guid = rule.Guid } }, backupType = "FULL" }));
        await rows.Node.FailAsync(await rows.Node.TakeAsync(guid), retry: RetryAdvice.Never);
        JsonElement store = Assert.Single((await GetAsync($"/api/tasks?protectedEntity={rows.Machine.Guid}&type=STORE&state=FAILED")).EnumerateArray());

        // Either half stands for both.
        JsonElement again = Assert.Single((await CreateAsync($"{store.GetProperty("guid").GetString()}/retry", new { })).EnumerateArray());

        Assert.Equal(
            (rows.Destination.Name, policy.Name, 33),
            (again.GetProperty("backupDestination").GetProperty("name").GetString(), again.GetProperty("policy").GetProperty("name").GetString(), again.GetProperty("priority").GetInt32()));
        JsonElement point = await GetAsync($"/api/backups/{again.GetProperty("backup").GetProperty("guid").GetString()}");
        Assert.Equal("nightly", point.GetProperty("rule").GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("export", "{}", "protectedEntities")]
    [InlineData("export", """{"protectedEntities":[]}""", "protectedEntities")]
    [InlineData("export", """{"protectedEntities":[{"guid":"7d0f2b6e-1111-7000-8000-000000000000"}],"priority":101}""", "priority")]
    [InlineData("export", """{"protectedEntities":[{"guid":"7d0f2b6e-1111-7000-8000-000000000000"}],"retryCount":-1}""", "retryCount")]
    [InlineData("export", """{"protectedEntities":[{"guid":"7d0f2b6e-1111-7000-8000-000000000000"}],"windowStart":2,"windowEnd":1}""", "windowEnd")]
    [InlineData("restore", """{"backup":{"guid":"7d0f2b6e-1111-7000-8000-000000000000"},"restorePath":"here"}""", "restorePath")]
    [InlineData("restore", """{"backup":{"guid":"7d0f2b6e-1111-7000-8000-000000000000"},"restorePath":"/x","format":"iso"}""", "format")]
    [InlineData("restore-and-import", "{}", "backup")]
    [InlineData("vm-snapshot", "{}", "protectedEntities")]
    [InlineData("snapshot-reversion", "{}", "snapshot")]
    [InlineData("delete", "{}", "backups")]
    [InlineData("verify", """{"backupDestination":{"guid":"7d0f2b6e-1111-7000-8000-000000000000"},"samplePercent":0}""", "samplePercent")]
    [InlineData("collect", "{}", "backupDestination")]
    public async Task A_wrong_request_is_refused_naming_the_field(string kind, string body, string field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await server.Client.PostAsync($"/api/tasks/{kind}", content);
        Assert.Equal(field, (await answer.ProblemAsync(HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString());
    }

    [Fact]
    public async Task Workflows_are_listed_looked_at_cancelled_and_deleted()
    {
        Inventory rows = await Inventory.MakeAsync(server);
        await CreateAsync("export", rows.Export());
        JsonElement workflow = Assert.Single((await GetAsync($"/api/workflow-executions?protectedEntity={rows.Machine.Guid}&state=RUNNING")).EnumerateArray());
        string path = $"/api/workflow-executions/{workflow.GetProperty("guid").GetString()}";
        Assert.Equal(2, (await GetAsync(path)).GetProperty("tasks").GetArrayLength());
        await (await server.Client.DeleteAsync(path)).ProblemAsync(HttpStatusCode.Conflict, 5107);
        Assert.Equal("CANCELLED", Name(await (await server.Client.PutAsJsonAsync(path + "/state", "CANCELLED")).JsonAsync(), "state"));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        Assert.Equal(0, (await GetAsync($"/api/tasks?protectedEntity={rows.Machine.Guid}")).GetArrayLength());
        await (await server.Client.GetAsync("/api/workflow-executions?state=LOST")).ProblemAsync(HttpStatusCode.BadRequest, 2001);
    }

    [Fact]
    public async Task Backups_are_described_held_marked_simulated_and_shown_in_parts()
    {
        Inventory rows = await Inventory.MakeAsync(server);
        string guid = await BackUpAsync(rows, "p9");
        string list = $"/api/backups?protected-entity={rows.Machine.Guid}";
        Assert.Equal(1, (await GetAsync(list + "&status=SUCCESS&only-mountable=true&type=FULL")).GetArrayLength());
        Assert.Equal(0, (await GetAsync(list + "&status=FAILED")).GetArrayLength());
        JsonElement backup = await ChangeAsync(guid, "description", new { description = "before the move" });
        Assert.Equal(("before the move", 1000L, 305L), (
            backup.GetProperty("description").GetString(), backup.GetProperty("size").GetInt64(), backup.GetProperty("storedSize").GetInt64()));
        Assert.True((await ChangeAsync(guid, "warnings-acknowledged", true)).GetProperty("warningsAcknowledged").GetBoolean());
        Assert.Equal("ARCHIVE", Name(await ChangeAsync(guid, "retention-hint", new { retentionHint = "ARCHIVE" }), "retentionHint"));
        Assert.True((await ChangeAsync(guid, "hold", new { reason = "case 7" })).GetProperty("held").GetBoolean());
        using HttpResponseMessage held = await PostAsync("delete", new { backup = new { guid } });
        await held.ProblemAsync(HttpStatusCode.Conflict, 2111);
        Assert.False((await (await server.Client.DeleteAsync($"/api/backups/{guid}/hold")).JsonAsync()).GetProperty("held").GetBoolean());

        object chosen = new { protectedEntities = new[] { new { guid = rows.Machine.Guid } }, retentionHint = "TO_REMOVE" };
        JsonElement preview = await (await server.Client.PostAsJsonAsync("/api/retention/mark-backups/preview", chosen)).JsonAsync();
        Assert.Equal("ARCHIVE", Name(Assert.Single(preview.EnumerateArray()), "retentionHint"));
        JsonElement marked = await (await server.Client.PostAsJsonAsync("/api/retention/mark-backups", chosen)).JsonAsync();
        Assert.Equal("TO_REMOVE", Name(Assert.Single(marked.EnumerateArray()), "retentionHint"));
        JsonElement simulated = await (await server.Client.PostAsJsonAsync(
            "/api/retention/simulate",
            new { protectedEntity = new { guid = rows.Machine.Guid }, backupRetentionSettings = new { retentionKeepLastNFull = 1, keepLastBackupWhenSourceStillExists = false } })).JsonAsync();
        Assert.Equal((false, "MARKED"), (simulated[0].GetProperty("keep").GetBoolean(), Name(simulated[0], "reason")));

        JsonElement file = Assert.Single((await GetAsync($"/api/backup-files/detailed/for-restore?backup={guid}")).EnumerateArray());
        Assert.Equal(("system", 1000L), (file.GetProperty("name").GetString(), file.GetProperty("size").GetInt64()));
        Assert.Equal(rows.Destination.Name, (await GetAsync($"/api/backup-locations?backup={guid}"))[0].GetProperty("backupDestination").GetProperty("name").GetString());
        Assert.Equal(1, (await GetAsync($"/api/backup-locations?protected-entity={rows.Machine.Guid}")).GetArrayLength());
        Assert.Equal(0, (await GetAsync($"/api/file-systems?backup={guid}")).GetArrayLength());
        Assert.Equal(0, (await GetAsync($"/api/restore-jobs?backup={guid}")).GetArrayLength());
        await (await server.Client.GetAsync("/api/backup-files")).ProblemAsync(HttpStatusCode.BadRequest, 2001);
    }

    [Fact]
    public async Task Forecast_tells_what_would_run_and_starts_nothing()
    {
        Inventory rows = await Inventory.MakeAsync(server);
        var policy = new Policy { Name = "gold", Kind = PolicyKind.VmBackup };
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        Schedule schedule = Scheduling.Schedules.Daily("22:00");
        await rows.WriteAsync(async tx =>
        {
            await tx.Policies.InsertAsync(policy, default);
            await tx.Rules.InsertAsync(rule, default);
            await tx.RuleDestinations.InsertAsync(
                new RuleDestination { RuleGuid = rule.Guid, Role = DestinationRole.Primary, DestinationGuid = rows.Destination.Guid }, default);
            await tx.Schedules.InsertAsync(schedule, default);
            await tx.Schedules.SetRulesAsync(schedule.Guid, [rule.Guid], default);
            await tx.Policies.AssignAsync(policy.Guid, rows.Machine.Guid, AssignmentSource.Manual, default);
        });
        server.App.Services.GetRequiredService<PolicyBook>().Forget();

        JsonElement run = Assert.Single((await GetAsync($"/api/schedules/forecast?policy={policy.Guid}")).EnumerateArray());

        Assert.Equal(
            (rows.Machine.Name, "gold", "nightly", rows.Destination.Name, "INCREMENTAL"),
            (run.GetProperty("protectedEntity").GetProperty("name").GetString(), run.GetProperty("policy").GetProperty("name").GetString(),
                run.GetProperty("rule").GetProperty("name").GetString(), run.GetProperty("backupDestination").GetProperty("name").GetString(), Name(run, "backupType")));
        Assert.Equal(0, (await GetAsync($"/api/tasks?policy={policy.Guid}")).GetArrayLength());
        JsonElement now = await CreateAsync("export", new { rules = new[] { new { guid = rule.Guid } }, backupType = "FULL" });
        Assert.Equal(rows.Machine.Name, Assert.Single(now.EnumerateArray()).GetProperty("protectedEntity").GetProperty("name").GetString());
        await (await server.Client.GetAsync("/api/schedules/forecast?until=5")).ProblemAsync(HttpStatusCode.BadRequest, 2001);
    }

    private static string Name(JsonElement element, string field) => element.GetProperty(field).GetProperty("name").GetString()!;

    private static string First(JsonElement tasks) => tasks[0].GetProperty("guid").GetString()!;

    private async Task<JsonElement> GetAsync(string path) => await (await server.Client.GetAsync(path)).JsonAsync();

    private async Task<JsonElement> CreateAsync(string kind, object body, string? key = null)
    {
        using HttpResponseMessage answer = await PostAsync(kind, body, key);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return await answer.JsonAsync();
    }

    private Task<HttpResponseMessage> PostAsync(string kind, object body, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/tasks/{kind}") { Content = JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return server.Client.SendAsync(request);
    }

    private async Task<JsonElement> ChangeAsync(string guid, string part, object body) =>
        await (await server.Client.PutAsJsonAsync($"/api/backups/{guid}/{part}", body)).JsonAsync();

    private async Task<string> BackUpAsync(Inventory rows, string pointId)
    {
        JsonElement task = (await CreateAsync("export", rows.Export()))[0];
        TaskOrder order = await rows.Node.TakeAsync(task.GetProperty("guid").GetString()!);
        await rows.Node.SucceedAsync(order, Tasks.ScriptedNode.Backup(pointId));
        return task.GetProperty("backup").GetProperty("guid").GetString()!;
    }

    private async Task<TWork> DoAsync<TWork>(Inventory rows, string kind, object body, WorkResult? result)
        where TWork : Work
    {
        string guid = First(await CreateAsync(kind, body));
        TaskOrder order = await rows.Node.TakeAsync(guid);
        TWork work = Assert.IsType<TWork>(order.Work);
        await rows.Node.SucceedAsync(order, result);
        Assert.Equal("FINISHED", Name(await GetAsync($"/api/tasks/{guid}"), "state"));
        return work;
    }
}
