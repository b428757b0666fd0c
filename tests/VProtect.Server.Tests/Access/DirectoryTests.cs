using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Server.Access.Ldap;
using VProtect.Server.Tests.Api;

namespace VProtect.Server.Tests.Access;

/// <summary>Users of a real slapd, over LDAPS and StartTLS.</summary>
public sealed class DirectoryTests(ServerFixture server, LdapServer ldap) : IClassFixture<ServerFixture>, IClassFixture<LdapServer>
{
    [Theory]
    [InlineData("ldaps")]
    [InlineData("ldap")]
    public async Task User_in_a_known_group_logs_in_with_its_roles_and_loses_them_with_the_group(string scheme)
    {
        await SetAsync(scheme);
        Assert.True((await (await server.Client.PostAsync("/api/directory/check", content: null)).JsonAsync()).GetProperty("works").GetBoolean());
        JsonElement group = await GroupAsync();

        using HttpClient ann = server.NewClient();
        using HttpResponseMessage answer = await LogInAsync(ann, "Ann", "ann's secret");
        JsonElement user = await answer.JsonAsync();
        Assert.Equal("Ann Example", user.Text("fullName"));
        Assert.Contains("backups.read", user.GetProperty("permissions").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/api/backups")).StatusCode);
        await (await LogInAsync(ann, "ann", "bob's secret")).ProblemAsync(HttpStatusCode.Unauthorized, 5004);

        // One user for a name of the directory, whatever it is called there; who is in no group that is known here is nobody here.
        Assert.Equal(user.GetProperty("guid").GetGuid(), (await (await LogInAsync(ann, "annette", "ann's secret")).JsonAsync()).GetProperty("guid").GetGuid());
        await (await LogInAsync(ann, "bob", "bob's secret")).ProblemAsync(HttpStatusCode.Unauthorized, 5004);
        Assert.Empty((await server.Client.GotAsync("/api/users?filter=bob")).EnumerateArray());

        string path = $"/api/users/{user.GetProperty("guid").GetGuid()}";
        Assert.Equal("LDAP", (await server.Client.GotAsync(path)).NameOf("source"));
        Assert.Equal("password", await (await server.Client.PutAsJsonAsync(path, new { login = "ann", password = "a long password 42" })).RefusedFieldAsync());
        Assert.Contains("ann", (await server.Client.GotAsync($"/api/groups/{group.GetProperty("guid").GetGuid()}")).GetRawText(), StringComparison.Ordinal);

        await MemberAsync("delete");
        await (await LogInAsync(ann, "ann", "ann's secret")).ProblemAsync(HttpStatusCode.Unauthorized, 5004);
        Assert.DoesNotContain("ann", (await server.Client.GotAsync($"/api/groups/{group.GetProperty("guid").GetGuid()}")).GetProperty("members").NamesOf());
        await MemberAsync("add");
    }

    [Fact]
    public async Task What_is_typed_as_login_is_never_a_filter_and_no_other_spelling_is_another_user()
    {
        await SetAsync("ldaps");
        await GroupAsync();
        using HttpClient client = server.NewClient();
        foreach (string login in new[]
        {
            "*", "a*", "ann)(uid=*", "ann)(objectClass=*", "*)(uid=*))(|(uid=*", "ann\0", "a n n", "ａｎｎ", "\\61nn", "uid=ann,ou=people,dc=example,dc=org", "cn=admin,dc=example,dc=org",
        })
        {
            using HttpResponseMessage answer = await LogInAsync(client, login, "ann's secret");
            Assert.True(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest, login);
            server.Time.Advance(TimeSpan.FromMinutes(20));
            await server.Client.GotAsync("/api/user-info");
        }

        // Blanks around what is typed are no part of it.
        Assert.Equal("ann", (await (await LogInAsync(client, " ann ", "ann's secret")).JsonAsync()).Text("login"));

        Assert.Equal(HttpStatusCode.OK, (await LogInAsync(client, LdapServer.Odd, "odd secret")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await LogInAsync(client, "ann", "")).StatusCode);
    }

    [Fact]
    public async Task Directory_is_asked_the_same_whoever_is_refused()
    {
        await SetAsync("ldaps");
        await GroupAsync();
        await (await server.Client.PostAsJsonAsync("/api/users", new { login = "local", password = "a long password 42" })).JsonAsync();
        UserDirectory directory = server.App.Services.GetRequiredService<UserDirectory>();
        using HttpClient client = server.NewClient();
        foreach ((string login, string typed, int asked) in ((string, string, int)[])[
            ("nobody", "wrong", 1), ("ann", "wrong", 1), ("bob", "bob's secret", 1), ("local", "wrong", 1), ("local", "a long password 42", 0)])
        {
            (long searches, long binds) = directory.Work;
            using HttpResponseMessage answer = await LogInAsync(client, login, typed);
            Assert.Equal(asked == 0, answer.IsSuccessStatusCode);
            Assert.Equal((login, searches + asked, binds + asked), (login, directory.Work.Searches, directory.Work.Binds));
        }
    }

    [Fact]
    public async Task Local_user_is_never_one_of_the_directory_and_a_second_factor_works_for_those()
    {
        await SetAsync("ldaps");
        await GroupAsync();
        await (await server.Client.PostAsJsonAsync("/api/users", new { login = "bob", password = "a long password 42" })).JsonAsync();
        using HttpClient client = server.NewClient();
        await (await LogInAsync(client, "bob", "bob's secret")).ProblemAsync(HttpStatusCode.Unauthorized, 5004);

        JsonElement odd = await (await LogInAsync(client, LdapServer.Odd, "odd secret")).JsonAsync();
        client.DefaultRequestHeaders.Add("X-CSRF-Token", odd.Text("csrfToken"));
        Assert.Equal("newPassword", await (await client.PutAsJsonAsync("/api/session/password", new { currentPassword = "odd secret", newPassword = "a long password 43" })).RefusedFieldAsync());
        Assert.Equal("currentPassword", await (await client.PostAsJsonAsync("/api/session/second-factor", new { currentPassword = "wrong" })).RefusedFieldAsync());
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsJsonAsync("/api/session/second-factor", new { currentPassword = "odd secret" })).StatusCode);
    }

    [Fact]
    public async Task Directory_that_is_not_trusted_not_there_or_none_lets_nobody_in_and_local_users_stay()
    {
        await SetAsync("ldaps");
        async Task<string?> FindingAsync()
        {
            JsonElement check = await (await server.Client.PostAsync("/api/directory/check", content: null)).JsonAsync();
            Assert.False(check.GetProperty("works").GetBoolean());
            return check.Text("finding");
        }

        await PutAsync(new { authorities = "" });
        Assert.NotNull(await FindingAsync());
        using HttpClient client = server.NewClient();
        await (await LogInAsync(client, "ann", "ann's secret")).ProblemAsync(HttpStatusCode.Unauthorized, 5004);
        await PutAsync(new { authorities = ldap.Authority, url = "ldaps://localhost:1", password = "x" });
        Assert.Contains("not reached", await FindingAsync(), StringComparison.Ordinal);
        using HttpClient admin = await server.LogInAsync("admin", ServerFixture.Password);

        // A peer that announces two gigabytes, and one that speaks another language.
        foreach (byte[] reply in (byte[][])[[0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray()])
        {
            using var liar = new TcpListener(IPAddress.Loopback, 0);
            liar.Start();
            Task lying = AnswerAsync(liar, reply);
            await PutAsync(new { url = $"ldap://127.0.0.1:{((IPEndPoint)liar.LocalEndpoint).Port}", password = "x" });
            Assert.Contains("The directory sends", await FindingAsync(), StringComparison.Ordinal);
            await lying;
        }
    }

    [Fact]
    public async Task Directory_that_does_not_answer_keeps_the_first_login_waiting_and_for_half_a_minute_no_other()
    {
        await SetAsync("ldaps");
        UserDirectory directory = server.App.Services.GetRequiredService<UserDirectory>();
        TimeSpan before = directory.Patience;
        directory.Patience = TimeSpan.FromMilliseconds(200);
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        try
        {
            await PutAsync(new { url = $"ldaps://127.0.0.1:{((IPEndPoint)mute.LocalEndpoint).Port}", password = "x" });
            using HttpClient client = server.NewClient();
            server.Time.Advance(TimeSpan.FromMinutes(20));
            Assert.Equal(1, await AskedAsync("nobody"));
            Assert.Equal(0, await AskedAsync("admin"));
            Assert.Equal(0, await AskedAsync("nobody else"));
            server.Time.Advance(TimeSpan.FromMinutes(20));
            Assert.Equal(1, await AskedAsync("admin"));
            Assert.Equal(0, await AskedAsync("nobody"));

            // Another address is asked at once.
            directory.Patience = before;
            await PutAsync(new { url = $"ldaps://localhost:{ldap.TlsPort}", password = LdapServer.AdminPassword });
            server.Time.Advance(TimeSpan.FromSeconds(20));
            (_, long binds) = directory.Work;
            await (await LogInAsync(client, "ann", "wrong")).ProblemAsync(HttpStatusCode.Unauthorized, 5004);
            Assert.Equal(binds + 1, directory.Work.Binds);

            async Task<int> AskedAsync(string login)
            {
                await server.Client.GotAsync("/api/user-info"); // or the session would end
                await (await LogInAsync(client, login, "wrong")).ProblemAsync(HttpStatusCode.Unauthorized, 5004);
                int asked = 0;
                for (; mute.Pending(); asked++)
                {
                    (await mute.AcceptTcpClientAsync()).Dispose();
                }

                return asked;
            }
        }
        finally
        {
            directory.Patience = before;
        }
    }

    [Fact]
    public async Task Settings_are_checked_keep_the_password_sealed_and_show_it_to_no_other_address()
    {
        await SetAsync("ldaps");
        JsonElement shown = await server.Client.GotAsync("/api/directory");
        Assert.True(shown.GetProperty("hasPassword").GetBoolean());
        Assert.DoesNotContain(LdapServer.AdminPassword, shown.GetRawText(), StringComparison.Ordinal);
        string stored = await server.ReadAsync(async session => (await session.Settings.FindAsync("directory", default))!.Value);
        Assert.DoesNotContain(LdapServer.AdminPassword, stored, StringComparison.Ordinal);
        foreach ((object body, string field) in new (object, string)[]
        {
            (new { url = "ldaps://evil.example" }, "password"), (new { url = "http://localhost" }, "url"), (new { url = "ldaps://user:pw@localhost" }, "url"),
            (new { loginAttribute = "uid=*)(" }, "loginAttribute"), (new { authorities = "no PEM" }, "authorities"), (new { userBase = "" }, "active"),
        })
        {
            Assert.Equal(field, await (await server.Client.PutAsJsonAsync("/api/directory", body)).RefusedFieldAsync());
        }
    }

    private static async Task AnswerAsync(TcpListener listener, byte[] reply)
    {
        using TcpClient peer = await listener.AcceptTcpClientAsync();
        await peer.GetStream().WriteAsync(reply);
        while (await peer.GetStream().ReadAsync(new byte[1000]) > 0)
        {
            // Until the other end gives up.
        }
    }

    private Task SetAsync(string scheme) => PutAsync(new
    {
        active = true,
        url = scheme == "ldaps" ? $"ldaps://localhost:{ldap.TlsPort}" : $"ldap://localhost:{ldap.Port}",
        authorities = ldap.Authority,
        bindDn = LdapServer.Admin,
        password = LdapServer.AdminPassword,
        userBase = "ou=people,dc=example,dc=org",
        userClass = "inetOrgPerson",
        groupBase = "ou=groups,dc=example,dc=org",
    });

    private async Task PutAsync(object body) => await (await server.Client.PutAsJsonAsync("/api/directory", body)).JsonAsync();

    /// <summary>The group of the directory, with the role VIEWER; made once.</summary>
    private async Task<JsonElement> GroupAsync()
    {
        JsonElement groups = await server.Client.GotAsync("/api/groups?filter=backup people");
        if (groups.GetArrayLength() > 0)
        {
            return groups[0];
        }

        JsonElement group = await (await server.Client.PostAsJsonAsync("/api/groups", new { name = "backup people", externalId = LdapServer.BackupGroup.ToLowerInvariant() })).JsonAsync();
        JsonElement role = (await server.Client.GotAsync("/api/roles?filter=VIEWER"))[0];
        await (await server.Client.PostAsJsonAsync("/api/role-assignments", new { role, group })).JsonAsync();
        return group;
    }

    private Task MemberAsync(string verb) =>
        ldap.ModifyAsync($"dn: {LdapServer.BackupGroup}\nchangetype: modify\n{verb}: member\nmember: uid=ann,ou=people,dc=example,dc=org\n");

    private static Task<HttpResponseMessage> LogInAsync(HttpClient client, string login, string password) => client.PostAsJsonAsync("/api/session/login", new { login, password });
}
