using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Recovery;
using VProtect.Node.Remote;
using VProtect.Server.Access;
using VProtect.Server.Federation;
using VProtect.Server.Tests.Access;
using VProtect.Server.Tests.Api;
using VProtect.Testing;
using CatalogNode = VProtect.Catalog.Nodes.Node;

namespace VProtect.Server.Tests.Federation;

/// <summary>Goal: users of a server do at its appliances what their rights allow, and nothing else; a server that was taken reaches no further than it was let. Method: two servers in this process, over a real connection.</summary>
public sealed partial class FederationTests : IAsyncLifetime, IDisposable
{
    private const string Password = "a long password 42";

    private readonly TemporaryDirectory _directory = new();
    private readonly ServerFixture _head = new();
    private readonly ServerFixture _site;
    private World _own = null!;
    private World _there = null!;
    private Guid _appliance;

    public FederationTests()
    {
        _site = new ServerFixture
        {
            Adapt = builder => builder.Services.AddSingleton<IServerMembership>(new ServerMembership(_directory["membership"], NullLoggerFactory.Instance, TimeProvider.System)),
        };
    }

    public async Task InitializeAsync()
    {
        await Task.WhenAll(_head.InitializeAsync(), _site.InitializeAsync());
        _own = await World.MakeAsync(_head, "own");
        _there = await World.MakeAsync(_site, "there");
        JsonElement settings = await _head.Client.GotAsync("/api/global-settings");
        Dictionary<string, object?> changed = settings.EnumerateObject().ToDictionary(one => one.Name, one => (object?)one.Value);
        changed["nodeAddress"] = "127.0.0.1:0";
        (await _head.Client.PutAsJsonAsync("/api/global-settings", changed)).EnsureSuccessStatusCode();
        JsonElement added = await (await _head.Client.PostAsJsonAsync("/api/appliances", new { name = "site2" })).JsonAsync();
        _appliance = added.GetProperty("guid").GetGuid();
        string server = $"127.0.0.1:{added.GetProperty("server").GetString()!.Split(':')[^1]}";
        (await _site.Client.PostAsJsonAsync("/api/membership", new { server, token = added.GetProperty("token").GetString() })).EnsureSuccessStatusCode();
        await UntilAsync(async () => (await _head.Client.GotAsync("/api/tasks")).EnumerateArray().Any(task => task.GetProperty("guid").GetGuid() == _there.Task.Guid)
            && _head.App.Services.GetRequiredService<JoinedAppliances>().IsHere(_appliance));
    }

    public async Task DisposeAsync() => await Task.WhenAll(_site.DisposeAsync(), _head.DisposeAsync());

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Every_kind_of_object_is_listed_and_got()
    {
        foreach ((string list, Guid one) in new[]
        {
            ("virtual-machines", _there.Machine.Guid), ("virtual-machines/detailed", _there.Machine.Guid), ("virtual-machine-disks", _there.Disk.Guid), ("backups", _there.Point.Guid),
            ("snapshots", _there.Snapshot.Guid), ("tasks", _there.Task.Guid), ("workflow-executions", _there.Workflow.Guid), ("mounted-backups", _there.Mount.Guid),
            ("hypervisors", _there.Host.Guid), ("hypervisor-managers", _there.Manager.Guid), ("policies/vm-backup", _there.Policy.Guid),
            ("schedules", _there.Schedule.Guid), ("backup-destinations", _there.Destination.Guid),
        })
        {
            Assert.Contains(one, (await _head.Client.GotAsync($"/api/{list}")).EnumerateArray().Select(row => row.GetProperty("guid").GetGuid()));

            // As the appliance itself answers, be it that there is no such address.
            using HttpResponseMessage there = await _site.Client.GetAsync($"/api/{list}/{one}");
            using HttpResponseMessage here = await _head.Client.GetAsync($"/api/{list}/{one}");
            Assert.Equal((there.StatusCode, await there.Content.ReadAsStringAsync()), (here.StatusCode, await here.Content.ReadAsStringAsync()));
        }

        JsonElement protection = await _head.Client.GotAsync("/api/dashboard/protection");
        Assert.Equal(2, protection.GetProperty("vm").GetProperty("protectedNo").GetInt64() + protection.GetProperty("vm").GetProperty("noSchedule").GetInt64());
        Assert.Equal(
            [("site2", 1)],
            (await _head.Client.GotAsync("/api/appliances")).EnumerateArray().Select(one => (one.GetProperty("name").GetString(), one.GetProperty("machines").GetInt32())));
    }

