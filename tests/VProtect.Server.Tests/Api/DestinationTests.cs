using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Tests.Api;

public sealed class DestinationTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Repository_is_made_by_a_node_and_its_recovery_key_told_once()
    {
        string? secret = null;
        await using var node = new AnsweringNode(server, work =>
        {
            var open = Assert.IsType<OpenRepositoryWork>(work);
            secret ??= open.Repository.Secret;
            return Repository("repo-1", isNew: open.CreatesIfMissing);
        });
        (JsonElement made, string path, string version) = await server.Client.MadeAsync(
            "/api/backup-destinations", new { name = "vault", type = new { name = "FILESYSTEM" }, settings = new { path = "/backup/vault/" }, reserve = 1 << 20 });
        Assert.Equal(("recovery words", "/backup/vault", "repo-1"), (made.Text("recoveryKey"), made.GetProperty("settings").Text("path"), made.Text("repositoryId")));
        Assert.Equal((true, true, "ONLINE"), (made.GetProperty("encrypted").GetBoolean(), made.GetProperty("visibleForAllVms").GetBoolean(), made.NameOf("state")));
        Assert.Equal((70, 30, 500), (
            made.GetProperty("totalAvailableSpace").GetInt64(), made.GetProperty("totalUsedSpace").GetInt64(), made.GetProperty("logicalSize").GetInt64()));
        Assert.True(secret!.Length >= 43);
        string shown = await server.Client.GetStringAsync(path);
        Assert.DoesNotContain("recovery", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, shown, StringComparison.Ordinal);

        string read = (await server.Client.GetAsync(path)).Headers.ETag!.Tag;
        Assert.Equal(version, read);
        using HttpResponseMessage renamed = await server.Client.PutWithVersionAsync(path, new { name = "vault 2", reserve = 0, defaultBackupDestination = true }, read);
        Assert.True((await renamed.JsonAsync()).GetProperty("defaultBackupDestination").GetBoolean());
        await (await server.Client.PutWithVersionAsync(path, new { name = "x" }, read)).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        Assert.Equal("settings", await (await server.Client.PutAsJsonAsync(path, new { settings = new { path = "/elsewhere" } })).RefusedFieldAsync());
        await (await server.Client.PostAsJsonAsync("/api/backup-destinations", new { name = "VAULT 2", settings = new { path = "/b" } }))
            .ProblemAsync(HttpStatusCode.Conflict, 4004);
        await (await server.Client.PostAsJsonAsync("/api/backup-destinations", new { name = "twice", settings = new { path = "/b" } }))
            .ProblemAsync(HttpStatusCode.Conflict, 4004);

        using HttpResponseMessage checkedNow = await server.Client.PostAsync(path + "/check", content: null);
        Assert.Equal("ONLINE", (await checkedNow.JsonAsync()).NameOf("state"));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        await (await server.Client.GetAsync(path)).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Fact]
    public async Task What_the_node_met_is_told_as_it_was_and_nothing_is_kept()
    {
        await using (var node = new AnsweringNode(
            server, _ => throw new VProtectException(ErrorCode.WrongKey, ErrorSide.Repository, "No key slot opens.", "Give the right one.")))
        {
            using HttpResponseMessage unknown = await server.Client.PostAsJsonAsync("/api/backup-destinations", new { name = "attached", settings = new { path = "/there" } });
            Assert.Equal("passphrase", await unknown.RefusedFieldAsync());
        }

        await using (var node = new AnsweringNode(
            server, _ => throw new VProtectException(ErrorCode.StoreDenied, ErrorSide.Repository, "The directory may not be written.", "Change its mode.")))
        {
            using HttpResponseMessage denied = await server.Client.PostAsJsonAsync("/api/backup-destinations", new { name = "attached", settings = new { path = "/there" } });
            JsonElement problem = await denied.ProblemAsync(HttpStatusCode.UnprocessableEntity, (int)ErrorCode.StoreDenied);
            Assert.Equal("Change its mode.", problem.Text("guidance"));
        }

        Assert.Empty((await server.Client.GotAsync("/api/backup-destinations?filter=attached")).EnumerateArray());
    }

    [Fact]
    public async Task Attached_repository_brings_its_restore_points()
    {
        Machine machine = await server.MachineAsync("comes back");
        var disk = new BackupResultDisk("vda", "system", 100, "full", null, 100, 100, 100, 50);
        await using var node = new AnsweringNode(server, work => ((OpenRepositoryWork)work).Repository.Secret == "pass phrase of old"
            ? Repository("repo-old", isNew: false) with { Points = [new FoundPoint("p1", machine.Guid.ToString("D"), server.Time.GetUtcNow().AddDays(-1), IsHeld: false, [disk])] }
            : null);
        (JsonElement made, string path, _) = await server.Client.MadeAsync(
            "/api/backup-destinations", new { name = "old friend", settings = new { path = "/old" }, passphrase = "pass phrase of old" });
        Assert.Equal(JsonValueKind.Null, made.GetProperty("recoveryKey").ValueKind);
        Guid guid = made.GetProperty("guid").GetGuid();
        RestorePoint point = Assert.Single((await server.ReadAsync(session => session.RestorePoints.ListAsync(
            new RestorePointFilter { Destination = guid }, new(), default))).Rows);
        Assert.Equal((machine.Guid, "p1"), (point.MachineGuid, point.RepositoryPointId));

        using HttpResponseMessage refused = await server.Client.DeleteAsync(path);
        Assert.Contains("holds 1 backup.", (await refused.ProblemAsync(HttpStatusCode.Conflict, 4003)).Text("message"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path + "?forget=true")).StatusCode);
        Assert.Null(await server.ReadAsync(session => session.RestorePoints.FindAsync(point.Guid, default)));
        Assert.DoesNotContain(node.Asked, work => work is ForgetWork or CollectWork);
    }

    [Theory]
    [InlineData("""{"settings": {"path": "/a"}}""", "name")]
    [InlineData("""{"name": "a"}""", "settings.path")]
    [InlineData("""{"name": "a", "settings": {"path": "relative"}}""", "settings.path")]
    [InlineData("""{"name": "a", "settings": {"path": "/a/../b"}}""", "settings.path")]
    [InlineData("""{"name": "a", "settings": {"path": "s3://backups/a?secret=x"}}""", "settings.path")]
    [InlineData("""{"name": "a", "type": "FILESYSTEM", "settings": {"path": "s3://backups/a"}}""", "settings.path")]
    [InlineData("""{"name": "a", "type": "S3", "settings": {"path": "/backup/a"}}""", "settings.path")]
    [InlineData("""{"name": "a", "settings": {"path": "/a"}, "credential": "0193a7f0-0000-7000-8000-000000000001"}""", "credential")]
    [InlineData("""{"name": "a", "settings": {"path": "s3://backups/a"}, "credential": "0193a7f0-0000-7000-8000-000000000001"}""", "credential")]
    [InlineData("""{"name": "a", "settings": {"path": "/a"}, "reserve": -1}""", "reserve")]
    [InlineData("""{"name": "a", "settings": {"path": "/a"}, "passphrase": "short"}""", "passphrase")]
    [InlineData("""{"name": "a", "settings": {"path": "/a"}, "encrypted": false, "passphrase": "long enough"}""", "passphrase")]
    [InlineData("""{"name": "a", "settings": {"path": "/a"}, "nodeConfigs": ["0193a7f0-0000-7000-8000-000000000001"]}""", "nodeConfigs[0]")]
    public async Task Bad_destination_is_refused_naming_the_field(string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        Assert.Equal(field, await (await server.Client.PostAsync("/api/backup-destinations", content)).RefusedFieldAsync());
    }

    [Fact]
    public async Task Key_of_a_bucket_goes_to_the_node_and_to_nobody_else_and_stays_while_it_is_used()
    {
        await using var node = new AnsweringNode(server, _ => Repository("repo-s3", isNew: false));
        BucketKey? Sent() => ((OpenRepositoryWork)node.Asked[^1]).Repository.Key;
        string token = await CredentialAsync(new { name = "a token", kind = "TOKEN", secret = "s" });
        string nameless = await CredentialAsync(new { name = "without login", secret = "s" });
        string key = await CredentialAsync(new { name = "ceph", login = "AK1", secret = "the secret key of ceph" });
        foreach (string unfit in (string[])[token, nameless])
        {
            Assert.Equal("credential", await (await server.Client.PostAsJsonAsync("/api/backup-destinations", Bucket(unfit))).RefusedFieldAsync());
        }

        (JsonElement made, string path, _) = await server.Client.MadeAsync("/api/backup-destinations", Bucket(key));
        Assert.Equal(new BucketKey("AK1", "the secret key of ceph"), Sent());
        Assert.Equal(key, made.GetProperty("credential").Text("guid"));
        JsonElement shown = await server.Client.GotAsync(path);
        Assert.Equal("ceph", shown.NameOf("credential"));
        Assert.DoesNotContain("the secret key", shown.GetRawText(), StringComparison.Ordinal);

        using HttpResponseMessage used = await server.Client.DeleteAsync($"/api/credential/{key}");
        Assert.Contains("'in a bucket' (destinations)", (await used.ProblemAsync(HttpStatusCode.Conflict, 4003)).Text("message"), StringComparison.Ordinal);
        await server.Client.PutAsync($"/api/credential/{key}", new { login = "AK2", secret = "another secret key" });
        (await server.Client.PostAsync(path + "/check", content: null)).EnsureSuccessStatusCode();
        Assert.Equal(new BucketKey("AK2", "another secret key"), Sent());

        // A credential that does not fit any more is told where it is used.
        await server.Client.PutAsync($"/api/credential/{key}", new { login = "" });
        JsonElement unusable = await (await server.Client.PostAsync(path + "/check", content: null)).JsonAsync();
        Assert.Equal("FAILED", unusable.NameOf("state"));
        Assert.Contains("It has no login.", unusable.Text("stateInfo"), StringComparison.Ordinal);

        await server.Client.PutAsync(path, new { description = "unchanged" });
        Assert.Equal("ceph", (await server.Client.GotAsync(path)).NameOf("credential"));
        await server.Client.PutAsync(path, new { credential = new { guid = Guid.Empty } });
        Assert.Equal(JsonValueKind.Null, (await server.Client.GotAsync(path)).GetProperty("credential").ValueKind);
        (await server.Client.PostAsync(path + "/check", content: null)).EnsureSuccessStatusCode();
        Assert.Null(Sent());
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync($"/api/credential/{key}")).StatusCode);

        static object Bucket(string credential) => new { name = "in a bucket", settings = new { path = "s3://backups/main" }, credential = new { guid = credential } };
    }

    [Fact]
    public async Task Who_may_not_see_credentials_learns_none_and_who_may_not_change_them_names_none()
    {
        await using var node = new AnsweringNode(server, _ => Repository("repo-rights", isNew: false));
        string key = await CredentialAsync(new { name = "key of rights", login = "AK", secret = "s" });
        string other = await CredentialAsync(new { name = "another of rights", login = "AK", secret = "s" });
        (JsonElement made, string path, _) = await server.Client.MadeAsync(
            "/api/backup-destinations", new { name = "rights", settings = new { path = "s3://backups/rights" }, credential = new { guid = key } });
        JsonElement token = await (await server.Client.PostAsJsonAsync(
            "/api/tokens", new { name = "of destinations", permissions = new[] { "destinations.read", "destinations.write" } })).JsonAsync();
        using HttpClient limited = server.NewClient();
        limited.DefaultRequestHeaders.Authorization = new("Bearer", token.Text("token"));

        Assert.Equal(JsonValueKind.Null, (await limited.GotAsync(path)).GetProperty("credential").ValueKind);
        foreach (object named in (object[])[new { guid = other }, new { guid = Guid.Empty }])
        {
            await (await limited.PutAsJsonAsync(path, new { credential = named })).ProblemAsync(HttpStatusCode.Forbidden, (int)ErrorCode.Forbidden);
        }

        await (await limited.PostAsJsonAsync("/api/backup-destinations", new { name = "own", settings = new { path = "s3://evil/x?endpoint=https://evil.example" }, credential = new { guid = key } }))
            .ProblemAsync(HttpStatusCode.Forbidden, (int)ErrorCode.Forbidden);
        await limited.PutAsync(path, new { description = "theirs to say" });
        Assert.Equal("key of rights", (await server.Client.GotAsync(path)).NameOf("credential"));
    }

    [Fact]
    public async Task Type_that_is_not_served_is_told_with_what_is()
    {
        using HttpResponseMessage answer = await server.Client.PostAsJsonAsync("/api/backup-destinations", new { name = "cloud", type = "AZURE" });
        Assert.Contains("FILESYSTEM", (await answer.ProblemAsync(HttpStatusCode.UnprocessableEntity, 3004)).Text("guidance"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_of_a_rule_stays_and_projects_limit_who_may_use_it()
    {
        Destination open = await server.DestinationAsync("open to all");
        var closed = new Destination { Name = "for the shop", Type = "FILESYSTEM", Settings = """{"path":"/shop"}""", Projects = ["shop"] };
        await server.WriteAsync(transaction => transaction.Destinations.InsertAsync(closed, default));
        Machine shop = await server.MachineAsync("of the shop", machine => machine with { Project = "shop" });
        Machine other = await server.MachineAsync("of nobody");
        Assert.Contains("for the shop", await UsableAsync(shop.Guid));
        Assert.DoesNotContain("for the shop", await UsableAsync(shop.Guid, other.Guid));
        Assert.Contains("open to all", await UsableAsync(shop.Guid, other.Guid));

        await server.Client.MadeAsync("/api/policies/vm-backup", new
        {
            name = "uses it",
            rules = new[] { new { name = "daily", ruleBackupDestinations = new { primaryBackupDestination = new { backupDestination = open.Guid } } } },
        });
        using HttpResponseMessage refused = await server.Client.DeleteAsync($"/api/backup-destinations/{open.Guid}?forget=true");
        Assert.Contains("uses it / daily", (await refused.ProblemAsync(HttpStatusCode.Conflict, 4003)).Text("message"), StringComparison.Ordinal);
    }

    private async Task<IEnumerable<string?>> UsableAsync(params Guid[] machines)
    {
        using HttpResponseMessage answer = await server.Client.PostAsJsonAsync("/api/backup-destinations/usable-for-vms", machines);
        return (await answer.JsonAsync()).NamesOf();
    }

    private async Task<string> CredentialAsync(object credential) => (await server.Client.MadeAsync("/api/credential", credential)).Object.Text("guid")!;

    private static RepositoryResult Repository(string id, bool isNew) =>
        new(id, isNew, isNew ? "recovery words" : null, TotalBytes: 100, FreeBytes: 70, UsedBytes: 30, LogicalBytes: 500, []);
}
