using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace VProtect.Server.Tests.Access;

/// <summary>What somebody tries who may not; the table is in <c>appliance/VProtect.Server/Access/README.md</c>.</summary>
public sealed class AttackTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Cookie = "__Host-vprotect";

    [Fact]
    public async Task Session_that_was_chosen_before_the_login_is_none_after_it()
    {
        string chosen = new('A', 43);
        using HttpClient victim = server.NewClient();
        using var login = new HttpRequestMessage(HttpMethod.Post, "/api/session/login") { Content = JsonContent.Create(new { login = "admin", password = ServerFixture.Password }) };
        login.Headers.Add("Cookie", $"{Cookie}={chosen}");
        using HttpResponseMessage answer = await victim.SendAsync(login);
        await answer.JsonAsync();
        Assert.DoesNotContain(chosen, Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);

        using HttpClient attacker = server.NewClient();
        using var use = new HttpRequestMessage(HttpMethod.Get, "/api/user-info");
        use.Headers.Add("Cookie", $"{Cookie}={chosen}");
        await (await attacker.SendAsync(use)).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
    }

    [Fact]
    public async Task Token_that_may_write_users_cannot_make_or_become_an_administrator()
    {
        using HttpClient token = await TokenAsync(["users.read", "users.write"], expiresAt: null);
        JsonElement admin = (await (await token.GetAsync("/api/users?filter=admin")).JsonAsync())[0];
        string path = "/api/users/" + admin.GetProperty("guid").GetString();
        JsonElement[] roles = [admin.GetProperty("roles")[0]];

        await (await token.PostAsJsonAsync("/api/users", new { login = "mallory", password = "a long password 42", roles })).ProblemAsync(HttpStatusCode.Forbidden, 5002);
        await (await token.PutAsJsonAsync(path, new { login = "admin", password = "a long password 42" })).ProblemAsync(HttpStatusCode.Forbidden, 5002);
        await (await token.DeleteAsync(path)).ProblemAsync(HttpStatusCode.Forbidden, 5002);

        Assert.Empty((await (await token.GetAsync("/api/users?filter=mallory")).JsonAsync()).EnumerateArray());
        using HttpClient still = await server.LogInAsync("admin", ServerFixture.Password);
    }

    [Fact]
    public async Task Token_makes_none_that_may_more_or_lasts_longer()
    {
        DateTimeOffset end = server.Time.GetUtcNow().AddDays(1);
        using HttpClient token = await TokenAsync(["tokens.write"], end);
        string[] same = ["tokens.write"];

        await (await token.PostAsJsonAsync("/api/tokens", new { name = "all", expiresAt = Milliseconds(end) })).ProblemAsync(HttpStatusCode.Forbidden, 5002);
        foreach ((object wanted, string field) in new (object, string)[]
        {
            (new { name = "everything", permissions = (string[])["*"], expiresAt = Milliseconds(end) }, "permissions"),
            (new { name = "more", permissions = (string[])["tokens.write", "audit.read"], expiresAt = Milliseconds(end) }, "permissions"),
            (new { name = "for ever", permissions = same }, "expiresAt"),
            (new { name = "longer", permissions = same, expiresAt = Milliseconds(end) + 1 }, "expiresAt"),
        })
        {
            using HttpResponseMessage answer = await token.PostAsJsonAsync("/api/tokens", wanted);
            Assert.Equal(field, (await answer.ProblemAsync(HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString());
        }

        await (await token.PostAsJsonAsync("/api/tokens", new { name = "as long", permissions = same, expiresAt = Milliseconds(end) })).JsonAsync();
    }

    [Fact]
    public async Task Members_that_are_not_for_clients_change_nothing()
    {
        string guid = Guid.CreateVersion7().ToString();
        var wanted = new
        {
            login = "carol",
            password = "a long password 42",
            guid,
            passwordHash = "pbkdf2-sha256$1$AA$AA",
            mustChangePassword = false,
            source = "LDAP",
            createdAt = 1,
            version = 99,
        };
        using HttpResponseMessage made = await server.Client.PostAsJsonAsync("/api/users", wanted);
        JsonElement user = await made.JsonAsync();

        Assert.NotEqual(guid, user.GetProperty("guid").GetString());
        Assert.True(user.GetProperty("mustChangePassword").GetBoolean());
        Assert.Equal("LOCAL", user.GetProperty("source").GetProperty("name").GetString());
        Assert.Equal(Milliseconds(server.Time.GetUtcNow()), user.GetProperty("createdAt").GetInt64());
        using HttpClient carol = await server.LogInAsync("carol", "a long password 42");
    }

    [Theory]
    [InlineData(33)]
    [InlineData(100_000)]
    public async Task Deeply_nested_json_is_refused(int depth)
    {
        string nested = string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
        using var body = new StringContent($$"""{"login": "admin", "password": "x", "more": {{nested}}}""", Encoding.UTF8, "application/json");
        using HttpClient client = server.NewClient();
        await (await client.PostAsync("/api/session/login", body)).ProblemAsync(HttpStatusCode.BadRequest, 2001);
    }

    [Fact]
    public async Task Lines_in_what_clients_send_never_become_headers()
    {
        const string lines = "x\r\nSet-Cookie: stolen=1\r\n\r\n";
        using HttpClient guest = server.NewClient();
        using HttpResponseMessage login = await guest.PostAsJsonAsync("/api/session/login", new { login = lines, password = "x" });
        using HttpResponseMessage name = await server.Client.PostAsJsonAsync("/api/users", new { login = "dave", fullName = lines, password = "a long password 42" });
        using HttpResponseMessage query = await server.Client.GetAsync("/api/users?filter=" + Uri.EscapeDataString(lines));
        using HttpResponseMessage path = await server.Client.GetAsync("/api/users/" + Uri.EscapeDataString(lines));

        Assert.Equal(HttpStatusCode.BadRequest, name.StatusCode);
        Assert.All([login, name, query, path], answer => Assert.False(answer.Headers.Contains("Set-Cookie")));
    }

    [Fact]
    public async Task Other_sites_and_names_are_not_echoed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mailing-lists") { Content = JsonContent.Create(new { name = "echo", addresses = Array.Empty<string>() }) };
        request.Headers.Host = "evil.example";
        request.Headers.Add("Origin", "https://evil.example");
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        using HttpResponseMessage answer = await server.Client.SendAsync(request);
        JsonElement list = await answer.JsonAsync();

        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("evil", answer.Headers.ToString(), StringComparison.Ordinal);
        string audit = await server.Client.GetStringAsync($"/api/audit?guid={list.GetProperty("guid").GetString()}");
        Assert.DoesNotContain("203.0.113.9", audit, StringComparison.Ordinal);
    }

    private static long Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private async Task<HttpClient> TokenAsync(string[] permissions, DateTimeOffset? expiresAt)
    {
        JsonElement made = await (await server.Client.PostAsJsonAsync("/api/tokens", new { name = "limited", permissions, expiresAt = expiresAt?.ToUnixTimeMilliseconds() })).JsonAsync();
        HttpClient client = server.NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", made.GetProperty("token").GetString());
        return client;
    }
}
