using System.Globalization;
using System.Text;

namespace VProtect.Nbd;

/// <summary>Where an export is: the NBD URI, read as libnbd reads it.
/// <code>
/// nbd://host[:port]/EXPORT       nbd+unix:///EXPORT?socket=PATH        s after nbd: TLS
/// </code>
/// Everything behind the first slash is the export name, percent-decoded; it may hold further slashes.
/// Query: <c>socket</c>, <c>tls-certificates</c>, <c>tls-psk-file</c>, <c>tls-verify-peer</c>, <c>tls-hostname</c>.</summary>
public sealed record NbdUri
{
    /// <summary>The port registered for NBD.</summary>
    public const int DefaultPort = 10809;

    /// <summary>What carries the bytes.</summary>
    public required NbdTransport Transport { get; init; }

    /// <summary>Host name or address, without the brackets of IPv6; empty for unix sockets.</summary>
    public string Host { get; init; } = "";

    /// <summary>TCP port.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Path of the unix socket; null for TCP. A leading NUL character means the abstract namespace.</summary>
    public string? SocketPath { get; init; }

    /// <summary>The export's name; empty is the server's default export.</summary>
    public string ExportName { get; init; } = "";

    /// <summary>Whether TLS is required.</summary>
    public bool UseTls { get; init; }

    /// <summary>See <see cref="NbdTlsOptions.CertificatesDirectory"/>.</summary>
    public string? TlsCertificatesDirectory { get; init; }

    /// <summary>A file of pre-shared keys. It is read from the URI so that it can be refused with a clear message.</summary>
    public string? TlsPskFile { get; init; }

    /// <summary>See <see cref="NbdTlsOptions.VerifyPeer"/>.</summary>
    public bool? TlsVerifyPeer { get; init; }

    /// <summary>See <see cref="NbdTlsOptions.HostName"/>.</summary>
    public string? TlsHostName { get; init; }

    /// <summary>The address of an export behind a unix socket.</summary>
    public static NbdUri Unix(string socketPath, string exportName = "") =>
        new() { Transport = NbdTransport.Unix, SocketPath = socketPath, ExportName = exportName };

    /// <summary>The address of an export behind TCP.</summary>
    public static NbdUri Tcp(string host, int port = DefaultPort, string exportName = "") =>
        new() { Transport = NbdTransport.Tcp, Host = host, Port = port, ExportName = exportName };

    /// <summary>Reads a URI.</summary>
    /// <exception cref="NbdException"><see cref="NbdErrorKind.InvalidArgument"/> if it is none, or
    /// <see cref="NbdErrorKind.Unsupported"/> if it is one this library cannot serve (vsock, ssh).</exception>
    public static NbdUri Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf("://", StringComparison.Ordinal);
        if (colon < 0)
        {
            throw Bad("it has no scheme, as in nbd://host/export");
        }

        (NbdTransport transport, bool tls) = Scheme(text[..colon]);
        string rest = text[(colon + 3)..];
        if (rest.Contains('#', StringComparison.Ordinal))
        {
            throw Bad("it has a fragment; write # as %23");
        }

        string query = Cut(ref rest, '?') ?? "";
        string path = Cut(ref rest, '/') ?? "";
        var uri = new NbdUri { Transport = transport, UseTls = tls, ExportName = Decode(path) };
        if (Encoding.UTF8.GetByteCount(uri.ExportName) > 4096 || uri.ExportName.Contains('\0', StringComparison.Ordinal))
        {
            throw Bad("the export name is longer than 4096 bytes or holds a NUL character");
        }

