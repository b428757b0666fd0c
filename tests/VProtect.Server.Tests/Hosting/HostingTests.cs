using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Server.Api.Shared;
using VProtect.Server.Hosting;
using VProtect.Testing;

namespace VProtect.Server.Tests.Hosting;

public sealed class HostingTests
{
    [Fact]
    public async Task Certificate_is_made_at_first_start_and_a_new_one_is_used_without_a_restart()
    {
        using var directory = new TemporaryDirectory();
        string? password = null;
        await using (WebApplication app = await StartAsync(directory.Path, text => password = text))
        {
            X509Certificate2 first = await CertificateAsync(app);
            Assert.NotNull(password);
            Assert.Equal("1.2.840.10045.2.1", first.GetKeyAlgorithm());
            Assert.True(first.MatchesHostname("localhost") && first.MatchesHostname("127.0.0.1"));

            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=replaced", key, HashAlgorithmName.SHA256);
            using X509Certificate2 second = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            await File.WriteAllTextAsync(directory["tls/server.key"], "no key");
            Assert.False(app.Services.GetRequiredService<ServerCertificate>().Reload());
            Assert.Equal(first.Thumbprint, (await CertificateAsync(app)).Thumbprint);
            await File.WriteAllTextAsync(directory["tls/server.key"], key.ExportPkcs8PrivateKeyPem());
            await File.WriteAllTextAsync(directory["tls/server.crt"], second.ExportCertificatePem());
            Assert.True(app.Services.GetRequiredService<ServerCertificate>().Reload());
            Assert.Equal("CN=replaced", (await CertificateAsync(app)).Subject);
            await app.StopAsync();
        }

        password = null;
        await using WebApplication again = await StartAsync(directory.Path, text => password = text);
        Assert.Null(password);
        Assert.Equal("CN=replaced", (await CertificateAsync(again)).Subject);
        await again.StopAsync();
    }

    [Fact]
    public async Task Certificate_with_its_issuers_replaces_the_one_in_use_and_one_that_is_no_pair_or_over_does_not()
    {
        using var directory = new TemporaryDirectory();
        await using WebApplication app = await StartAsync(directory.Path, _ => { });
        ServerCertificate certificate = app.Services.GetRequiredService<ServerCertificate>();
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuerRequest = new CertificateRequest("CN=issuer", issuerKey, HashAlgorithmName.SHA256);
        issuerRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
        using X509Certificate2 issuer = issuerRequest.Create(root, now.AddDays(-1), now.AddDays(1), [1, 2, 2]).CopyWithPrivateKey(issuerKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=issued", key, HashAlgorithmName.SHA256);
        using X509Certificate2 issued = request.Create(issuer, now.AddHours(-23), now.AddHours(23), [1, 2, 3]);
        using X509Certificate2 over = request.Create(issuer, now.AddHours(-23), now.AddHours(-1), [1, 2, 4]);
        string keyPem = key.ExportPkcs8PrivateKeyPem();

        Assert.Equal("certificate", Assert.Throws<InvalidFieldException>(
            () => certificate.Replace(issued.ExportCertificatePem(), issuerKey.ExportPkcs8PrivateKeyPem())).Field);
        Assert.Equal("certificate", Assert.Throws<InvalidFieldException>(() => certificate.Replace(over.ExportCertificatePem(), keyPem)).Field);
        Assert.NotEqual("CN=issued", (await CertificateAsync(app)).Subject);

        certificate.Replace(issued.ExportCertificatePem() + "\n" + issuer.ExportCertificatePem(), keyPem);
        Assert.Equal("CN=issued", (await CertificateAsync(app)).Subject);
        Assert.Equal("CN=issuer", Assert.Single(certificate.Context.IntermediateCertificates, sent => sent.Subject == "CN=issuer").Subject);
        certificate.Renew();
        Assert.Contains("O=VProtect", (await CertificateAsync(app)).Subject, StringComparison.Ordinal);
        await app.StopAsync();
    }

    [Theory]
    [InlineData("http://*:8181")]
    [InlineData("https://*:99999")]
    [InlineData("https://vprotect.example.org:8181")]
    [InlineData("https://*:8181/path")]
    [InlineData("8181")]
    public async Task Bad_address_is_refused_naming_the_option(string url)
    {
        using var directory = new TemporaryDirectory();
        var options = new ServerOptions { DataPath = directory.Path, Urls = [url], FirstPassword = _ => { } };
        VProtectException failure = await Assert.ThrowsAsync<VProtectException>(() => ServerHost.BuildAsync(options, CancellationToken.None));
        Assert.Equal(ErrorCode.OptionInvalid, failure.Code);
        Assert.Contains("--urls", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(directory["catalog.db"]));
    }

    [Fact]
    public void Supervisor_gets_one_datagram_and_need_not_listen()
    {
        using var directory = new TemporaryDirectory();
        string path = directory["notify"];
        SystemdNotifications.Send(path, "READY=1");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        SystemdNotifications.Send(path, "READY=1");
        byte[] buffer = new byte[100];
        Assert.Equal("READY=1", Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer)));
    }

    private static async Task<WebApplication> StartAsync(string path, Action<string> firstPassword)
    {
        var options = new ServerOptions { DataPath = path, Urls = ["https://127.0.0.1:0"], FirstPassword = firstPassword };
        WebApplication app = await ServerHost.BuildAsync(options, CancellationToken.None);
        await app.StartAsync();
        return app;
    }

    /// <summary>What the server shows to a new connection, which also answers.</summary>
    private static async Task<X509Certificate2> CertificateAsync(WebApplication app)
    {
        X509Certificate2? seen = null;
        using var handler = new HttpClientHandler();
        handler.ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
        {
            seen = X509CertificateLoader.LoadCertificate(certificate!.RawData);
            return true;
        };
        using var client = new HttpClient(handler);
        Assert.Equal("live", await client.GetStringAsync($"{app.Urls.Single()}/health/live"));
        return seen!;
    }
}
