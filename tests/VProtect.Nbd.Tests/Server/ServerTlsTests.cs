using System.Net;
using VProtect.Nbd.Server;
using VProtect.Nbd.Tests.Testing;

namespace VProtect.Nbd.Tests.Server;

public sealed class ServerTlsTests : IDisposable
{
    private readonly Certificates _ours = new("localhost");
    private readonly Certificates _strangers = new("localhost");

    [Fact]
    public async Task Without_the_right_certificate_nobody_gets_in()
    {
        await using TestServer server = NewServer(NbdServerTls.InDirectory(_ours.Directory));
        await AssertRefusedAsync(server.Tcp! with { UseTls = false });
        await AssertRefusedAsync(With(server, _strangers, verify: false));
        string noCertificate = ServerProcess.NewDirectory();
        File.Copy(_ours.At("ca-cert.pem"), Path.Combine(noCertificate, "ca-cert.pem"));
        await AssertRefusedAsync(server.Tcp! with { TlsCertificatesDirectory = noCertificate, TlsHostName = "localhost" });
        Directory.Delete(noCertificate, recursive: true);

        await using NbdClient client = await NbdClient.ConnectAsync(With(server, _ours), new NbdConnectOptions(), default);
        byte[] read = new byte[1 << 20];
        await client.WriteAsync(12, new byte[] { 1, 2, 3 }, fua: true, default);
        await client.ReadAsync(0, read, default);
        Assert.Equal([1, 2, 3], read[12..15]);
        Assert.All(server.Server.Clients, one => Assert.Equal("CN=client", one.Subject));
    }

    [Fact]
    public async Task A_server_certificate_does_not_pass_for_a_clients()
    {
        await using TestServer server = NewServer(NbdServerTls.InDirectory(_ours.Directory));
        string borrowed = ServerProcess.NewDirectory();
        File.Copy(_ours.At("ca-cert.pem"), Path.Combine(borrowed, "ca-cert.pem"));
        File.Copy(_ours.At("server-cert.pem"), Path.Combine(borrowed, "client-cert.pem"));
        File.Copy(_ours.At("server-key.pem"), Path.Combine(borrowed, "client-key.pem"));
        await AssertRefusedAsync(server.Tcp! with { TlsCertificatesDirectory = borrowed, TlsHostName = "localhost" });
        Directory.Delete(borrowed, recursive: true);
    }

    [Fact]
    public async Task Where_certificates_of_clients_are_optional_one_that_is_shown_is_still_checked()
    {
        await using TestServer server = NewServer(
            NbdServerTls.InDirectory(_ours.Directory) with { RequiresClientCertificate = false, IsRequired = false });
        string noCertificate = ServerProcess.NewDirectory();
        File.Copy(_ours.At("ca-cert.pem"), Path.Combine(noCertificate, "ca-cert.pem"));
        await (await NbdClient.ConnectAsync(server.Tcp! with { UseTls = false }, new NbdConnectOptions(), default)).DisposeAsync();
        await (await NbdClient.ConnectAsync(
            server.Tcp! with { TlsCertificatesDirectory = noCertificate, TlsHostName = "localhost" }, new NbdConnectOptions(), default)).DisposeAsync();
        await AssertRefusedAsync(With(server, _strangers, verify: false));
        Directory.Delete(noCertificate, recursive: true);
    }

    [Fact]
    public async Task Libnbd_and_qemu_get_in_with_theirs()
    {
        await using TestServer server = NewServer(NbdServerTls.InDirectory(_ours.Directory));
        int port = server.Tcp!.Port;
        string info = ServerProcess.Run("nbdinfo", $"nbds://localhost:{port}/disk?tls-certificates={_ours.Directory}");
        Assert.Contains("export-size: 8388608", info, StringComparison.Ordinal);
        ServerProcess.Run(
            "qemu-io", "--object", $"tls-creds-x509,id=t,dir={_ours.Directory},endpoint=client", "--image-opts",
            $"driver=nbd,server.type=inet,server.host=localhost,server.port={port},export=disk,tls-creds=t", "-c", "write -P 4 1M 1M", "-c", "read -P 4 1M 1M");
        Assert.Throws<InvalidOperationException>(() => ServerProcess.Run("nbdinfo", $"nbd://localhost:{port}/disk"));
    }

    [Fact]
    public async Task Over_a_unix_socket_TLS_is_offered_and_not_required()
    {
        await using TestServer server = NewServer(NbdServerTls.InDirectory(_ours.Directory));
        ServerProcess.Run("nbdinfo", server.Uri);
        ServerProcess.Run("nbdinfo", $"nbds+unix://localhost/disk?socket={server.Socket}&tls-certificates={_ours.Directory}&tls-hostname=localhost");
    }

    [Fact]
    public async Task Only_allowed_networks_are_let_in()
    {
        await using (var closed = new TestServer(new MemoryExport(8 << 20), new NbdServerOptions { AllowedClients = [IPNetwork.Parse("10.0.0.0/8")] }, tcp: true))
        {
            await AssertRefusedAsync(closed.Tcp!);
            ServerProcess.Run("nbdinfo", closed.Uri);
        }

        await using var open = new TestServer(
            new MemoryExport(8 << 20), new NbdServerOptions { AllowedClients = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("127.0.0.0/8")] }, tcp: true);
        ServerProcess.Run("nbdinfo", open.Tcp!.ToString());
    }

    public void Dispose()
    {
        _ours.Dispose();
        _strangers.Dispose();
    }

    private static TestServer NewServer(NbdServerTls tls) => new(new MemoryExport(8 << 20), new NbdServerOptions { Tls = tls }, tcp: true);

    private static NbdUri With(TestServer server, Certificates certificates, bool verify = true) =>
        server.Tcp! with { TlsCertificatesDirectory = certificates.Directory, TlsHostName = "localhost", TlsVerifyPeer = verify };

    /// <summary>Under TLS 1.3 a client learns that its certificate was refused only when it reads.</summary>
    private static async Task AssertRefusedAsync(NbdUri uri)
    {
        NbdException e = await Assert.ThrowsAsync<NbdException>(async () => await NbdClient.ConnectAsync(uri, new NbdConnectOptions(), default));
        Assert.Contains(e.Kind, new[] { NbdErrorKind.TlsFailed, NbdErrorKind.HandshakeFailed, NbdErrorKind.Disconnected });
    }
}
