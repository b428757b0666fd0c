using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace VProtect.Server.Tests.Api;

public sealed class RolesApiTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Role_is_made_changed_given_and_deleted_when_nobody_has_it()
    {
        HttpClient client = server.Client;
        (JsonElement role, string path, string version) = await client.MadeAsync("/api/roles", new { name = "night", description = "at night", permissions = new[] { "tasks.backup", "tasks.read" } });
        Assert.Equal(["tasks.backup", "tasks.read"], role.GetProperty("permissions").EnumerateArray().Select(one => one.GetString()));
        Assert.False(role.GetProperty("builtIn").GetBoolean());
        await (await client.PostAsJsonAsync("/api/roles", new { name = "NIGHT" })).ProblemAsync(HttpStatusCode.Conflict, 4004);
        Assert.Equal("permissions", await (await client.PostAsJsonAsync("/api/roles", new { name = "odd", permissions = new[] { "tasks.fly" } })).RefusedFieldAsync());

        (JsonElement group, string groupPath, _) = await client.MadeAsync("/api/groups", new { name = "shift", members = Array.Empty<object>() });
        JsonElement given = await (await client.PostAsJsonAsync("/api/role-assignments", new { role, group })).JsonAsync();
        JsonElement again = await (await client.PostAsJsonAsync("/api/role-assignments", new { role, group })).JsonAsync();
        Assert.Equal(given.GetProperty("guid").GetGuid(), again.GetProperty("guid").GetGuid());
        Assert.Equal("shift", Assert.Single((await client.GotAsync($"/api/role-assignments?role={role.GetProperty("guid").GetGuid()}")).EnumerateArray()).NameOf("group"));
        await (await client.DeleteAsync(path)).ProblemAsync(HttpStatusCode.Conflict, 4003);

        using HttpResponseMessage changed = await client.PutWithVersionAsync(path, new { name = "nights", permissions = new[] { "tasks.read" } }, version);
        Assert.Equal("nights", (await changed.JsonAsync()).Text("name"));
        await (await client.PutWithVersionAsync(path, new { name = "nights" }, version)).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(groupPath)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Built_in_roles_stay_and_the_last_administrator_keeps_his()
    {
        HttpClient client = server.Client;
        JsonElement admin = (await client.GotAsync("/api/roles?filter=ADMIN"))[0];
        string role = $"/api/roles/{admin.GetProperty("guid").GetGuid()}";
        await (await client.DeleteAsync(role)).ProblemAsync(HttpStatusCode.Conflict, 4003);
        await (await client.PutAsJsonAsync(role, new { name = "ADMIN", permissions = new[] { "users.read" } })).ProblemAsync(HttpStatusCode.Conflict, 4003);

        JsonElement given = Assert.Single((await client.GotAsync($"/api/role-assignments?role={admin.GetProperty("guid").GetGuid()}")).EnumerateArray());
        await (await client.DeleteAsync($"/api/role-assignments/{given.GetProperty("guid").GetGuid()}")).ProblemAsync(HttpStatusCode.Conflict, 4003);
        string user = $"/api/users/{given.GetProperty("user").GetProperty("guid").GetGuid()}";
        await (await client.PutAsJsonAsync(user, new { login = "admin", active = false })).ProblemAsync(HttpStatusCode.Conflict, 4003);
        await (await client.PutAsJsonAsync(user, new { login = "admin", roles = Array.Empty<object>() })).ProblemAsync(HttpStatusCode.Conflict, 4003);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/users")).StatusCode);
    }

    [Fact]
    public async Task Who_keeps_users_gives_and_takes_no_more_than_he_has()
    {
        HttpClient client = server.Client;
        JsonElement admin = (await client.GotAsync("/api/roles?filter=ADMIN"))[0];
        JsonElement keeping = await (await client.PostAsJsonAsync("/api/roles", new { name = "keeping", permissions = new[] { "users.read", "users.write", "tasks.write" } })).JsonAsync();
        JsonElement user = await (await client.PostAsJsonAsync("/api/users", new { login = "keeper", password = "a long password 42", roles = new[] { keeping } })).JsonAsync();
        JsonElement admins = await (await client.PostAsJsonAsync("/api/groups", new { name = "admins" })).JsonAsync();
        await (await client.PostAsJsonAsync("/api/role-assignments", new { role = admin, group = admins })).JsonAsync();
        using HttpClient keeper = await server.LogInAsync("keeper", "a long password 42");
        (await keeper.PutAsJsonAsync("/api/session/password", new { currentPassword = "a long password 42", newPassword = "a long password 43" })).EnsureSuccessStatusCode();
        string group = $"/api/groups/{admins.GetProperty("guid").GetGuid()}";
        string own = $"/api/users/{user.GetProperty("guid").GetGuid()}";

        foreach (HttpResponseMessage answer in new[]
        {
            await keeper.PostAsJsonAsync("/api/role-assignments", new { role = admin, user }),
            await keeper.PutAsJsonAsync(group, new { name = "admins", members = new[] { user } }),
            await keeper.PutAsJsonAsync(own, new { login = "keeper", roles = new[] { admin } }),
            await keeper.PostAsJsonAsync("/api/roles", new { name = "more", permissions = new[] { "audit.read" } }),
            await keeper.PutAsJsonAsync($"/api/roles/{keeping.GetProperty("guid").GetGuid()}", new { name = "keeping", permissions = new[] { "*" } }),
            await keeper.DeleteAsync(group),
        })
        {
            await answer.ProblemAsync(HttpStatusCode.Forbidden, 5002);
        }

        // area.write includes its actions, and may be handed on in part.
        await (await keeper.PostAsJsonAsync("/api/roles", new { name = "less", permissions = new[] { "tasks.backup" } })).JsonAsync();
    }
}
