using System.Net;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>Whom a server lets in, and what one client may cost.</summary>
public sealed record NbdServerOptions
{
    /// <summary>Networks whose clients may connect over TCP. Empty: anybody. Unix sockets are protected by their permissions.</summary>
    public IReadOnlyList<IPNetwork> AllowedClients { get; init; } = [];

    /// <summary>TLS; null: none is offered. It applies to TCP; over a unix socket it may be used and is never required.</summary>
    public NbdServerTls? Tls { get; init; }

    /// <summary>Connections at a time, of all clients. Default 256.</summary>
    public int ConnectionsMax { get; init; } = 256;

    /// <summary>Connections at a time from one address; all unix sockets count as one. Default 64.</summary>
    public int ConnectionsPerClientMax { get; init; } = 64;

    /// <summary>Requests of one connection at work at a time; the next ones wait in the socket. Default 64.</summary>
    public int RequestsInFlightMax { get; init; } = 64;

    /// <summary>Bytes of payload of one connection held at a time. Default 64 MiB; at least 32 MiB, one longest request.</summary>
    public long BytesInFlightMax { get; init; } = 64L << 20;

    /// <summary>Bytes of payload of all connections held at a time. Default 256 MiB; at least 32 MiB.</summary>
    public long BytesInFlightOfAllMax { get; init; } = 256L << 20;

    /// <summary>Time from connecting to the first request. Default 20 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a client may neither send the rest of a request nor take a reply. Default 60 s.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a client may be connected without any request. Default null: for ever, as mounted disks need.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    internal void Validate()
    {
        if (ConnectionsMax < 1 || ConnectionsPerClientMax < 1 || RequestsInFlightMax < 1 || HandshakeTimeout <= TimeSpan.Zero
            || StallTimeout <= TimeSpan.Zero || IdleTimeout <= TimeSpan.Zero)
        {
            throw NbdException.Invalid("A limit of the NBD server is less than 1 or not positive. Correct it.");
        }

        if (BytesInFlightMax < WireLimits.PayloadBytesMax || BytesInFlightOfAllMax < WireLimits.PayloadBytesMax)
        {
            throw NbdException.Invalid("The bytes in flight of the NBD server are less than one longest request, 32 MiB. Raise them.");
        }
    }
}

/// <summary>How a server speaks TLS.</summary>
public sealed record NbdServerTls
{
    /// <summary>PEM file of the server's certificate, then its issuers, which are sent with it. Read at each handshake, so that a renewed one counts at once.</summary>
    public required string CertificatePath { get; init; }

    /// <summary>PEM file of its key, not encrypted. Read likewise.</summary>
    public required string KeyPath { get; init; }

    /// <summary>PEM of the authorities whose clients' certificates are taken, told at each handshake. Null (default): clients are not asked for any.</summary>
    public Func<string>? Authorities { get; init; }

    /// <summary>Whether clients over TCP may do without TLS. Default true: they may not.</summary>
    public bool IsRequired { get; init; } = true;

    /// <summary>Whether a client must show a certificate, where there are <see cref="Authorities"/>. Default true. One that is shown is checked in any case.</summary>
    public bool RequiresClientCertificate { get; init; } = true;

    /// <summary>Of a directory with <c>ca-cert.pem</c>, <c>server-cert.pem</c> and <c>server-key.pem</c>, as QEMU and nbdkit lay it out.</summary>
    public static NbdServerTls InDirectory(string directory) => new()
    {
        CertificatePath = Path.Combine(directory, "server-cert.pem"),
        KeyPath = Path.Combine(directory, "server-key.pem"),
        Authorities = () => File.ReadAllText(Path.Combine(directory, "ca-cert.pem")),
    };
}