    [Fact]
    public async Task Users_of_the_server_do_there_what_they_may()
    {
        HttpClient viewer = await UserAsync("viewer", "VIEWER");
        HttpClient limited = await UserAsync("limited", "OPERATOR", ("machine", _there.Machine.Guid));
        string description = $"/api/backups/{_there.Point.Guid}/description";

        // Who only sees, sees; and is refused here.
        Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync($"/api/virtual-machines/{_there.Machine.Guid}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PutAsJsonAsync(description, new { description = "x" })).StatusCode);

        // Whose rights are limited to an object there works with that, and the rest of the appliance is not there.
        Assert.Equal([_there.Machine.Guid], (await limited.GotAsync("/api/virtual-machines")).EnumerateArray().Select(one => one.GetProperty("guid").GetGuid()));
        Assert.Equal(HttpStatusCode.OK, (await limited.PutAsJsonAsync(description, new { description = "limited was here" })).StatusCode);
        Assert.Equal("limited was here", (await _site.Client.GotAsync($"/api/backups/{_there.Point.Guid}")).GetProperty("description").GetString());
        Assert.Equal("limited was here", (await _head.Client.GotAsync("/api/backups")).EnumerateArray()
            .Single(one => one.GetProperty("guid").GetGuid() == _there.Point.Guid).GetProperty("description").GetString());
        World other = await World.MakeAsync(_site, "other");
        await UntilAsync(async () => (await _head.Client.GotAsync("/api/virtual-machines")).GetArrayLength() == 3);
        Assert.Equal(HttpStatusCode.NotFound, (await limited.PutAsJsonAsync($"/api/backups/{other.Point.Guid}/description", new { description = "x" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await limited.GetAsync($"/api/virtual-machines/{other.Machine.Guid}")).StatusCode);

        // And there, too, when the server does not look: the rights come with the request.
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/backups/{other.Point.Guid}/description") { Content = JsonContent.Create(new { description = "x" }) };
        request.Headers.Add(Forwarding.Header, "site2");
        Assert.Equal(HttpStatusCode.NotFound, (await limited.SendAsync(request)).StatusCode);
        using var listing = new HttpRequestMessage(HttpMethod.Get, "/api/virtual-machines");
        listing.Headers.Add(Forwarding.Header, _appliance.ToString());
        Assert.Equal(1, (await (await limited.SendAsync(listing)).JsonAsync()).GetArrayLength());

        // Who did it is in both logs.
        JsonElement asked = (await _head.Client.GotAsync($"/api/audit?guid={_appliance}")).EnumerateArray().First(entry => entry.GetProperty("action").GetString() == "appliances.call");
        Assert.Contains("/description", asked.ToString(), StringComparison.Ordinal);
        JsonElement noted = (await _site.Client.GotAsync($"/api/audit?guid={_there.Point.Guid}"))[0];
        Assert.StartsWith("limited at 127.0.0.1:", noted.GetProperty("actor").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_about_the_server_itself_stays_there_and_two_appliances_are_not_mixed()
    {
        (await _site.Client.PostAsJsonAsync("/api/users", new { login = "only-there", password = Password })).EnsureSuccessStatusCode();
        using var users = new HttpRequestMessage(HttpMethod.Get, "/api/users");
        users.Headers.Add(Forwarding.Header, "site2");
        Assert.DoesNotContain("only-there", await (await _head.Client.SendAsync(users)).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var nobody = new HttpRequestMessage(HttpMethod.Get, "/api/virtual-machines");
        nobody.Headers.Add(Forwarding.Header, "site3");
        Assert.Equal(HttpStatusCode.BadRequest, (await _head.Client.SendAsync(nobody)).StatusCode);

        // A second appliance that tells of a machine.
        var node = new CatalogNode { Name = "site3", State = NodeState.Online, EnrolledAt = _head.Time.GetUtcNow() };
        var machine = Guid.CreateVersion7();
        await _head.WriteAsync(async tx =>
        {
            await tx.Nodes.InsertAsync(node, default);
            await tx.Appliances.InsertAsync(new JoinedAppliance { Guid = node.Guid }, default);
            await tx.Mirror.ApplyAsync(node.Guid, [Row(machine)], default);
        });
        using HttpResponseMessage mixed = await _head.Client.PostAsJsonAsync("/api/tasks/export", Export([_there.Machine.Guid, machine]));
        Assert.Equal(HttpStatusCode.BadRequest, mixed.StatusCode);
        Assert.Contains("several appliances", await mixed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using HttpResponseMessage away = await _head.Client.PostAsJsonAsync("/api/tasks/export", Export([machine]));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _head.Client.GetAsync($"/api/virtual-machines/{machine}")).StatusCode);

        // An appliance is no node: it is in its own list alone, in neither numbers nor metrics of nodes, and is not removed as one.
        Assert.DoesNotContain((await _head.Client.GotAsync("/api/nodes")).NamesOf(), name => name is "site2" or "site3");
        Assert.Contains("site2", (await _head.Client.GotAsync("/api/appliances")).NamesOf());
        Assert.DoesNotContain("site2", (await _head.Client.GotAsync("/api/dashboard/staging-space")).ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await _head.Client.DeleteAsync($"/api/nodes/{_appliance}")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await _site.Client.PostAsJsonAsync("/api/appliances", new { name = "site4" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await _head.Client.PostAsJsonAsync("/api/membership", new { server = "127.0.0.1", token = "x" })).StatusCode);
    }

    [Fact]
    public async Task Server_that_was_taken_reaches_no_further_than_it_was_let()
    {
        OwnCalls calls = _site.App.Services.GetRequiredService<OwnCalls>();
        int refused = 0;
        foreach (RouteEndpoint endpoint in _site.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null))
        {
            string permission = endpoint.Metadata.GetRequiredMetadata<RequiredPermission>().Permission;
            string path = Parameter().Replace("/" + endpoint.RoutePattern.RawText!.Trim('/'), Guid.NewGuid().ToString());
            foreach (string verb in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                if (permission == Permission.Self || ServerRights.Concern(permission))
                {
                    continue;
                }

                Assert.Equal(403, (await AnswerAsync(verb, path)).Status);
                refused++;
            }
        }

        Assert.True(refused > 40, $"{refused}");
        Assert.All(
            (string[])[Permission.UsersRead, Permission.UsersWrite, Permission.TokensWrite, Permission.SettingsRead, Permission.SettingsWrite, Permission.InventoryCredentials, Permission.NodesWrite, Permission.AuditRead, Permission.MonitoringRead],
            permission => Assert.False(ServerRights.Concern(permission), permission));

        // What is about oneself is about nobody here.
        Assert.NotEqual(200, (await AnswerAsync("GET", "/api/user-info")).Status);
        Assert.NotEqual(200, (await AnswerAsync("PUT", "/api/session/password")).Status);
        Assert.Equal(404, (await AnswerAsync("GET", "/../../etc/passwd")).Status);

        async Task<ForwardedHead> AnswerAsync(string verb, string target)
        {
            var call = new ForwardedCall(
                "1", verb, target, new Dictionary<string, string> { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer x", ["Cookie"] = "vprotect-session=x" },
                verb == "GET" ? null : "{}"u8.ToArray(), "admin", Guid.NewGuid(), [new ForwardedGrant(Permission.Everything, null, Guid.Empty)]);
            using var answer = new MemoryStream();
            await calls.RunAsync(call, "evil.example", _ => Task.CompletedTask, answer, default);
            return JsonSerializer.Deserialize(Encoding.UTF8.GetString(answer.ToArray()).Split('\n')[0], NodeWireJson.Default.ForwardedHead)!;
        }
    }

    [Fact]
    public async Task Appliance_answers_only_what_it_was_asked_and_is_followed_only_in_order()
    {
        ApplianceCalls calls = _head.App.Services.GetRequiredService<ApplianceCalls>();
        JoinedAppliances joined = _head.App.Services.GetRequiredService<JoinedAppliances>();
        Assert.Null(joined.Begin(_appliance, "00000000000000000000000000000000"));
        Assert.Null(joined.Begin(Guid.NewGuid(), "00000000000000000000000000000000"));

        JoinedAppliance now = await RowAsync();
        FeedRow row = Row(Guid.CreateVersion7());
        foreach ((string feed, long number, bool follows) in new[] { ("another", 2L, false), (now.Feed!, now.Batch + 2, false), (now.Feed!, now.Batch - 1, false), (now.Feed!, now.Batch, true), (now.Feed!, now.Batch + 1, true) })
        {
            Assert.Equal(!follows, (await calls.FeedAsync(_appliance, new FeedBatch(feed, number, follows ? [row] : []), default)).BeginsAnew);
        }

        // What does not fit is not half taken: all is told anew.
        FeedRow unfit = row with { Columns = row.Columns!.ToDictionary(column => column.Key, column => column.Key == "power_state" ? JsonSerializer.SerializeToElement("FLYING") : column.Value) };
        Assert.True((await calls.FeedAsync(_appliance, new FeedBatch(now.Feed!, now.Batch + 2, [unfit]), default)).BeginsAnew);
        Assert.Null((await RowAsync()).Feed);

        // The appliance does so by itself, and what it never had is gone then.
        (await _site.Client.PutAsJsonAsync($"/api/backups/{_there.Point.Guid}/description", new { description = "anew" })).EnsureSuccessStatusCode();
        await UntilAsync(async () => (await RowAsync()) is { Feed: { } feed } && feed != now.Feed && (await _head.Client.GotAsync("/api/virtual-machines")).GetArrayLength() == 2);

        Task<JoinedAppliance> RowAsync() => _head.ReadAsync(session => session.Appliances.GetAsync(_appliance, default));
    }

    [Fact]
    public async Task Rows_of_another_shape_are_left_out_and_counted_and_take_no_list_down()
    {
        // The site's own catalog is spoilt, so that it tells this as it tells everything.
        await _site.WriteAsync(async tx =>
        {
            await tx.Policies.UpdateAsync(await tx.Policies.GetAsync(_there.Policy.Guid, default) with { Settings = """{"preSnapshotCommand":{"arguments":"x"}}""" }, default);
            await tx.Destinations.UpdateAsync(await tx.Destinations.GetAsync(_there.Destination.Guid, default) with { Settings = "[]" }, default);
            await tx.Hypervisors.UpdateAsync(await tx.Hypervisors.GetAsync(_there.Host.Guid, default) with { Settings = "null" }, default);
            await tx.HypervisorManagers.UpdateAsync(await tx.HypervisorManagers.GetAsync(_there.Manager.Guid, default) with { Settings = "7" }, default);
            await tx.Machines.UpdateAsync(await tx.Machines.GetAsync(_there.Machine.Guid, default) with { PreCommandIgnoredExitCodes = ["one"] }, default);
            await tx.Schedules.UpdateAsync(await tx.Schedules.GetAsync(_there.Schedule.Guid, default) with { Months = [null!] }, default);
            await tx.Mounts.UpdateAsync(await tx.Mounts.GetAsync(_there.Mount.Guid, default) with { Settings = """{"served":3}""" }, default);
            await tx.RecoveryPlans.InsertAsync(new RecoveryPlan { Name = "spoilt", Steps = "[null]" }, default);
        });
        await UntilAsync(async () => (await _head.Client.GotAsync("/api/appliances"))[0].GetProperty("skipped").GetInt32() >= 8);

        // Here everybody's lists go on, with what was last told that could be shown.
        foreach ((string list, Guid shown) in new[]
        {
            ("policies/vm-backup", _there.Policy.Guid), ("backup-destinations", _there.Destination.Guid), ("hypervisors", _there.Host.Guid), ("hypervisor-managers", _there.Manager.Guid),
            ("virtual-machines", _there.Machine.Guid), ("virtual-machines/detailed", _there.Machine.Guid), ("schedules", _there.Schedule.Guid), ("mounted-backups", _there.Mount.Guid),
        })
        {
            Assert.Contains(shown, (await _head.Client.GotAsync($"/api/{list}")).EnumerateArray().Select(row => row.GetProperty("guid").GetGuid()));
        }

        Assert.Equal(0, (await _head.Client.GotAsync("/api/recovery-plans")).GetArrayLength());

        // What is put right is shown again.
        await _site.WriteAsync(async tx => await tx.Policies.UpdateAsync(await tx.Policies.GetAsync(_there.Policy.Guid, default) with { Name = "put right", Settings = "{}" }, default));
        await UntilAsync(async () => (await _head.Client.GotAsync("/api/policies/vm-backup")).NamesOf().Contains("put right"));
    }

    [Fact]
    public async Task Answer_of_a_hostile_appliance_is_data_and_half_of_one_is_none()
    {
        using ServerMembership evil = await JoinAsync("evil");
        var machine = Guid.CreateVersion7();
        Assert.False((await evil.FeedAsync(new FeedBatch("f", 1, [Row(machine)]), default)).BeginsAnew);
        await AskAsync(
            "200 text/html", "<script>alert(1)</script>", ends: null,
            async answer =>
            {
                Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.MediaType);
                Assert.Equal("<script>alert(1)</script>", await answer.Content.ReadAsStringAsync());
                Assert.StartsWith("default-src 'self'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
                Assert.Equal("evil", Assert.Single(answer.Headers.GetValues(Forwarding.Header)));
                Assert.False(answer.Headers.Contains("Set-Cookie") || answer.Headers.Contains("Access-Control-Allow-Origin") || answer.Headers.Contains("Clear-Site-Data"));
            });

        // Neither another page, nor an answer that ends in the middle.
        await IsCutAsync(() => AskAsync("302 text/html", "", ends: null, _ => Task.CompletedTask));
        await IsCutAsync(() => AskAsync("200 application/zip", "half", new IOException("cut"), async answer =>
        {
            Assert.Equal("application/zip", answer.Content.Headers.ContentType?.MediaType);
            await answer.Content.ReadAsByteArrayAsync();
        }));

        static async Task IsCutAsync(Func<Task> asking) =>
            Assert.True(await Record.ExceptionAsync(asking) is IOException or HttpRequestException or OperationCanceledException);

        async Task AskAsync(string head, string body, Exception? ends, Func<HttpResponseMessage, Task> look)
        {
            // There is no later poll that would take it.
            Task<CallsAnswer> asked = evil.CallsAsync(new CallsQuestion("1"), default);
            await UntilAsync(() => Task.FromResult(_head.App.Services.GetRequiredService<JoinedAppliances>().IsHere(Guid.Parse(evil.Current!.Guid))));
            Task<HttpResponseMessage> user = _head.Client.GetAsync($"/api/virtual-machines/{machine}", HttpCompletionOption.ResponseHeadersRead);
            ForwardedCall call = Assert.Single((await asked).Calls);
            Dictionary<string, string> headers = new()
            {
                ["content-type"] = head[4..],
                ["Set-Cookie"] = "vprotect-session=x",
                ["Content-Security-Policy"] = "default-src *",
                ["Access-Control-Allow-Origin"] = "*",
                ["Clear-Site-Data"] = "*",
                ["vprotect-appliance"] = "site2",
                ["Location"] = "https://evil.example/",
            };
            Task told = evil.AnswerAsync(
                async (stream, stop) =>
                {
                    await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new ForwardedHead(call.Id, int.Parse(head[..3], null), headers), NodeWireJson.Default.ForwardedHead), stop);
                    await stream.WriteAsync(Encoding.UTF8.GetBytes("\n" + body), stop);
                    await stream.FlushAsync(stop);
                    if (ends is not null)
                    {
                        // Once the user has heard the beginning.
                        await user;
                        throw ends;
                    }
                }, default);
            try
            {
                await look(await user);
            }
            finally
            {
                await told.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [Fact]
    public async Task Appliance_that_takes_guids_of_others_gets_no_request_of_theirs()
    {
        using ServerMembership evil = await JoinAsync("evil");
        Assert.False((await evil.FeedAsync(new FeedBatch("f", 1, [Row(_own.Policy.Guid), Row(_own.Credential.Guid), Row(_there.Policy.Guid)]), default)).BeginsAnew);
        Assert.Equal(HttpStatusCode.OK, (await _head.Client.GetAsync($"/api/policies/vm-backup/{_own.Policy.Guid}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _head.Client.PutAsJsonAsync($"/api/hypervisor-managers/{_own.Manager.Guid}", new { credential = new { guid = _own.Credential.Guid } })).StatusCode);
        using IDisposable others = Catalog.Views.CatalogView.WithOthers();
        Assert.Empty(await _head.ReadAsync(session => session.Mirror.OwnersAsync([_own.Policy.Guid, _own.Credential.Guid, _there.Policy.Guid], default)));
    }

    [Fact]
    public async Task What_is_cut_or_fails_in_the_middle_is_no_whole_answer()
    {
        var call = new ForwardedCall("1", "GET", "/x", new Dictionary<string, string>(), null, "admin", Guid.NewGuid(), []);
        IServiceScopeFactory scopes = _site.App.Services.GetRequiredService<IServiceScopeFactory>();
        foreach (Exception? fault in (Exception?[])[null, new InvalidOperationException("in the middle")])
        {
            var calls = new OwnCalls(scopes);
            calls.Watch(async context =>
            {
                Assert.False(context.Response.HasStarted);
                await context.Response.Body.WriteAsync("half"u8.ToArray());
                Assert.True(context.Response.HasStarted);
                if (fault is not null)
                {
                    throw fault;
                }

                context.Abort();
            });
            using var answer = new MemoryStream();
            await Assert.ThrowsAnyAsync<Exception>(() => calls.RunAsync(call, "head", _ => Task.CompletedTask, answer, default));
            Assert.EndsWith("\nhalf", Encoding.UTF8.GetString(answer.ToArray()), StringComparison.Ordinal);
        }

        OwnCalls own = _site.App.Services.GetRequiredService<OwnCalls>();
        using var none = new MemoryStream();
        await Assert.ThrowsAsync<InvalidDataException>(() => own.RunAsync(call with { Target = "evil" }, "head", _ => Task.CompletedTask, none, default));
    }

    [Fact]
    public async Task Half_a_membership_stops_nothing_and_can_be_left()
    {
        Directory.CreateDirectory(_directory["half"]);
        await File.WriteAllTextAsync(Path.Join(_directory["half"], "node.json"), """{"node":"x","name":"x","server":"127.0.0.1:1","authority":"x"}""");
        var server = new ServerFixture
        {
            Adapt = builder => builder.Services.AddSingleton<IServerMembership>(new ServerMembership(_directory["half"], NullLoggerFactory.Instance, TimeProvider.System)),
        };
        await server.InitializeAsync();
        using (HttpResponseMessage told = await server.Client.GetAsync("/api/membership"))
        {
            Assert.Equal(HttpStatusCode.BadRequest, told.StatusCode);
        }

        Assert.False((await (await server.Client.DeleteAsync("/api/membership?anyway=true")).JsonAsync()).GetProperty("joined").GetBoolean());
        Assert.False(Directory.Exists(_directory["half"]));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/api/virtual-machines")).StatusCode);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Long_answer_comes_as_it_is()
    {
        await _site.WriteAsync(tx => tx.Machines.InsertManyAsync(
            Enumerable.Range(0, 5000).Select(i => new Machine { Name = $"m{i}", Uuid = $"m{i}", Platform = "FAKE", FirstSeenAt = _site.Time.GetUtcNow() }), default));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/virtual-machines?page=0&size=1000&orderBy=name");
        request.Headers.Add(Forwarding.Header, "site2");
        using HttpResponseMessage there = await _head.Client.SendAsync(request);
        using HttpResponseMessage here = await _site.Client.GetAsync("/api/virtual-machines?page=0&size=1000&orderBy=name");
        Assert.Equal(await here.Content.ReadAsStringAsync(), await there.Content.ReadAsStringAsync());
        Assert.Equal(here.Headers.GetValues("X-Total-Count"), there.Headers.GetValues("X-Total-Count"));
        Assert.Equal("site2", Assert.Single(there.Headers.GetValues(Forwarding.Header)));
        Assert.Single(there.Headers.GetValues("X-Content-Type-Options"));
        await UntilAsync(async () => (await _head.Client.GotAsync("/api/appliances"))[0].GetProperty("machines").GetInt32() == 5001);
    }

    [Fact]
    public async Task Appliance_that_has_as_much_there_as_it_may_is_told_so_goes_on_and_is_heard_again()
    {
        await LimitAsync(1000);
        Machine[] machines = [.. Enumerable.Range(0, 1500).Select(i => new Machine { Name = $"m{i}", Uuid = $"m{i}", Platform = "FAKE", FirstSeenAt = _site.Time.GetUtcNow() })];
        await _site.WriteAsync(tx => tx.Machines.InsertManyAsync(machines, default));
        await UntilAsync(async () => (await _site.Client.GotAsync("/api/membership")).GetProperty("problem").ToString().Contains("applianceRowsMax", StringComparison.Ordinal)
            && (await _head.Client.GotAsync("/api/appliances"))[0].GetProperty("problem").ToString().Contains("applianceRowsMax", StringComparison.Ordinal));
        Assert.Equal(1501, (await _site.Client.GotAsync("/api/dashboard/protection")).GetProperty("vm").EnumerateObject().Sum(one => one.Value.ValueKind == JsonValueKind.Number ? one.Value.GetInt64() : 0));
        Assert.True((await _site.Client.GotAsync("/api/membership")).GetProperty("pending").GetInt64() > 0);

        // What went is told although there is no room for the rest.
        World other = await World.MakeAsync(_site, "other");
        await _site.WriteAsync(tx => tx.Mounts.DeleteAsync(_there.Mount.Guid, version: null, default));
        await UntilAsync(async () => (await _head.Client.GotAsync("/api/mounted-backups")).EnumerateArray().All(mount => mount.GetProperty("guid").GetGuid() != _there.Mount.Guid));

        await LimitAsync(100_000);
        await UntilAsync(async () => (await _head.Client.GotAsync("/api/appliances"))[0] is var told && told.GetProperty("machines").GetInt32() == 1502 && told.GetProperty("problem").ValueKind == JsonValueKind.Null
            && (await _site.Client.GotAsync("/api/membership")) is var own && own.GetProperty("problem").ValueKind == JsonValueKind.Null && own.GetProperty("pending").GetInt64() == 0);
        Assert.Equal(HttpStatusCode.OK, (await _head.Client.GetAsync($"/api/virtual-machines/{other.Machine.Guid}")).StatusCode);

        async Task LimitAsync(int rows)
        {
            JsonElement settings = await _head.Client.GotAsync("/api/global-settings");
            Dictionary<string, object?> changed = settings.EnumerateObject().ToDictionary(one => one.Name, one => (object?)one.Value);
            changed["applianceRowsMax"] = rows;
            (await _head.Client.PutAsJsonAsync("/api/global-settings", changed)).EnsureSuccessStatusCode();
        }
    }

    [Fact]
    public async Task Node_token_lets_no_appliance_join()
    {
        JsonElement node = await (await _head.Client.PostAsJsonAsync("/api/nodes", new { name = "node1" })).JsonAsync();
        using var other = new ServerMembership(_directory["other"], NullLoggerFactory.Instance, TimeProvider.System);
        await other.JoinAsync($"127.0.0.1:{node.GetProperty("server").GetString()!.Split(':')[^1]}", node.GetProperty("token").GetString()!, default);
        VProtectException refused = await Assert.ThrowsAsync<VProtectException>(() => other.FeedAsync(new FeedBatch("x", 1, []), default));
        Assert.Equal(ErrorCode.NoSuchEndpoint, refused.Code);
    }

    private static FeedRow Row(Guid machine) => new(
        "machines", machine.ToString("D"),
        new Dictionary<string, object?>
        {
            ["name"] = "strange",
            ["name_key"] = "strange",
            ["uuid"] = "u",
            ["platform"] = "FAKE",
            ["present"] = 1,
            ["power_state"] = "ON",
            ["provisioned_bytes"] = 1,
            ["first_seen_at"] = 1,
            ["quiesce"] = 0,
            ["pre_command_enabled"] = 0,
            ["pre_command_args"] = "[]",
            ["pre_command_ignored_exit_codes"] = "[]",
            ["pre_command_errors"] = "DONT_IGNORE",
            ["post_command_enabled"] = 0,
            ["post_command_args"] = "[]",
            ["post_command_ignored_exit_codes"] = "[]",
            ["post_command_errors"] = "DONT_IGNORE",
            ["warnings_present"] = 0,
            ["next_backup_full"] = 0,
            ["version"] = 1,
        }.ToDictionary(column => column.Key, column => JsonSerializer.SerializeToElement(column.Value)),
        Links: null);

    private static object Export(Guid[] machines) => new { protectedEntities = machines.Select(guid => new { guid }), protectedEntityType = "VM", backupType = "FULL" };

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await holds())
        {
            await Task.Delay(50, patience.Token);
        }
    }

    /// <summary>An appliance that the test plays.</summary>
    private async Task<ServerMembership> JoinAsync(string name)
    {
        JsonElement added = await (await _head.Client.PostAsJsonAsync("/api/appliances", new { name })).JsonAsync();
        var membership = new ServerMembership(_directory[name], NullLoggerFactory.Instance, TimeProvider.System);
        await membership.JoinAsync($"127.0.0.1:{added.GetProperty("server").GetString()!.Split(':')[^1]}", added.GetProperty("token").GetString()!, default);
        return membership;
    }

    private async Task<HttpClient> UserAsync(string login, string role, params (string Kind, Guid Guid)[] scopes)
    {
        JsonElement user = await (await _head.Client.PostAsJsonAsync("/api/users", new { login, password = Password })).JsonAsync();
        JsonElement known = (await _head.Client.GotAsync($"/api/roles?filter={role}"))[0];
        foreach ((string? kind, Guid guid) in scopes.Length == 0 ? [(null, Guid.Empty)] : scopes.Select(scope => ((string?)scope.Kind, scope.Guid)))
        {
            await (await _head.Client.PostAsJsonAsync("/api/role-assignments", new
            {
                role = new { guid = known.GetProperty("guid").GetGuid() },
                user = new { guid = user.GetProperty("guid").GetGuid() },
                scopeKind = kind,
                scope = kind is null ? null : new { guid },
            })).JsonAsync();
        }

        HttpClient client = await _head.LogInAsync(login, Password);
        (await client.PutAsJsonAsync("/api/session/password", new { currentPassword = Password, newPassword = Password + "!" })).EnsureSuccessStatusCode();
        return client;
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
