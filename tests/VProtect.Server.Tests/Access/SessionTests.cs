using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Audit;
using VProtect.Server.Access;
using VProtect.Server.Tests.Api;

namespace VProtect.Server.Tests.Access;

public sealed class SessionTests : IAsyncLifetime
{
    private readonly ServerFixture _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task First_password_must_be_changed_before_anything_else_and_works_only_until_then()
    {
        using HttpClient other = _server.NewClient();
        using HttpResponseMessage old = await other.PostAsJsonAsync("/api/session/login", new { login = "admin", password = _server.FirstPassword });
        await old.ProblemAsync(HttpStatusCode.Unauthorized, 5004);

        JsonElement info = await (await _server.Client.GetAsync("/api/user-info")).JsonAsync();
        Assert.Equal("admin", info.GetProperty("login").GetString());
        Assert.False(info.GetProperty("mustChangePassword").GetBoolean());
        Assert.Equal("*", info.GetProperty("permissions")[0].GetString());
    }

    [Fact]
    public async Task Cookie_is_closed_to_scripts_other_sites_and_clear_text()
    {
        using HttpClient client = _server.NewClient();
        using HttpResponseMessage answer = await client.PostAsJsonAsync("/api/session/login", new { login = "ADMIN", password = ServerFixture.Password });
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-vprotect=", cookie, StringComparison.Ordinal);
        Assert.Contains("; path=/; secure; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task Logout_ends_the_session()
    {
        using HttpClient client = await _server.LogInAsync("admin", ServerFixture.Password);
        Assert.Equal(HttpStatusCode.NoContent, (await client.PostAsync("/api/session/logout", content: null)).StatusCode);
        await (await client.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
    }

    [Fact]
    public async Task Session_ends_when_idle_and_when_old_however_much_it_is_used()
    {
        using HttpClient idle = await _server.LogInAsync("admin", ServerFixture.Password);
        _server.Time.Advance(TimeSpan.FromMinutes(31));
        await (await idle.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);

        using HttpClient busy = await _server.LogInAsync("admin", ServerFixture.Password);
        for (int used = 0; used < 35; used++)
        {
            _server.Time.Advance(TimeSpan.FromMinutes(20));
            await (await busy.GetAsync("/api/user-info")).JsonAsync();
        }

        _server.Time.Advance(TimeSpan.FromMinutes(20));
        await (await busy.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
    }

    [Fact]
    public async Task What_a_page_asks_for_by_itself_does_not_prolong_its_session()
    {
        using HttpClient page = await _server.LogInAsync("admin", ServerFixture.Password);
        page.DefaultRequestHeaders.Add(SessionHandler.UnattendedHeader, "true");
        _server.Time.Advance(TimeSpan.FromMinutes(20));
        await (await page.GetAsync("/api/user-info")).JsonAsync();
        using (await page.GetAsync("/api/events", HttpCompletionOption.ResponseHeadersRead))
        {
            _server.Time.Advance(TimeSpan.FromMinutes(11));
        }

        await (await page.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
    }

    [Fact]
    public async Task Wrong_password_and_unknown_login_get_the_same_answer_and_are_slowed_down()
    {
        using HttpClient client = _server.NewClient();
        using HttpResponseMessage wrong = await client.PostAsJsonAsync("/api/session/login", new { login = "admin", password = "wrong" });
        using HttpResponseMessage unknown = await client.PostAsJsonAsync("/api/session/login", new { login = "nobody", password = "wrong" });
        await wrong.ProblemAsync(HttpStatusCode.Unauthorized, 5004);
        await unknown.ProblemAsync(HttpStatusCode.Unauthorized, 5004);
        Assert.Equal(await wrong.Content.ReadAsStringAsync(), await unknown.Content.ReadAsStringAsync());

        for (int attempt = 2; attempt < 5; attempt++)
        {
            using HttpResponseMessage again = await client.PostAsJsonAsync("/api/session/login", new { login = $"guess{attempt}", password = "wrong" });
            await again.ProblemAsync(HttpStatusCode.Unauthorized, 5004);
        }

        using HttpResponseMessage slowed = await client.PostAsJsonAsync("/api/session/login", new { login = "admin", password = ServerFixture.Password });
        await slowed.ProblemAsync(HttpStatusCode.TooManyRequests, 5005);
        Assert.NotNull(slowed.Headers.RetryAfter);

        _server.Time.Advance(TimeSpan.FromSeconds(2));
        using HttpResponseMessage later = await client.PostAsJsonAsync("/api/session/login", new { login = "admin", password = ServerFixture.Password });
        await later.JsonAsync();
    }

    [Fact]
    public async Task Refused_logins_do_the_same_work_whoever_they_are()
    {
        const string password = "a long password 42";
        foreach (string login in (string[])["known", "disabled", "early", "elsewhere"])
        {
            await (await _server.Client.PostAsJsonAsync("/api/users", new { login, password })).JsonAsync();
        }

        await _server.WriteAsync(async transaction =>
        {
            async Task ChangeAsync(string login, Func<User, User> change) =>
                await transaction.Users.UpdateAsync(change((await transaction.Users.FindByLoginAsync(login, default))!), default);

            await ChangeAsync("disabled", user => user with { Active = false });
            await ChangeAsync("elsewhere", user => user with { PasswordHash = null, Source = UserSource.Ldap, ExternalId = "cn=x" });
            await ChangeAsync("early", user => user with { PasswordHash = user.PasswordHash!.Replace("$600000$", "$100000$", StringComparison.Ordinal) });
        });
        Logins logins = _server.App.Services.GetRequiredService<Logins>();
        using HttpClient client = _server.NewClient();
        List<string> answers = [];
        foreach ((string login, string typed) in ((string, string)[])[
            ("nobody", "wrong"), ("known", "wrong"), ("disabled", "wrong"), ("disabled", password), ("early", "wrong"), ("elsewhere", "wrong"), ("another nobody", "wrong")])
        {
            long before = logins.Work;
            using HttpResponseMessage answer = await client.PostAsJsonAsync("/api/session/login", new { login, password = typed });
            await answer.ProblemAsync(HttpStatusCode.Unauthorized, 5004);
            answers.Add(await answer.Content.ReadAsStringAsync());
            Assert.Equal((login, (long)PasswordHash.Iterations), (login, logins.Work - before));
            _server.Time.Advance(TimeSpan.FromMinutes(20));
        }

        Assert.Single(answers.Distinct());

        // One that must wait is told so before any work is done, whether somebody has it or not.
        foreach (string login in (string[])["known", "nobody"])
        {
            for (int i = 0; i < LoginThrottle.FreeFailures; i++)
            {
                _server.App.Services.GetRequiredService<LoginThrottle>().Attempted($"10.0.0.{i}", login);
            }

            long before = logins.Work;
            await (await client.PostAsJsonAsync("/api/session/login", new { login, password })).ProblemAsync(HttpStatusCode.TooManyRequests, 5005);
            Assert.Equal(before, logins.Work);
        }
    }

    [Fact]
    public async Task Sessions_are_listed_and_ended_by_their_user_by_an_administrator_and_by_a_new_password()
    {
        using HttpClient one = await _server.LogInAsync("admin", ServerFixture.Password);
        using HttpClient two = await _server.LogInAsync("admin", ServerFixture.Password);
        using HttpClient three = await _server.LogInAsync("admin", ServerFixture.Password);
        JsonElement[] sessions = [.. (await (await one.GetAsync("/api/session/sessions")).JsonAsync()).EnumerateArray()];
        JsonElement current = Assert.Single(sessions, session => session.GetProperty("current").GetBoolean());
        JsonElement[] all = [.. (await (await one.GetAsync("/api/sessions")).JsonAsync()).EnumerateArray()];
        Assert.Equal(sessions.Length, all.Length);
        Assert.Equal(4, all.Length);

        Assert.Equal(HttpStatusCode.NoContent, (await two.DeleteAsync($"/api/session/sessions/{current.GetProperty("guid").GetGuid()}")).StatusCode);
        await (await one.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
        Assert.Equal(2, (await (await two.PostAsync("/api/session/sessions/end-others", content: null)).JsonAsync()).GetProperty("ended").GetInt32());
        await (await three.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
        await (await two.DeleteAsync($"/api/session/sessions/{Guid.NewGuid()}")).ProblemAsync(HttpStatusCode.NotFound, 4002);

        using HttpClient four = await _server.LogInAsync("admin", ServerFixture.Password);
        (await two.PutAsJsonAsync("/api/session/password", new { currentPassword = ServerFixture.Password, newPassword = "another long one 77" })).EnsureSuccessStatusCode();
        await (await four.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
        Assert.Equal(HttpStatusCode.OK, (await two.GetAsync("/api/user-info")).StatusCode);
    }

    [Theory]
    [InlineData("{}", "login")]
    [InlineData("""{"login": "admin"}""", "password")]
    [InlineData("""{"login": 5}""", "login")]
    [InlineData("""{"login": """, "login")]
    public async Task Bad_login_request_is_answered_with_the_field(string body, string field)
    {
        using HttpClient client = _server.NewClient();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync("/api/session/login", content);
        JsonElement problem = await answer.ProblemAsync(HttpStatusCode.BadRequest, 2001);
        Assert.Equal(field, problem.GetProperty("field").GetString());
    }

    [Fact]
    public async Task Changed_password_is_audited_and_the_chain_is_whole()
    {
        CatalogDatabase catalog = _server.App.Services.GetRequiredService<CatalogDatabase>();
        await using CatalogSession session = await catalog.ReadAsync(CancellationToken.None);
        IReadOnlyList<AuditEntry> entries = await session.Audit.ListAsync("admin", "session.password", target: null, before: null, size: 10, CancellationToken.None);
        Assert.Equal("admin", Assert.Single(entries).ObjectName);
        Assert.Null(await session.Audit.VerifyAsync(CancellationToken.None));
    }
}
