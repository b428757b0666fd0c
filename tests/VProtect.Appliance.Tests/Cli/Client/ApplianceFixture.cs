using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using VProtect.Server;

namespace VProtect.Appliance.Tests.Cli.Client;

/// <summary>A server in this process, on a port of its own, for all tests of the client's verbs; its first password is changed already.</summary>
public sealed class ApplianceFixture : IAsyncLifetime
{
    public const string Password = "correct horse battery 9";

    private readonly string _data = Directory.CreateTempSubdirectory("vprotect-cli-server-").FullName;

    public WebApplication App { get; private set; } = null!;

    public string Address { get; private set; } = "";

    /// <summary>SHA-256 of the certificate, hexadecimal.</summary>
    public string Fingerprint { get; private set; } = "";

    /// <summary>Of the administrator, without end.</summary>
    public string Token { get; private set; } = "";

    public async Task InitializeAsync()
    {
        string first = "";
        var options = new ServerOptions { DataPath = _data, Urls = ["https://127.0.0.1:0"], FirstPassword = password => first = password };
        App = await ServerHost.BuildAsync(options, CancellationToken.None);
        await App.StartAsync();
        Address = App.Urls.Single();
        Fingerprint = FingerprintOf(_data);

        // Certificates are not what is tested here: LoginTests do that.
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(Address) };
        JsonElement user = await PostAsync(client, "/api/session/login", new { login = "admin", password = first });
        client.DefaultRequestHeaders.Add("X-CSRF-Token", user.GetProperty("csrfToken").GetString());
        (await client.PutAsJsonAsync("/api/session/password", new { currentPassword = first, newPassword = Password })).EnsureSuccessStatusCode();
        Token = (await PostAsync(client, "/api/tokens", new { name = "tests" })).GetProperty("token").GetString()!;
    }

    public async Task DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    internal static string FingerprintOf(string dataPath)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Join(dataPath, "tls", "server.crt"));
        return certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, object body)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync(path, body);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}

/// <summary>Tests that share the server.</summary>
[CollectionDefinition(Name)]
public sealed class ApplianceCollection : ICollectionFixture<ApplianceFixture>
{
    public const string Name = "appliance";
}
