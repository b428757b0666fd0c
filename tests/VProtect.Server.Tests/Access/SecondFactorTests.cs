using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Catalog.Access;
using VProtect.Server.Access;
using VProtect.Server.Tests.Api;
using VProtect.Testing;

namespace VProtect.Server.Tests.Access;

public sealed class SecondFactorTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Password = "a long password 42";
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    // RFC 6238, appendix B, SHA-1: the last six of its eight digits.
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_standard(long seconds, string code) =>
        Assert.Equal(code, Totp.CodeOf("12345678901234567890"u8, Totp.StepOf(DateTimeOffset.FromUnixTimeSeconds(seconds))));

    [Fact]
    public async Task Login_needs_a_code_each_code_works_once_and_recovery_codes_do_too()
    {
        (HttpClient client, byte[] secret, string[] recovery) = await EnrolledAsync("ann");
        using HttpClient own = client;
        Assert.Equal(10, recovery.Distinct().Count());
        Assert.All(recovery, code => Assert.Matches("^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$", code));
        string stored = await server.ReadAsync(async session => Encoding.Latin1.GetString((await session.Users.FindByLoginAsync("ann", default))!.SealedTotp!));
        Assert.DoesNotContain(Encoding.Latin1.GetString(secret), stored, StringComparison.Ordinal);
        Assert.DoesNotContain(recovery[0], (await own.GotAsync("/api/user-info")).GetRawText(), StringComparison.Ordinal);

        // The code that confirmed it is used up, as is every one before.
        await (await TryAsync("ann", code: null)).ProblemAsync(HttpStatusCode.Unauthorized, 5007);
        await (await TryAsync("ann", CodeAt(secret, 0))).ProblemAsync(HttpStatusCode.Unauthorized, 5004);
        server.Time.Advance(TimeSpan.FromSeconds(30));
        string next = CodeAt(secret, 0);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync("ann", next)).StatusCode);
        await (await TryAsync("ann", next)).ProblemAsync(HttpStatusCode.Unauthorized, 5004);

        Assert.Equal(HttpStatusCode.OK, (await TryAsync("ann", recovery[3])).StatusCode);
        await (await TryAsync("ann", recovery[3])).ProblemAsync(HttpStatusCode.Unauthorized, 5004);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync("ann", recovery[4].ToLowerInvariant())).StatusCode);

        // A wrong password tells nothing of the second factor.
        await (await TryAsync("ann", code: null, "another password")).ProblemAsync(HttpStatusCode.Unauthorized, 5004);
    }

    [Fact]
    public void Guessing_codes_for_a_day_is_a_hundred_attempts_and_a_right_one_waits_as_well()
    {
        using var directory = new TemporaryDirectory();
        var time = new FakeTime();
        var box = SecretBox.Open(Path.Combine(directory.Path, "secret.key"));
        var check = new CodeCheck(new LoginThrottle(time), box, time);
        User user = new() { Login = "bob", CreatedAt = time.GetUtcNow() };
        SecondFactor factor = SecondFactor.New() with { IsActive = true };
        int tried = 0;
        for (DateTimeOffset end = time.GetUtcNow().AddDays(1); time.GetUtcNow() < end; time.Advance(TimeSpan.FromSeconds(1)))
        {
            try
            {
                Assert.Null(check.TakeCode(user, factor, "no code", takesRecovery: true));
                tried++;
            }
            catch (VProtectException exception) when (exception.Code == ErrorCode.LoginTooOften)
            {
                // Not looked at.
            }
        }

        Assert.InRange(tried, 80, 110);
        string Right() => Totp.CodeOf(factor.Secret, Totp.StepOf(time.GetUtcNow()));
        check = new CodeCheck(new LoginThrottle(time), box, time);
        for (int wrong = 0; wrong < 8; wrong++)
        {
            time.Advance(TimeSpan.FromSeconds(4));
            Assert.Null(check.TakeCode(user, factor, "no code", takesRecovery: true));
        }

        Assert.Equal(ErrorCode.LoginTooOften, Assert.Throws<VProtectException>(() => check.TakeCode(user, factor, Right(), takesRecovery: true)).Code);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull(check.TakeCode(user, factor, Right(), takesRecovery: true));
    }

    [Fact]
    public async Task It_is_made_renewed_and_taken_away_with_password_and_code_only_and_reset_by_an_administrator()
    {
        (HttpClient client, byte[] secret, string[] recovery) = await EnrolledAsync("carl");
        using HttpClient own = client;
        server.Time.Advance(TimeSpan.FromSeconds(30));

        await (await own.PostAsJsonAsync("/api/session/second-factor", new { currentPassword = Password })).ProblemAsync(HttpStatusCode.Conflict, 4003);
        Assert.Equal("currentPassword", await (await own.PostAsJsonAsync("/api/session/second-factor/remove", new { code = CodeAt(secret, 0) })).RefusedFieldAsync());
        Assert.Equal("code", await (await own.PostAsJsonAsync("/api/session/second-factor/remove", new { currentPassword = Password, code = "000000" })).RefusedFieldAsync());
        JsonElement renewed = await (await own.PostAsJsonAsync("/api/session/second-factor/recovery-codes", new { currentPassword = Password, code = CodeAt(secret, 0) })).JsonAsync();
        Assert.Empty(renewed.GetProperty("recoveryCodes").EnumerateArray().Select(code => code.GetString()).Intersect(recovery));
        await (await TryAsync("carl", recovery[0])).ProblemAsync(HttpStatusCode.Unauthorized, 5004);

        Guid guid = (await own.GotAsync("/api/user-info")).GetProperty("guid").GetGuid();
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync($"/api/users/{guid}/second-factor")).StatusCode);
        await (await own.GetAsync("/api/user-info")).ProblemAsync(HttpStatusCode.Unauthorized, 5001);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync("carl", code: null)).StatusCode);
        JsonElement audit = await server.Client.GotAsync("/api/audit?action=users.reset-second-factor");
        Assert.Equal("carl", audit[0].NameOf("object"));
    }

    private async Task<(HttpClient Client, byte[] Secret, string[] RecoveryCodes)> EnrolledAsync(string login)
    {
        await (await server.Client.PostAsJsonAsync("/api/users", new { login, password = Password + "!" })).JsonAsync();
        HttpClient client = await server.LogInAsync(login, Password + "!");
        (await client.PutAsJsonAsync("/api/session/password", new { currentPassword = Password + "!", newPassword = Password })).EnsureSuccessStatusCode();
        JsonElement made = await (await client.PostAsJsonAsync("/api/session/second-factor", new { currentPassword = Password })).JsonAsync();
        byte[] secret = BytesOf(made.Text("secret")!);
        Assert.Contains($"secret={made.Text("secret")}&", made.Text("uri"), StringComparison.Ordinal);

        // Not in use before it is confirmed.
        Assert.False((await client.GotAsync("/api/user-info")).GetProperty("secondFactor").GetBoolean());
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(login, code: null)).StatusCode);
        Assert.Equal("code", await (await client.PutAsJsonAsync("/api/session/second-factor", new { code = "000000" })).RefusedFieldAsync());
        JsonElement confirmed = await (await client.PutAsJsonAsync("/api/session/second-factor", new { code = CodeAt(secret, 0) })).JsonAsync();
        Assert.True((await client.GotAsync("/api/user-info")).GetProperty("secondFactor").GetBoolean());
        return (client, secret, [.. confirmed.GetProperty("recoveryCodes").EnumerateArray().Select(code => code.GetString()!)]);
    }

    private async Task<HttpResponseMessage> TryAsync(string login, string? code, string password = Password)
    {
        using HttpClient client = server.NewClient();
        return await client.PostAsJsonAsync("/api/session/login", new { login, password, code });
    }

    private string CodeAt(byte[] secret, int steps) => Totp.CodeOf(secret, Totp.StepOf(server.Time.GetUtcNow()) + steps);

    private static byte[] BytesOf(string text)
    {
        var bits = new StringBuilder();
        foreach (char letter in text)
        {
            bits.Append(Convert.ToString(Base32.IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0'));
        }

        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.ToString(i * 8, 8), 2))];
    }
}
