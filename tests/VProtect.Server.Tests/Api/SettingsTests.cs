using System.Net;
using System.Net.Http.Json;

namespace VProtect.Server.Tests.Api;

public sealed class SettingsTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Settings_hold_at_once_and_only_configured_origins_are_let_in()
    {
        using HttpResponseMessage before = await server.Client.GetAsync("/api/global-settings");
        Assert.Equal(1_800_000, (await before.JsonAsync()).GetProperty("sessionIdleTimeout").GetInt64());
        Assert.Null(await AllowedAsync("https://portal.example.org"));

        var wanted = new { applianceName = "Backup of the north", sessionIdleTimeout = 60_000, sessionAbsoluteTimeout = 43_200_000, corsOrigins = new[] { "https://portal.example.org" } };
        using HttpResponseMessage changed = await server.Client.PutWithVersionAsync("/api/global-settings", wanted, before.Headers.ETag!.Tag);
        await changed.JsonAsync();
        Assert.Equal("Backup of the north", (await (await server.Client.GetAsync("/api/user-info")).JsonAsync()).GetProperty("applianceName").GetString());
        Assert.Equal("https://portal.example.org", await AllowedAsync("https://portal.example.org"));
        Assert.Null(await AllowedAsync("https://evil.example.org"));
        await (await server.Client.PutWithVersionAsync("/api/global-settings", wanted, "\"9\"")).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);

        using HttpClient client = await server.LogInAsync("admin", ServerFixture.Password);
        server.Time.Advance(TimeSpan.FromSeconds(61));
        await (await client.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
    }

    [Theory]
    [InlineData("""{"applianceName": "two\nlines"}""", "applianceName")]
    [InlineData("""{"sessionIdleTimeout": 5}""", "sessionIdleTimeout")]
    [InlineData("""{"sessionIdleTimeout": "soon"}""", "sessionIdleTimeout")]
    [InlineData("""{"corsOrigins": ["https://portal.example.org/path"]}""", "corsOrigins")]
    [InlineData("""{"corsOrigins": ["*"]}""", "corsOrigins")]
    public async Task Bad_setting_is_refused_naming_the_field(string body, string field)
    {
        using HttpClient client = await server.LogInAsync("admin", ServerFixture.Password);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PutAsync("/api/global-settings", content);
        Assert.Equal(field, (await answer.ProblemAsync(HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString());
    }

    [Fact]
    public async Task Mailing_list_is_made_changed_and_deleted()
    {
        using HttpClient client = await server.LogInAsync("admin", ServerFixture.Password);
        using HttpResponseMessage made = await client.PostAsJsonAsync("/api/mailing-lists", new { name = "night shift", addresses = new[] { "a@example.org" } });
        await made.JsonAsync();
        string path = made.Headers.Location!.ToString();
        using HttpResponseMessage changed = await client.PutWithVersionAsync(
            path, new { name = "night shift", addresses = new[] { "b@example.org" } }, made.Headers.ETag!.Tag);
        Assert.Equal("b@example.org", (await changed.JsonAsync()).GetProperty("addresses")[0].GetString());
        using HttpResponseMessage bad = await client.PutAsJsonAsync(path, new { name = "night shift", addresses = new[] { "nobody" } });
        Assert.Equal("addresses", (await bad.ProblemAsync(HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Unknown_address_verb_and_media_type_are_told_as_problems()
    {
        using HttpClient client = await server.LogInAsync("admin", ServerFixture.Password);
        await (await client.GetAsync("/api/nowhere")).ProblemAsync(HttpStatusCode.NotFound, 5010);
        await (await client.DeleteAsync("/api/user-info")).ProblemAsync(HttpStatusCode.MethodNotAllowed, 5010);
        using var text = new StringContent("x");
        await (await client.PostAsync("/api/mailing-lists", text)).ProblemAsync(HttpStatusCode.UnsupportedMediaType, 5012);
    }

    [Fact]
    public async Task Health_is_told_without_a_session()
    {
        using HttpClient client = server.NewClient();
        Assert.Equal("live", await client.GetStringAsync("/health/live"));
        Assert.Equal("ready", await client.GetStringAsync("/health/ready"));
    }

    private async Task<string?> AllowedAsync(string origin)
    {
        using HttpClient client = server.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Options, "/api/user-info");
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "GET");
        using HttpResponseMessage answer = await client.SendAsync(request);
        return answer.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? allowed) ? allowed.Single() : null;
    }
}
