namespace VProtect.Nbd;

/// <summary>How TLS is set up, for connections whose URI asks for it (<c>nbds:</c>, <c>nbds+unix:</c>).</summary>
public sealed record NbdTlsOptions
{
    /// <summary>A directory with <c>ca-cert.pem</c>, <c>client-cert.pem</c> and <c>client-key.pem</c>, as libnbd and
    /// QEMU lay it out; the client pair is optional. Null (default): the URI's <c>tls-certificates</c>, else the
    /// certification authorities of the operating system and no client certificate.</summary>
    public string? CertificatesDirectory { get; init; }

    /// <summary>Whether the server must prove who it is. Null (default): the URI's <c>tls-verify-peer</c>, else true.</summary>
    public bool? VerifyPeer { get; init; }

    /// <summary>The name the server's certificate must carry. Null (default): the URI's <c>tls-hostname</c>, else its
    /// host; over a unix socket without either, only the chain is verified.</summary>
    public string? HostName { get; init; }
}
