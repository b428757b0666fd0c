using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog.Inventory;
using VProtect.Server.Access;

namespace VProtect.Server.Tests.Api;

public sealed class CredentialTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Secret_goes_in_and_never_comes_out()
    {
        (JsonElement made, string path, string version) = await server.Client.MadeAsync(
            "/api/credential", new { name = "backup user", login = "root", secret = "s3cret of the host" });
        Assert.Equal("PASSWORD", made.NameOf("kind"));
        Guid guid = made.GetProperty("guid").GetGuid();
        Assert.Equal("s3cret of the host", await SecretAsync(guid));

        using HttpResponseMessage changed = await server.Client.PutWithVersionAsync(path, new { name = "backup user 2" }, version);
        Assert.Equal("root", (await changed.JsonAsync()).Text("login"));
        Assert.Equal("s3cret of the host", await SecretAsync(guid));
        server.Time.Advance(TimeSpan.FromSeconds(1));
        JsonElement renewed = await server.Client.PutAsync(path, new { secret = "another" });
        Assert.Equal("another", await SecretAsync(guid));
        Assert.True(renewed.GetProperty("changedAt").GetInt64() > renewed.GetProperty("createdAt").GetInt64());
        string all = await server.Client.GetStringAsync("/api/credential?filter=backup");
        Assert.Contains("backup user 2", all, StringComparison.Ordinal);
        Assert.DoesNotContain("another", all, StringComparison.Ordinal);

        await (await server.Client.PutWithVersionAsync(path, new { name = "x" }, version)).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        await (await server.Client.GetAsync(path)).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Theory]
    [InlineData("""{"name": "a"}""", "secret")]
    [InlineData("""{"name": "a", "secret": ""}""", "secret")]
    [InlineData("""{"secret": "b"}""", "name")]
    [InlineData("""{"name": "a", "kind": {"name": "SSH_KEY"}, "secret": "no key"}""", "secret")]
    [InlineData("""{"name": "a", "kind": {"name": "MAGIC"}, "secret": "x"}""", "kind")]
    public async Task Bad_credential_is_refused_naming_the_field(string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        Assert.Equal(field, await (await server.Client.PostAsync("/api/credential", content)).RefusedFieldAsync());
    }

    [Fact]
    public async Task Name_is_unique_and_what_is_in_use_stays_naming_its_users()
    {
        (JsonElement made, string path, _) = await server.Client.MadeAsync("/api/credential", new { name = "shared", secret = "x" });
        await (await server.Client.PostAsJsonAsync("/api/credential", new { name = "SHARED", secret = "y" })).ProblemAsync(HttpStatusCode.Conflict, 4004);
        await server.WriteAsync(transaction => transaction.HypervisorManagers.InsertAsync(
            new HypervisorManager { Name = "ovirt-a", Platform = "OVIRT", Url = "https://a", CredentialGuid = made.GetProperty("guid").GetGuid() }, default));
        using HttpResponseMessage refused = await server.Client.DeleteAsync(path);
        Assert.Contains("ovirt-a", (await refused.ProblemAsync(HttpStatusCode.Conflict, 4003)).Text("message"), StringComparison.Ordinal);
    }

    private async Task<string> SecretAsync(Guid guid)
    {
        Credential row = await server.ReadAsync(session => session.Credentials.GetAsync(guid, default));
        return Encoding.UTF8.GetString(server.App.Services.GetRequiredService<SecretBox>().Unseal(row.Sealed, $"credentials:{guid:D}"));
    }
}
