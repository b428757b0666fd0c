using VProtect.Nbd.Tests.Testing;

namespace VProtect.Nbd.Tests.Interop;

public sealed class TlsTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly Certificates _certificates = new("disk.example");

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Both_sides_prove_who_they_are_and_data_passes()
    {
        using ServerProcess server = Require("--tls-verify-peer", "memory", "size=8M");
        await using NbdClient client = await NbdClient.ConnectAsync(Address(server) with { TlsHostName = "disk.example" }, new NbdConnectOptions(), None);
        Assert.Equal(4, client.ConnectionCount);
        byte[] data = new byte[8 << 20], back = new byte[8 << 20];
        new Random(1).NextBytes(data);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => client.WriteAsync(i << 17, data.AsMemory(i << 17, 1 << 17), fua: false, None).AsTask()));
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => client.ReadAsync(i << 17, back.AsMemory(i << 17, 1 << 17), None).AsTask()));
        Assert.True(data.AsSpan().SequenceEqual(back));
    }

    [Fact]
    public async Task Cancelled_reads_leave_buffers_and_connection_alone()
    {
        using ServerProcess server = Require("--filter=delay", "pattern", "size=32M", "rdelay=5ms");
        await using NbdClient client = await NbdClient.ConnectAsync(Address(server), new NbdConnectOptions { ConnectionsMax = 1 }, None);
        for (int round = 0; round < 8; round++)
        {
            using var stop = new CancellationTokenSource();
            byte[][] buffers = [.. Enumerable.Range(0, 16).Select(_ => new byte[1 << 20])];
            Task[] reads = [.. buffers.Select((buffer, i) => client.ReadAsync(i << 20, buffer, stop.Token).AsTask())];
            await Task.Delay(4 + round);
            await stop.CancelAsync();
            for (int i = 0; i < reads.Length; i++)
            {
                await Task.WhenAny(reads[i]);
                Assert.False(reads[i].IsFaulted);
                buffers[i].AsSpan().Fill(0xa5);
            }

            await client.ReadAsync(0, new byte[1 << 20], None);
            Assert.All(buffers, buffer => Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)0xa5)));
        }
    }

    [Fact]
    public async Task Without_a_name_to_expect_the_chain_is_enough()
    {
        using ServerProcess server = Require("memory", "size=1M");
        await using NbdClient client = await NbdClient.ConnectAsync(Address(server), new NbdConnectOptions(), None);
        await client.ReadAsync(0, new byte[100], None);
    }

    [Fact]
    public async Task Another_host_name_is_refused() =>
        await AssertTlsFailsAsync(["memory", "size=1M"], address => address with { TlsHostName = "other.example" });

    [Fact]
    public async Task Without_a_client_certificate_a_strict_server_refuses()
    {
        File.Delete(_certificates.At("client-cert.pem"));
        using ServerProcess server = Require("--tls-verify-peer", "memory", "size=1M");

        // In TLS 1.3 the client learns of it only when it next reads, so the handshake that fails may be NBD's.
        var e = await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(Address(server), new NbdConnectOptions(), None));
        Assert.Contains(e.Kind, new[] { NbdErrorKind.TlsFailed, NbdErrorKind.HandshakeFailed });
    }

    [Fact]
    public async Task Another_authority_is_refused_unless_verification_is_off()
    {
        using var others = new Certificates("disk.example");
        using ServerProcess server = Require("memory", "size=1M");
        NbdUri address = Address(server) with { TlsCertificatesDirectory = others.Directory };
        var e = await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(address, new NbdConnectOptions(), None));
        Assert.Equal(NbdErrorKind.TlsFailed, e.Kind);
        await using NbdClient client = await NbdClient.ConnectAsync(address with { TlsVerifyPeer = false }, new NbdConnectOptions(), None);
        await client.ReadAsync(0, new byte[100], None);
    }

    [Fact]
    public async Task A_server_that_requires_tls_says_so() =>
        await AssertTlsFailsAsync(["memory", "size=1M"], address => address with { UseTls = false });

    [Fact]
    public async Task A_server_without_tls_is_refused()
    {
        using ServerProcess server = ServerProcess.Nbdkit("--tls=off", "memory", "size=1M");
        var e = await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(Address(server), new NbdConnectOptions(), None));
        Assert.Equal(NbdErrorKind.TlsFailed, e.Kind);
    }

    [Fact]
    public async Task Missing_certificate_files_are_a_failure_of_tls() =>
        await AssertTlsFailsAsync(["memory", "size=1M"], address => address with { TlsCertificatesDirectory = "/nonexistent" });

    [Fact]
    public async Task Pre_shared_keys_are_refused_with_a_reason()
    {
        var e = await Assert.ThrowsAsync<NbdException>(() =>
            NbdClient.ConnectAsync(NbdUri.Parse("nbds://host/x?tls-psk-file=/k"), new NbdConnectOptions(), None));
        Assert.Equal(NbdErrorKind.Unsupported, e.Kind);
        Assert.Contains(".NET", e.Message, StringComparison.Ordinal);
    }

    private async Task AssertTlsFailsAsync(string[] arguments, Func<NbdUri, NbdUri> change)
    {
        using ServerProcess server = Require(arguments);
        var e = await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(change(Address(server)), new NbdConnectOptions(), None));
        Assert.Equal(NbdErrorKind.TlsFailed, e.Kind);
    }

    private ServerProcess Require(params string[] arguments) =>
        ServerProcess.Nbdkit(["--tls=require", $"--tls-certificates={_certificates.Directory}", .. arguments]);

    private NbdUri Address(ServerProcess server) =>
        server.Uri with { UseTls = true, TlsCertificatesDirectory = _certificates.Directory };
}
