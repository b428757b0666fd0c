using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace VProtect.Server.Tests.Api;

public sealed class UsersAndTokensTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task User_is_made_changed_with_its_version_locked_out_and_deleted()
    {
        HttpClient client = server.Client;
        JsonElement[] roles = [(await client.GotAsync("/api/roles?filter=ADMIN"))[0]];
        var wanted = new { login = "Operator", fullName = "Olga", password = "a long password 42", roles };
        using HttpResponseMessage made = await client.PostAsJsonAsync("/api/users", wanted);
        JsonElement user = await made.JsonAsync();
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal("ADMIN", user.GetProperty("roles")[0].GetProperty("name").GetString());
        Assert.Equal("LOCAL", user.GetProperty("source").GetProperty("name").GetString());
        Assert.DoesNotContain("pbkdf2", user.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(server.Time.GetUtcNow().ToUnixTimeMilliseconds(), user.GetProperty("createdAt").GetInt64());
        await (await client.PostAsJsonAsync("/api/users", wanted)).ProblemAsync(HttpStatusCode.Conflict, 4004);

        using HttpClient itself = await server.LogInAsync("operator", "a long password 42");
        await (await itself.GetAsync("/api/users")).ProblemAsync(HttpStatusCode.Forbidden, 5006);

        string path = made.Headers.Location!.ToString();
        string version = (await client.GetAsync(path)).Headers.ETag!.Tag;
        using HttpResponseMessage off = await client.PutWithVersionAsync(path, new { login = "operator", active = false }, version);
        Assert.False((await off.JsonAsync()).GetProperty("active").GetBoolean());
        await (await itself.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
        await (await client.PutWithVersionAsync(path, new { login = "operator" }, version)).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);

        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(path)).StatusCode);
        await (await client.GetAsync(path)).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Fact]
    public async Task Last_user_who_can_log_in_stays()
    {
        JsonElement info = await (await server.Client.GetAsync("/api/user-info")).JsonAsync();
        using HttpResponseMessage answer = await server.Client.DeleteAsync($"/api/users/{info.GetProperty("guid").GetString()}");
        await answer.ProblemAsync(HttpStatusCode.Conflict, 4003);
    }

    [Theory]
    [InlineData("short", "password")]
    [InlineData("aaaaaaaaaaaaaaaa", "password")]
    [InlineData("xx newcomer 12345", "password")]
    public async Task Weak_password_is_refused_naming_the_field(string password, string field)
    {
        using HttpResponseMessage answer = await server.Client.PostAsJsonAsync("/api/users", new { login = "newcomer", password });
        Assert.Equal(field, (await answer.ProblemAsync(HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString());
    }

    [Fact]
    public async Task Lists_are_pages_with_the_number_of_all()
    {
        using HttpResponseMessage answer = await server.Client.GetAsync("/api/users?page=0&size=1&orderBy=login&direction=desc&filter=adm");
        Assert.Equal("admin", (await answer.JsonAsync())[0].GetProperty("login").GetString());
        Assert.Equal("1", Assert.Single(answer.Headers.GetValues("X-Total-Count")));
        foreach ((string query, string? field) in new[] { ("page=-1", "page"), ("size=0", "size"), ("direction=up", "direction"), ("orderBy=colour", null) })
        {
            using HttpResponseMessage bad = await server.Client.GetAsync("/api/users?" + query);
            JsonElement problem = await bad.ProblemAsync(HttpStatusCode.BadRequest, 2001);
            Assert.Equal(field, problem.TryGetProperty("field", out JsonElement named) ? named.GetString() : null);
        }
    }

    [Fact]
    public async Task Token_is_told_once_works_without_csrf_within_its_limits_and_ends()
    {
        DateTimeOffset ends = server.Time.GetUtcNow().AddHours(1);
        var wanted = new { name = "exporter", permissions = new[] { "audit.read" }, expiresAt = ends.ToUnixTimeMilliseconds() };
        JsonElement made = await (await server.Client.PostAsJsonAsync("/api/tokens", wanted)).JsonAsync();
        string token = made.GetProperty("token").GetString()!;
        Assert.DoesNotContain(token, await server.Client.GetStringAsync("/api/tokens"), StringComparison.Ordinal);

        using HttpClient client = server.NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        await (await client.GetAsync("/api/audit")).JsonAsync();
        await (await client.GetAsync("/api/users")).ProblemAsync(HttpStatusCode.Forbidden, 5002);
        await (await client.PostAsJsonAsync("/api/tokens", new { name = "more" })).ProblemAsync(HttpStatusCode.Forbidden, 5002);

        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync($"/api/tokens/{made.GetProperty("guid").GetString()}")).StatusCode);
        await (await client.GetAsync("/api/audit")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
    }

    [Fact]
    public async Task Every_change_is_in_the_audit_log_with_actor_and_object()
    {
        JsonElement list = await (await server.Client.PostAsJsonAsync("/api/mailing-lists", new { name = "audited", addresses = Array.Empty<string>() })).JsonAsync();
        string guid = list.GetProperty("guid").GetString()!;
        JsonElement entry = (await (await server.Client.GetAsync($"/api/audit?guid={guid}")).JsonAsync())[0];
        Assert.Equal("admin", entry.GetProperty("actor").GetString());
        Assert.Equal("mailing-lists.create", entry.GetProperty("action").GetString());
        Assert.Equal("audited", entry.GetProperty("object").GetProperty("name").GetString());
        Assert.Equal("SUCCESS", entry.GetProperty("outcome").GetProperty("name").GetString());
    }
}
