using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog.Destinations;
using VProtect.Server.Access;
using VProtect.Server.Scheduling;
using VProtect.Server.Tests.Api;

namespace VProtect.Server.Tests.Access;

/// <summary>Who may do what: every endpoint for a user without rights, and every endpoint with the objects of others for users whose rights are limited.</summary>
public sealed partial class RightsTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Password = "a long password 42";
    private static readonly HttpStatusCode[] Refusals =
        [HttpStatusCode.BadRequest, HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.Conflict, HttpStatusCode.PreconditionFailed, HttpStatusCode.UnprocessableEntity];

    [Fact]
    public async Task User_without_rights_is_refused_by_every_endpoint_but_those_about_itself()
    {
        using HttpClient nobody = await UserAsync("nobody");
        int refused = 0;
        foreach ((string verb, string path, string permission) in Endpoints().Where(item => item.Permission != Permission.Self))
        {
            using HttpResponseMessage answer = await SendAsync(nobody, verb, Parameter().Replace(path, Guid.NewGuid().ToString()), new { });
            Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{verb} {path} ({permission}): {answer.StatusCode}");
            refused++;
        }

        Assert.True(refused > 100);
        Assert.Equal(HttpStatusCode.OK, (await nobody.GetAsync("/api/user-info")).StatusCode);
    }

    [Theory]
    [InlineData("machine")]
    [InlineData("manager")]
    [InlineData("all")]
    public async Task Objects_of_others_are_not_there_for_who_may_everything_with_his_own(string kind)
    {
        World own = await World.MakeAsync(server, $"own{kind}");
        World foreign = await World.MakeAsync(server, $"foreign{kind}");
        using HttpClient client = await UserAsync($"owner-{kind}");
        await GiveAsync(client, "ADMIN", kind switch
        {
            "machine" => [("machine", own.Machine.Guid)],
            "manager" => [("hypervisor-manager", own.Manager.Guid)],
            _ => [("hypervisor-manager", own.Manager.Guid), ("policy", own.Policy.Guid), ("destination", own.Destination.Guid)],
        });
        // What the server does by the clock begins after a minute, and changes rows as well.
        await server.App.Services.GetRequiredService<Upkeep>().StopAsync(CancellationToken.None);
        string before = foreign.Rows(server.DataPath);

        foreach ((string verb, string path, string permission) in Endpoints())
        {
            if (path is "/api/events" or "/api/session/logout" or "/api/session/password")
            {
                continue;
            }

            foreach (string one in path.Contains('{', StringComparison.Ordinal) ? foreign.Guids.Select(guid => Parameter().Replace(path, guid.ToString())) : Queries(verb, path, foreign))
            {
                using HttpResponseMessage answer = await SendAsync(client, verb, one, EverythingOf(foreign));
                string text = await answer.Content.ReadAsStringAsync();
                Assert.True(answer.IsSuccessStatusCode || Refusals.Contains(answer.StatusCode), $"{verb} {one} ({permission}): {answer.StatusCode} {text}");
                Assert.False(answer.IsSuccessStatusCode && path.Contains('{', StringComparison.Ordinal), $"{verb} {one} ({permission}): {answer.StatusCode} {text}");
                if (answer.IsSuccessStatusCode)
                {
                    Assert.False(text.Contains(foreign.Name, StringComparison.Ordinal), $"{verb} {one} ({permission}) tells of others: {text}");
                    Assert.False(foreign.Guids.Any(guid => text.Contains(guid.ToString(), StringComparison.Ordinal)), $"{verb} {one} ({permission}) tells of others: {text}");
                }
            }
        }

        Assert.Equal(before, foreign.Rows(server.DataPath));
    }

    [Fact]
    public async Task Own_objects_are_listed_counted_and_worked_with()
    {
        World own = await World.MakeAsync(server, "mine");
        await World.MakeAsync(server, "theirs");
        using HttpClient client = await UserAsync("mine");
        await GiveAsync(client, "OPERATOR", [("machine", own.Machine.Guid)]);

        foreach ((string list, Guid one) in new[]
        {
            ("virtual-machines", own.Machine.Guid), ("virtual-machines/detailed", own.Machine.Guid), ("virtual-machine-disks", own.Disk.Guid), ("backups", own.Point.Guid),
            ("backup-locations", own.Point.Guid), ("snapshots", own.Snapshot.Guid), ("tasks", own.Task.Guid), ("workflow-executions", own.Workflow.Guid),
            ("mounted-backups", own.Mount.Guid), ("mounted-file-systems/detailed", own.FileSystem.Guid), ("hypervisors", own.Host.Guid), ("hypervisor-managers", own.Manager.Guid),
        })
        {
            using HttpResponseMessage answer = await client.GetAsync($"/api/{list}?page=0&size=5");
            JsonElement rows = await answer.JsonAsync();
            Assert.Equal(one, Assert.Single(rows.EnumerateArray()).GetProperty("guid").GetGuid());
            Assert.Equal("1", Assert.Single(answer.Headers.GetValues("X-Total-Count")));
        }

        JsonElement machine = await client.GotAsync($"/api/virtual-machines/{own.Machine.Guid}");
        Assert.Equal(own.Policy.Name, machine.NameOf("vmBackupPolicy"));
        Assert.Equal(own.Host.Name, machine.NameOf("hypervisor"));
        JsonElement protection = await client.GotAsync("/api/dashboard/protection");
        Assert.Equal(1, protection.GetProperty("vm").GetProperty("protectedNo").GetInt64() + protection.GetProperty("vm").GetProperty("noSchedule").GetInt64());
        string metrics = await (await client.GetAsync("/metrics")).Content.ReadAsStringAsync();
        Assert.Contains("vprotect_tasks{type=\"EXPORT\",state=\"FINISHED\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("theirs", metrics, StringComparison.Ordinal);

        using HttpResponseMessage described = await client.PutAsJsonAsync($"/api/backups/{own.Point.Guid}/description", new { description = "mine" });
        Assert.Equal(HttpStatusCode.OK, described.StatusCode);
        JsonElement export = await (await client.PostAsJsonAsync("/api/tasks/export", Export(own))).JsonAsync();
        Assert.Equal(own.Machine.Guid, export[0].GetProperty("protectedEntity").GetProperty("guid").GetGuid());
        JsonElement import = await (await client.PostAsJsonAsync("/api/tasks/restore-and-import", new { backup = new { guid = own.Point.Guid }, restoredPeName = "copy" })).JsonAsync();
        using HttpResponseMessage cancelled = await client.PutAsJsonAsync($"/api/tasks/{import[0].GetProperty("guid").GetGuid()}/state", new { state = "CANCELLED" });
        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
    }

    [Fact]
    public async Task Rights_on_some_objects_do_not_reach_beyond_them()
    {
        World own = await World.MakeAsync(server, "inside");
        World foreign = await World.MakeAsync(server, "outside");
        using HttpClient client = await UserAsync("reaching");
        await GiveAsync(client, "ADMIN", [("hypervisor-manager", own.Manager.Guid), ("policy", own.Policy.Guid), ("destination", own.Destination.Guid)]);
        Destination shared = await server.DestinationAsync("shared by nobody");
        string policy = $"/api/policies/vm-backup/{own.Policy.Guid}";

        async Task Refused(Task<HttpResponseMessage> sent, params HttpStatusCode[] statuses)
        {
            using HttpResponseMessage answer = await sent;
            string text = await answer.Content.ReadAsStringAsync();
            Assert.True(statuses.Contains(answer.StatusCode), $"{answer.StatusCode}: {text}");
            Assert.DoesNotContain(foreign.Name, text, StringComparison.Ordinal);
        }

        // Not: back up to a place of others, put others' machines into one's own policy, let machines join by tags, point a rule elsewhere.
        await Refused(client.PostAsJsonAsync("/api/tasks/export", Export(own) with { BackupDestination = new Reference(shared.Guid) }), HttpStatusCode.NotFound);
        await Refused(client.PutAsJsonAsync(policy, new { name = own.Policy.Name, vms = new[] { new Reference(foreign.Machine.Guid) } }), HttpStatusCode.BadRequest, HttpStatusCode.NotFound);
        await Refused(
            client.PutAsJsonAsync(policy, new { name = own.Policy.Name, autoAssignSettings = new { mode = new { name = "ASSIGN_ONLY" }, includeTags = new[] { "any" } } }), HttpStatusCode.Forbidden);
        await Refused(client.PutAsJsonAsync(policy, new { name = own.Policy.Name, autoAssignSettings = new { includeTags = new[] { "any" } } }), HttpStatusCode.Forbidden);
        await Refused(
            client.PutAsJsonAsync($"/api/rules/vm-backup/{own.Rule.Guid}", new { name = "x", policy = new Reference(own.Policy.Guid), schedules = new[] { new Reference(foreign.Schedule.Guid) } }),
            HttpStatusCode.BadRequest, HttpStatusCode.NotFound);
        await Refused(
            client.PutAsJsonAsync($"/api/virtual-machines/{own.Machine.Guid}/settings", new { vmBackupPolicy = new Reference(foreign.Policy.Guid) }), HttpStatusCode.BadRequest, HttpStatusCode.NotFound);

        // Not: files of nodes, other platforms as targets, new things, credentials, users.
        await Refused(client.PutAsJsonAsync($"/api/virtual-machines/{own.Machine.Guid}/settings", new { sshKeyPath = "/root/.ssh/id_ed25519" }), HttpStatusCode.Forbidden);
        await Refused(client.PostAsJsonAsync("/api/tasks/restore", new { backup = new Reference(own.Point.Guid), restorePath = "/etc" }), HttpStatusCode.Forbidden);
        await Refused(
            client.PostAsJsonAsync("/api/tasks/restore-and-import", new { backup = new Reference(own.Point.Guid), hypervisorManager = new Reference(foreign.Manager.Guid) }),
            HttpStatusCode.NotFound, HttpStatusCode.BadRequest);
        await Refused(
            client.PostAsJsonAsync("/api/tasks/restore-and-import", new { backup = new Reference(own.Point.Guid), hypervisor = new Reference(foreign.Host.Guid) }),
            HttpStatusCode.NotFound, HttpStatusCode.BadRequest);
        await Refused(client.PostAsJsonAsync("/api/policies/vm-backup", new { name = "new" }), HttpStatusCode.Forbidden);
        await Refused(client.PostAsJsonAsync("/api/credential", new { name = "new", kind = "PASSWORD", password = "x" }), HttpStatusCode.Forbidden);
        await Refused(client.PostAsJsonAsync("/api/users", new { login = "new", password = Password }), HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Events_tell_of_what_may_be_seen_and_end_when_rights_change()
    {
        World own = await World.MakeAsync(server, "heard");
        World foreign = await World.MakeAsync(server, "unheard");
        using HttpClient client = await UserAsync("listener");
        await GiveAsync(client, "VIEWER", [("machine", own.Machine.Guid)]);
        using HttpResponseMessage stream = await client.GetAsync("/api/events", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        Assert.Equal(": listening", await reader.ReadLineAsync());

        await server.WriteAsync(async tx =>
        {
            await tx.RestorePoints.UpdateAsync(foreign.Point with { Description = "x" }, default);
            await tx.Tasks.AppendLogAsync(foreign.Task.Guid, Catalog.Tasks.TaskLogLevel.Info, "x", default);
            await tx.RestorePoints.UpdateAsync(own.Point with { Description = "x" }, default);
        });
        await server.WriteAsync(tx => tx.Snapshots.DeleteAsync(foreign.Snapshot.Guid, version: null, default));
        await GiveAsync(client, "VIEWER", [("machine", foreign.Machine.Guid)]);

        string heard = await reader.ReadToEndAsync();
        Assert.Contains(own.Point.Guid.ToString(), heard, StringComparison.Ordinal);
        Assert.All(foreign.Guids, guid => Assert.DoesNotContain(guid.ToString(), heard, StringComparison.Ordinal));
        Assert.Contains("{\"table\":\"snapshots\"}", heard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_of_a_limited_user_is_limited_as_well()
    {
        World own = await World.MakeAsync(server, "bearer");
        World foreign = await World.MakeAsync(server, "other");
        using HttpClient client = await UserAsync("bearer");
        await GiveAsync(client, "VIEWER", [("machine", own.Machine.Guid)]);
        JsonElement role = await MakeRoleAsync("token makers", "tokens.write");
        await GiveAsync(client, role.GetProperty("guid").GetGuid(), []);
        JsonElement made = await (await client.PostAsJsonAsync("/api/tokens", new { name = "mine", permissions = new[] { "backups.read" } })).JsonAsync();
        using HttpClient token = server.NewClient();
        token.DefaultRequestHeaders.Authorization = new("Bearer", made.Text("token"));

        Assert.Equal(own.Point.Guid, Assert.Single((await token.GotAsync("/api/backups")).EnumerateArray()).GetProperty("guid").GetGuid());
        await (await token.GetAsync($"/api/backups/{foreign.Point.Guid}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
        await (await token.GetAsync("/api/tasks")).ProblemAsync(HttpStatusCode.Forbidden, 5002);
        Assert.Equal("permissions", await (await client.PostAsJsonAsync("/api/tokens", new { name = "more", permissions = new[] { "audit.read" } })).RefusedFieldAsync());
    }

    private async Task<JsonElement> MakeRoleAsync(string name, params string[] permissions) =>
        await (await server.Client.PostAsJsonAsync("/api/roles", new { name, permissions })).JsonAsync();

    /// <summary>A user of this login, with its password changed and without any role, logged in.</summary>
    private async Task<HttpClient> UserAsync(string login)
    {
        await (await server.Client.PostAsJsonAsync("/api/users", new { login, password = Password })).JsonAsync();
        HttpClient client = await server.LogInAsync(login, Password);
        (await client.PutAsJsonAsync("/api/session/password", new { currentPassword = Password, newPassword = Password + "!" })).EnsureSuccessStatusCode();
        return client;
    }

    private async Task GiveAsync(HttpClient client, string role, (string Kind, Guid Guid)[] scopes)
    {
        JsonElement known = (await server.Client.GotAsync($"/api/roles?filter={role}"))[0];
        await GiveAsync(client, known.GetProperty("guid").GetGuid(), scopes);
    }

    private async Task GiveAsync(HttpClient client, Guid role, (string Kind, Guid Guid)[] scopes)
    {
        Guid user = (await client.GotAsync("/api/user-info")).GetProperty("guid").GetGuid();
        foreach ((string? kind, Guid guid) in scopes.Length == 0 ? [(null, Guid.Empty)] : scopes.Select(scope => ((string?)scope.Kind, scope.Guid)))
        {
            await (await server.Client.PostAsJsonAsync("/api/role-assignments", new
            {
                role = new Reference(role),
                user = new Reference(user),
                scopeKind = kind,
                scope = kind is null ? null : new Reference(guid),
            })).JsonAsync();
        }
    }

    private static ExportBody Export(World world) => new(
        [new Reference(world.Machine.Guid)], "VM", "FULL", new Reference(world.Destination.Guid));

    /// <summary>A path as it is, and with every object of a world in every filter of lists.</summary>
    private static IEnumerable<string> Queries(string verb, string path, World world) => verb != "GET"
        ? [path]
        :
        [
            path,
            $"{path}?filter={world.Name}",
            $"{path}?virtual-machine={world.Machine.Guid}",
            $"{path}?protected-entity={world.Machine.Guid}&protectedEntity={world.Machine.Guid}",
            $"{path}?backup={world.Point.Guid}",
            $"{path}?hypervisor-manager={world.Manager.Guid}",
            $"{path}?hypervisor={world.Host.Guid}",
            $"{path}?policy={world.Policy.Guid}",
            $"{path}?mounted-backup={world.Mount.Guid}",
            $"{path}?backup-destination={world.Destination.Guid}",
            $"{path}?backup-to-be-restored={world.Point.Guid}",
            $"{path}?schedule={world.Schedule.Guid}&workflow={world.Workflow.Guid}",
        ];

    /// <summary>A body for any endpoint, in which whatever can be named is of this world.</summary>
    private static Dictionary<string, object?> EverythingOf(World world)
    {
        object[] Of(Guid guid) => [new Reference(guid)];
        return new()
        {
            ["name"] = "taken over",
            ["guid"] = world.Machine.Guid,
            ["protectedEntities"] = Of(world.Machine.Guid),
            ["protectedEntity"] = new Reference(world.Machine.Guid),
            ["machines"] = Of(world.Machine.Guid),
            ["virtualMachines"] = Of(world.Machine.Guid),
            ["vms"] = Of(world.Machine.Guid),
            ["entities"] = Of(world.Machine.Guid),
            ["backup"] = new Reference(world.Point.Guid),
            ["backups"] = Of(world.Point.Guid),
            ["backupLocation"] = new Reference(world.Point.Guid),
            ["backupDestination"] = new Reference(world.Destination.Guid),
            ["mountedBackup"] = new Reference(world.Mount.Guid),
            ["snapshot"] = new Reference(world.Snapshot.Guid),
            ["hypervisor"] = new Reference(world.Host.Guid),
            ["hypervisors"] = Of(world.Host.Guid),
            ["hypervisorManager"] = new Reference(world.Manager.Guid),
            ["hypervisorManagers"] = Of(world.Manager.Guid),
            ["policy"] = new Reference(world.Policy.Guid),
            ["policies"] = Of(world.Policy.Guid),
            ["rule"] = new Reference(world.Rule.Guid),
            ["rules"] = Of(world.Rule.Guid),
            ["schedules"] = Of(world.Schedule.Guid),
            ["credential"] = new Reference(world.Credential.Guid),
            ["taskFiles"] = Of(world.File.Guid),
            ["restorePath"] = "/tmp",
            ["state"] = "CANCELLED",
            ["priority"] = 1,
            ["description"] = "taken over",
            ["reason"] = "taken over",
            ["password"] = "taken over 42 times",
            ["url"] = "fake://evil",
            ["host"] = "evil.example",
            ["type"] = "FAKE",
        };
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string verb, string path, object body) =>
        client.SendAsync(new HttpRequestMessage(new HttpMethod(verb), path) { Content = verb == "GET" ? null : JsonContent.Create(body) });

    private IEnumerable<(string Verb, string Path, string Permission)> Endpoints() =>
        from endpoint in server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
        from verb in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (verb, "/" + endpoint.RoutePattern.RawText!.Trim('/'), endpoint.Metadata.GetRequiredMetadata<RequiredPermission>().Permission);

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    private sealed record Reference(Guid Guid);

    private sealed record ExportBody(Reference[] ProtectedEntities, string ProtectedEntityType, string BackupType, Reference BackupDestination);
}
