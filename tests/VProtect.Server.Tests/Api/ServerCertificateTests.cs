using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace VProtect.Server.Tests.Api;

public sealed class ServerCertificateTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Path = "/api/server-certificate";

    [Fact]
    public async Task Certificate_is_told_replaced_and_made_anew()
    {
        JsonElement first = await (await server.Client.GetAsync(Path)).JsonAsync();
        Assert.True(first.GetProperty("selfSigned").GetBoolean());
        Assert.Equal(95, first.GetProperty("fingerprint").GetString()!.Length);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = server.Time.GetUtcNow();
        using X509Certificate2 mine = new CertificateRequest("CN=mine", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using HttpResponseMessage replaced = await server.Client.PutAsJsonAsync(
            Path, new { certificate = mine.ExportCertificatePem(), privateKey = key.ExportPkcs8PrivateKeyPem() });
        string text = await replaced.Content.ReadAsStringAsync();
        Assert.Equal("CN=mine", (await replaced.JsonAsync()).GetProperty("subject").GetString());
        Assert.DoesNotContain("PRIVATE", text, StringComparison.Ordinal);

        JsonElement anew = await (await server.Client.PostAsync(Path + "/renew", content: null)).JsonAsync();
        Assert.Contains("O=VProtect", anew.GetProperty("subject").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_certificate_and_key_is_refused_naming_the_field()
    {
        using HttpResponseMessage none = await server.Client.PutAsJsonAsync(Path, new { certificate = "x" });
        Assert.Equal("privateKey", (await none.ProblemAsync(HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString());
        using HttpResponseMessage nonsense = await server.Client.PutAsJsonAsync(Path, new { certificate = "x", privateKey = "y" });
        Assert.Equal("certificate", (await nonsense.ProblemAsync(HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString());
    }
}
