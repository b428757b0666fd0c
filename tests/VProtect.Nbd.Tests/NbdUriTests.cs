namespace VProtect.Nbd.Tests;

public sealed class NbdUriTests
{
    [Theory]
    [InlineData("nbd://example.com/disk", "example.com", 10809, "disk", false)]
    [InlineData("nbd://example.com", "example.com", 10809, "", false)]
    [InlineData("nbd://example.com/", "example.com", 10809, "", false)]
    [InlineData("nbd://example.com//disk", "example.com", 10809, "/disk", false)]
    [InlineData("nbd://example.com/a/b/c", "example.com", 10809, "a/b/c", false)]
    [InlineData("nbd://example.com/hello%20world", "example.com", 10809, "hello world", false)]
    [InlineData("nbd://example.com/%E2%82%AC%2f%3F", "example.com", 10809, "€/?", false)]
    [InlineData("nbds://example.com:1/x", "example.com", 1, "x", true)]
    [InlineData("NBD://10.0.0.1:65535", "10.0.0.1", 65535, "", false)]
    [InlineData("nbd://[::1]/x", "::1", 10809, "x", false)]
    [InlineData("nbd://[fe80::1%25eth0]:99/x", "fe80::1%eth0", 99, "x", false)]
    [InlineData("nbd:///x", "localhost", 10809, "x", false)]
    [InlineData("nbd://user@host:5/x?unknown=1", "host", 5, "x", false)]
    public void Tcp_addresses_are_read(string text, string host, int port, string export, bool tls)
    {
        NbdUri uri = NbdUri.Parse(text);
        Assert.Equal((NbdTransport.Tcp, host, port, export, tls), (uri.Transport, uri.Host, uri.Port, uri.ExportName, uri.UseTls));
        Assert.Equal(uri, NbdUri.Parse(uri.ToString()));
    }

    [Theory]
    [InlineData("nbd+unix:///?socket=/run/x.sock", "/run/x.sock", "", false)]
    [InlineData("nbd+unix:///snap0?socket=nbd.sock", "nbd.sock", "snap0", false)]
    [InlineData("nbds+unix:///a/b%20c?socket=/tmp/a%20%26b", "/tmp/a &b", "a/b c", true)]
    [InlineData("nbd+unix://?socket=/x", "/x", "", false)]
    [InlineData("nbd+unix:////x?socket=%00abstract", "\0abstract", "/x", false)]
    public void Unix_addresses_are_read(string text, string socket, string export, bool tls)
    {
        NbdUri uri = NbdUri.Parse(text);
        Assert.Equal((NbdTransport.Unix, socket, export, tls), (uri.Transport, uri.SocketPath, uri.ExportName, uri.UseTls));
        Assert.Equal(uri, NbdUri.Parse(uri.ToString()));
    }

    [Fact]
    public void Tls_parameters_are_read()
    {
        NbdUri uri = NbdUri.Parse("nbds://h/x?tls-certificates=/etc/pki%2Fa&tls-verify-peer=0&tls-hostname=real.host&tls-psk-file=/k");
        Assert.Equal("/etc/pki/a", uri.TlsCertificatesDirectory);
        Assert.False(uri.TlsVerifyPeer);
        Assert.Equal("real.host", uri.TlsHostName);
        Assert.Equal("/k", uri.TlsPskFile);
    }

    [Theory]
    [InlineData("")]
    [InlineData("example.com/x")]
    [InlineData("http://example.com/")]
    [InlineData("nbd+unix:///x")]
    [InlineData("nbd+unix://host/x?socket=/s")]
    [InlineData("nbd://host?socket=/s")]
    [InlineData("nbd://host:0/x")]
    [InlineData("nbd://host:65536/x")]
    [InlineData("nbd://host:-1/x")]
    [InlineData("nbd://host:1x/x")]
    [InlineData("nbd://[::1/x")]
    [InlineData("nbd://[nonsense]/x")]
    [InlineData("nbd://[::1]x/x")]
    [InlineData("nbd://host/%zz")]
    [InlineData("nbd://host/%4")]
    [InlineData("nbd://host/a%00b")]
    [InlineData("nbd://host/a#b")]
    [InlineData("nbds://host/a?tls-verify-peer=maybe")]
    public void Nonsense_is_an_invalid_argument(string text)
    {
        var e = Assert.Throws<NbdException>(() => NbdUri.Parse(text));
        Assert.Equal(NbdErrorKind.InvalidArgument, e.Kind);
    }

    [Theory]
    [InlineData("nbd+vsock://2:10809/x", "vsock")]
    [InlineData("nbds+vsock://2/x", "vsock")]
    [InlineData("nbd+ssh://host/x", "ssh")]
    public void Transports_we_lack_are_named(string text, string transport)
    {
        var e = Assert.Throws<NbdException>(() => NbdUri.Parse(text));
        Assert.Equal(NbdErrorKind.Unsupported, e.Kind);
        Assert.Contains(transport, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void User_information_is_never_repeated()
    {
        var e = Assert.Throws<NbdException>(() => NbdUri.Parse("nbd://secret@host:x/"));
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", NbdUri.Parse("nbd://secret@host/").ToString(), StringComparison.Ordinal);
    }
}
