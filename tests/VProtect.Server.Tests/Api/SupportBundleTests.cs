using System.IO.Compression;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog.Destinations;
using VProtect.Server.Access;
using VProtect.Server.Tasks;

namespace VProtect.Server.Tests.Api;

public sealed class SupportBundleTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Planted = "planted-secret-4711";

    [Fact]
    public async Task Bundle_tells_what_helps_and_holds_no_secret()
    {
        await server.Client.PostAsJsonAsync("/api/credential", new { name = "of the lab", kind = "PASSWORD", login = "root", secret = Planted });
        JsonElement token = await (await server.Client.PostAsJsonAsync("/api/tokens", new { name = "robot", permissions = new[] { "audit.read" } })).JsonAsync();
        var destination = new Destination { Name = "bundled", Type = "FILESYSTEM", Settings = """{"path":"/nowhere"}""" };
        byte[] sealedKey = server.App.Services.GetRequiredService<SecretBox>().Seal(System.Text.Encoding.UTF8.GetBytes(Planted), References.PurposeOfDestination(destination.Guid));
        await server.WriteAsync(transaction => transaction.Destinations.InsertAsync(destination with { SealedKey = sealedKey }, default));

        using HttpResponseMessage answer = await server.Client.PostAsJsonAsync("/api/support-bundle", new { });
        answer.EnsureSuccessStatusCode();
        using var archive = new ZipArchive(await answer.Content.ReadAsStreamAsync());
        Dictionary<string, string> entries = archive.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var reader = new StreamReader(entry.Open());
            return reader.ReadToEnd();
        });
        Assert.Contains("bundled", entries["destinations.json"], StringComparison.Ordinal);
        Assert.Contains("vprotect_", entries["metrics.txt"], StringComparison.Ordinal);
        Assert.Contains("runningTasksMax", entries["settings.json"], StringComparison.Ordinal);
        Assert.Contains("dataFreeBytes", entries["appliance.json"], StringComparison.Ordinal);
        Assert.Contains("logs/vprotect.log", entries.Keys);
        Assert.Contains("are whole", entries["check.txt"], StringComparison.Ordinal);
        string[] secrets = [Planted, ServerFixture.Password, Convert.ToBase64String(sealedKey), token.GetProperty("token").GetString()!];
        Assert.All(entries, entry => Assert.All(secrets, secret => Assert.DoesNotContain(secret, entry.Value, StringComparison.Ordinal)));
        Assert.Equal("support-bundle.download", (await server.Client.GotAsync("/api/audit?size=1")).EnumerateArray().First().Text("action"));
    }
}