        uri = WithAuthority(uri, rest);
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = pair;
            string value = Cut(ref name, '=') ?? "";
            uri = WithParameter(uri, Decode(name), Decode(value));
        }

        return transport == NbdTransport.Unix && string.IsNullOrEmpty(uri.SocketPath)
            ? throw Bad("a unix address needs ?socket=PATH")
            : uri;
    }

    /// <summary>The URI again, without secrets: suitable for logs and messages.</summary>
    public override string ToString()
    {
        string export = Uri.EscapeDataString(ExportName).Replace("%2F", "/", StringComparison.Ordinal);
        string s = UseTls ? "s" : "";
        return Transport == NbdTransport.Unix
            ? $"nbd{s}+unix:///{export}?socket={Uri.EscapeDataString(SocketPath ?? "").Replace("%2F", "/", StringComparison.Ordinal)}"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"nbd{s}://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}/{export}");
    }

    private static (NbdTransport Transport, bool Tls) Scheme(string scheme) => scheme.ToLowerInvariant() switch
    {
        "nbd" => (NbdTransport.Tcp, false),
        "nbds" => (NbdTransport.Tcp, true),
        "nbd+unix" => (NbdTransport.Unix, false),
        "nbds+unix" => (NbdTransport.Unix, true),
        "nbd+vsock" or "nbds+vsock" or "nbd+ssh" or "nbds+ssh" => throw NbdException.Unsupported(
            $"NBD over {scheme[(scheme.IndexOf('+', StringComparison.Ordinal) + 1)..]} is not supported. "
            + "Export the disk over TCP or a unix socket and use nbd:// or nbd+unix://."),
        _ => throw Bad("its scheme is none of nbd, nbds, nbd+unix, nbds+unix"),
    };

    private static NbdUri WithAuthority(NbdUri uri, string authority)
    {
        if (uri.Transport == NbdTransport.Unix)
        {
            return authority.Length == 0 ? uri : throw Bad("a unix address has no host; write nbd+unix:/// with three slashes");
        }

        // User information serves only pre-shared keys, which we refuse anyway.
        int at = authority.LastIndexOf('@');
        string hostPort = authority[(at + 1)..];
        string host, port = "";
        if (hostPort.StartsWith('['))
        {
            int close = hostPort.IndexOf(']', StringComparison.Ordinal);
            if (close < 0 || !System.Net.IPAddress.TryParse(hostPort[1..close].Replace("%25", "%", StringComparison.Ordinal), out _))
            {
                throw Bad("the address in brackets is not IPv6");
            }

            host = hostPort[1..close].Replace("%25", "%", StringComparison.Ordinal);
            string behind = hostPort[(close + 1)..];
            if (behind.Length > 0 && behind[0] != ':')
            {
                throw Bad("something other than a port follows the brackets");
            }

            port = behind.Length > 0 ? behind[1..] : "";
        }
        else
        {
            host = hostPort;
            port = Cut(ref host, ':') ?? "";
            host = Decode(host);
        }

        if (port.Length > 0 && !(ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort parsed) && parsed > 0))
        {
            throw Bad("the port is not a number from 1 to 65535");
        }

        return uri with
        {
            Host = host.Length == 0 ? "localhost" : host, // as libnbd does
            Port = port.Length == 0 ? DefaultPort : ushort.Parse(port, CultureInfo.InvariantCulture),
        };
    }

    private static NbdUri WithParameter(NbdUri uri, string name, string value) => name switch
    {
        "socket" when uri.Transport == NbdTransport.Unix => uri with { SocketPath = value },
        "socket" => throw Bad("socket= belongs to nbd+unix:// addresses"),
        "tls-certificates" => uri with { TlsCertificatesDirectory = value },
        "tls-psk-file" => uri with { TlsPskFile = value },
        "tls-hostname" => uri with { TlsHostName = value },
        "tls-verify-peer" => uri with
        {
            TlsVerifyPeer = value.ToLowerInvariant() switch
            {
                "1" or "true" or "yes" or "on" or "y" or "t" => true,
                "0" or "false" or "no" or "off" or "n" or "f" => false,
                _ => throw Bad("tls-verify-peer is neither 0 nor 1"),
            },
        },
        _ => uri, // libnbd ignores what it does not know
    };

    private static string? Cut(ref string text, char separator)
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        string behind = text[(at + 1)..];
        text = text[..at];
        return behind;
    }

    private static string Decode(string text)
    {
        for (int i = text.IndexOf('%', StringComparison.Ordinal); i >= 0; i = text.IndexOf('%', i + 1))
        {
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
            {
                throw Bad("a percent sign is not followed by two hexadecimal digits");
            }
        }

        return Uri.UnescapeDataString(text);
    }

    // The text itself is not repeated: a URI may carry user information.
    private static NbdException Bad(string why) =>
        NbdException.Invalid($"This is not a usable NBD address: {why}. Correct the address and try again.");
}
