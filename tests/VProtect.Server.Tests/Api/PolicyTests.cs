using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Settings;

namespace VProtect.Server.Tests.Api;

public sealed class PolicyTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Policy_is_made_whole_shown_as_written_and_changed_in_part()
    {
        Guid machine = (await server.MachineAsync("web-1")).Guid;
        (Guid primary, Guid copy) = ((await server.DestinationAsync("main")).Guid, (await server.DestinationAsync("copy")).Guid);
        (JsonElement schedule, _, _) = await server.Client.MadeAsync("/api/schedules", new { name = "nightly", hour = 0 });
        var list = new MailingList { Name = "night shift" };
        await server.WriteAsync(transaction => transaction.MailingLists.InsertAsync(list, default));
        (JsonElement made, string path, string version) = await server.Client.MadeAsync("/api/policies/vm-backup", new
        {
            name = "gold",
            priority = 80,
            vms = new[] { new { guid = machine } },
            autoAssignSettings = new { mode = new { name = "ASSIGN_ONLY" }, includeTags = new[] { "prod" }, excludeRegExps = new[] { "test-.*" } },
            backupRetryCount = 2,
            retryDelay = 60_000,
            failRemainingBackupTasksExportThreshold = 5,
            dailyReportEnabled = true,
            mailingList = new { guid = list.Guid },
            rpo = 86_400_000,
            timeZone = "Europe/Warsaw",
            rules = new[]
            {
                new
                {
                    name = "daily",
                    schedules = new[] { new { guid = schedule.Text("guid") } },
                    ruleBackupDestinations = new
                    {
                        primaryBackupDestination = new
                        {
                            active = true,
                            backupDestination = new { guid = primary },
                            daysToKeepRetentionLock = 7,
                            backupRetentionSettings = new { retentionKeepLastNFull = 4, retentionKeepFullNewerThan = 2_592_000_000, keepDaily = 7 },
                        },
                        secondaryBackupDestination = new { backupDestination = new { guid = copy } },
                    },
                },
            },
        });
        Assert.Equal(["web-1"], made.GetProperty("vms").NamesOf());
        Assert.Equal("ASSIGN_ONLY", made.GetProperty("autoAssignSettings").NameOf("mode"));
        Assert.Equal("night shift", made.NameOf("mailingList"));
        JsonElement rule = made.GetProperty("rules")[0];
        Assert.Equal(["nightly"], rule.GetProperty("schedules").NamesOf());
        JsonElement target = rule.GetProperty("ruleBackupDestinations").GetProperty("primaryBackupDestination");
        Assert.Equal(("PRIMARY", "main", 7), (target.NameOf("roleType"), target.NameOf("backupDestination"), target.GetProperty("daysToKeepRetentionLock").GetInt32()));
        JsonElement kept = target.GetProperty("backupRetentionSettings");
        Assert.Equal((4, 2_592_000_000, 7), (
            kept.GetProperty("retentionKeepLastNFull").GetInt32(), kept.GetProperty("retentionKeepFullNewerThan").GetInt64(), kept.GetProperty("keepDaily").GetInt32()));
        Assert.True(kept.GetProperty("keepLastBackupWhenSourceStillExists").GetBoolean());

        using HttpResponseMessage changed = await server.Client.PutWithVersionAsync(path, new { priority = 10, rpo = 0, vms = Array.Empty<object>() }, version);
        JsonElement after = await changed.JsonAsync();
        Assert.Equal((10, 0, 1), (after.GetProperty("priority").GetInt32(), after.GetProperty("vms").GetArrayLength(), after.GetProperty("rules").GetArrayLength()));
        Assert.Equal((JsonValueKind.Null, "gold"), (after.GetProperty("rpo").ValueKind, after.Text("name")));
        await (await server.Client.PutWithVersionAsync(path, new { priority = 11 }, version)).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);

        // As an old client does: get, and put back.
        JsonElement same = await server.Client.PutAsync(path, after);
        Assert.Equal(rule.Text("guid"), same.GetProperty("rules")[0].Text("guid"));
        Assert.Equal("copy", same.GetProperty("rules")[0].GetProperty("ruleBackupDestinations").GetProperty("secondaryBackupDestination").NameOf("backupDestination"));
    }

    [Fact]
    public async Task Freezing_and_commands_are_written_kept_when_left_out_and_removed_by_an_empty_list()
    {
        (JsonElement made, string path, _) = await server.Client.MadeAsync("/api/policies/vm-backup", new
        {
            name = "databases",
            quiesce = new { name = "REQUIRE" },
            preSnapshotCommand = new { arguments = new[] { "/usr/bin/freeze-db", "--now" }, inGuest = true, timeout = 60_000, ignoredExitCodes = new[] { 7 } },
            postSnapshotCommand = new { arguments = new[] { "/usr/bin/thaw-db" }, standardError = new { name = "IGNORE_WITH_WARNING" } },
        });
        Assert.Equal("REQUIRE", made.NameOf("quiesce"));
        JsonElement before = made.GetProperty("preSnapshotCommand");
        Assert.Equal("--now", before.GetProperty("arguments")[1].GetString());
        Assert.Equal((true, 60_000, 7), (before.GetProperty("inGuest").GetBoolean(), before.GetProperty("timeout").GetInt64(), before.GetProperty("ignoredExitCodes")[0].GetInt32()));
        Assert.Equal("IGNORE_WITH_WARNING", made.GetProperty("postSnapshotCommand").NameOf("standardError"));

        JsonElement changed = await (await server.Client.PutAsJsonAsync(
            path, new { description = "x", postSnapshotCommand = new { arguments = Array.Empty<string>() } })).JsonAsync();
        Assert.Equal("/usr/bin/freeze-db", changed.GetProperty("preSnapshotCommand").GetProperty("arguments")[0].GetString());
        Assert.Equal(JsonValueKind.Null, changed.GetProperty("postSnapshotCommand").ValueKind);

        using HttpResponseMessage slow = await server.Client.PutAsJsonAsync(path, new { preSnapshotCommand = new { arguments = new[] { "x" }, timeout = 5 } });
        Assert.Equal("preSnapshotCommand.timeout", (await slow.ProblemAsync(HttpStatusCode.BadRequest, 2001)).Text("field"));
    }

    [Fact]
    public async Task List_has_rules_in_short_and_whole_when_extended()
    {
        Guid destination = (await server.DestinationAsync("of lists")).Guid;
        await server.Client.MadeAsync("/api/policies/vm-backup", new { name = "listed", tenantId = "t1", rules = new[] { RuleTo(destination) } });
        JsonElement brief = Assert.Single((await server.Client.GotAsync("/api/policies/vm-backup?tenantid=t1")).EnumerateArray()).GetProperty("rules")[0];
        Assert.Equal(("daily", JsonValueKind.Null), (brief.Text("name"), brief.GetProperty("schedules").ValueKind));
        JsonElement whole = (await server.Client.GotAsync("/api/policies/vm-backup?tenantid=t1&extended=true"))[0].GetProperty("rules")[0];
        Assert.Equal("of lists", whole.GetProperty("ruleBackupDestinations").GetProperty("primaryBackupDestination").NameOf("backupDestination"));
        Assert.Empty((await server.Client.GotAsync("/api/policies/vm-snapshot?tenantid=t1")).EnumerateArray());
    }

    [Theory]
    [InlineData("""{"priority": 5}""", "name")]
    [InlineData("""{"name": "bad", "priority": 101}""", "priority")]
    [InlineData("""{"name": "bad", "retryDelay": 9223372036854775807}""", "retryDelay")]
    [InlineData("""{"name": "bad", "timeZone": "Nowhere"}""", "timeZone")]
    [InlineData("""{"name": "bad", "autoAssignSettings": {"includeRegExps": ["ok", "("]}}""", "autoAssignSettings.includeRegExps[1]")]
    [InlineData("""{"name": "bad", "autoAssignSettings": {"hvClusters": ["0193a7f0-0000-7000-8000-000000000001"]}}""", "autoAssignSettings.hvClusters[0]")]
    [InlineData("""{"name": "bad", "vms": ["0193a7f0-0000-7000-8000-000000000001"]}""", "vms[0]")]
    [InlineData("""{"name": "bad", "mailingList": "0193a7f0-0000-7000-8000-000000000001"}""", "mailingList")]
    [InlineData("""{"name": "bad", "rules": [{"name": "r"}]}""", "rules[0].ruleBackupDestinations.primaryBackupDestination")]
    [InlineData("""{"name": "bad", "rules": [{"guid": "0193a7f0-0000-7000-8000-000000000001"}]}""", "rules[0].guid")]
    public async Task Bad_policy_is_refused_naming_the_field(string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        Assert.Equal(field, await (await server.Client.PostAsync("/api/policies/vm-backup", content)).RefusedFieldAsync());
    }

    [Fact]
    public async Task Every_wrong_field_is_told_at_once()
    {
        using HttpResponseMessage answer = await server.Client.PostAsJsonAsync(
            "/api/policies/vm-backup", new { priority = 999, rules = new[] { RuleTo(Guid.NewGuid()) } });
        JsonElement problem = await answer.ProblemAsync(HttpStatusCode.BadRequest, 2001);
        Assert.Equal(
            ["name", "priority", "rules[0].ruleBackupDestinations.primaryBackupDestination.backupDestination"],
            problem.GetProperty("fields").EnumerateArray().Select(field => field.Text("field")));
    }

    [Fact]
    public async Task Machine_may_be_in_several_policies_and_shows_the_highest()
    {
        Machine machine = await server.MachineAsync("db-1");
        (_, string low, _) = await server.Client.MadeAsync("/api/policies/vm-backup", new { name = "low", priority = 20, vms = new[] { machine.Guid } });
        (JsonElement high, string path, _) = await server.Client.MadeAsync("/api/policies/vm-backup", new { name = "high", priority = 70, vms = new[] { machine.Guid } });
        Assert.Equal(high.GetProperty("guid").GetGuid(), await ShownAsync(machine));

        using HttpResponseMessage both = await server.Client.PostAsJsonAsync("/api/policies/vm-backup/list-by-entities", new object[] { new { guid = machine.Guid } });
        Assert.Equal(["high", "low"], (await both.JsonAsync()).NamesOf());

        JsonElement lowered = await server.Client.PutAsync(path, new { priority = 1 });
        Assert.NotEqual(high.GetProperty("guid").GetGuid(), await ShownAsync(machine));
        await server.Client.PutAsync(path, new { priority = 99 });
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        Assert.EndsWith((await ShownAsync(machine)).ToString()!, low, StringComparison.Ordinal);
        await (await server.Client.GetAsync(path)).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Fact]
    public async Task Machines_join_at_once_when_asked()
    {
        Machine tagged = await server.MachineAsync("tagged", with: null, "crown-jewels");
        var wanted = new
        {
            name = "automatic",
            autoAssignSettings = new { mode = "ASSIGN_ONLY", includeTags = new[] { "crown-jewels" } },
            executeAutoAssignmentAfterSavingPolicy = true,
        };
        (JsonElement made, _, _) = await server.Client.MadeAsync("/api/policies/vm-backup", wanted);
        Assert.Equal(["tagged"], made.GetProperty("vms").NamesOf());
        Assert.Equal(made.GetProperty("guid").GetGuid(), await ShownAsync(tagged));
    }

    [Fact]
    public async Task Kinds_do_not_mix()
    {
        (JsonElement snapshots, string path, _) = await server.Client.MadeAsync(
            "/api/policies/vm-snapshot", new { name = "hourly", rules = new[] { new { name = "keep three", retentionVersions = 3, retentionDays = 2 } } });
        Assert.Equal(3, snapshots.GetProperty("rules")[0].GetProperty("retentionVersions").GetInt32());
        string guid = snapshots.Text("guid")!;
        await (await server.Client.GetAsync($"/api/policies/vm-backup/{guid}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
        await (await server.Client.GetAsync($"/api/rules/vm-backup/{snapshots.GetProperty("rules")[0].Text("guid")}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
        Assert.Equal("policy", await (await server.Client.PostAsJsonAsync("/api/rules/vm-backup", new { name = "x", policy = guid })).RefusedFieldAsync());
        (JsonElement backups, _, _) = await server.Client.MadeAsync("/api/schedules", new { name = "for backups", hour = 0 });
        using HttpResponseMessage misfit = await server.Client.PutAsJsonAsync(
            path, new { rules = new[] { new { name = "r", retentionVersions = 1, schedules = new[] { backups.Text("guid") } } } });
        Assert.Equal("rules[0].schedules[0]", await misfit.RefusedFieldAsync());
    }

    [Fact]
    public async Task Rule_is_added_changed_and_deleted_by_itself()
    {
        Guid destination = (await server.DestinationAsync("of rules")).Guid;
        (JsonElement policy, _, _) = await server.Client.MadeAsync("/api/policies/vm-backup", new { name = "with rules" });
        string guid = policy.Text("guid")!;
        Assert.Equal("policy", await (await server.Client.PostAsJsonAsync("/api/rules/vm-backup", new { name = "x" })).RefusedFieldAsync());
        using HttpResponseMessage bad = await server.Client.PostAsJsonAsync("/api/rules/vm-backup", new { name = "x", policy = guid });
        Assert.Equal("ruleBackupDestinations.primaryBackupDestination", await bad.RefusedFieldAsync());

        (JsonElement rule, string path, string version) = await server.Client.MadeAsync("/api/rules/vm-backup", new
        {
            name = "weekly",
            policy = new { guid },
            ruleBackupDestinations = new { primaryBackupDestination = new { backupDestination = destination } },
        });
        Assert.Equal("with rules", rule.NameOf("policy"));
        using HttpResponseMessage renamed = await server.Client.PutWithVersionAsync(path, new { name = "monthly", active = false }, version);
        Assert.Equal("of rules", (await renamed.JsonAsync()).GetProperty("ruleBackupDestinations").GetProperty("primaryBackupDestination").NameOf("backupDestination"));
        await (await server.Client.PutWithVersionAsync(path, new { name = "x" }, version)).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        Assert.Equal(["monthly"], (await server.Client.GotAsync($"/api/rules/vm-backup?policy={guid}")).NamesOf());
        Assert.Empty((await server.Client.GotAsync($"/api/rules/vm-snapshot?policy={guid}")).NamesOf());
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        await (await server.Client.DeleteAsync(path)).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    private static object RuleTo(Guid destination) => new
    {
        name = "daily",
        ruleBackupDestinations = new { primaryBackupDestination = new { backupDestination = destination } },
    };

    private Task<Guid?> ShownAsync(Machine machine) =>
        server.ReadAsync(async session => (await session.Machines.GetAsync(machine.Guid, default)).BackupPolicyGuid);
}
