using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

/// <summary>Lays TLS over a connection after STARTTLS was acknowledged; certificates as libnbd and QEMU keep them.</summary>
internal static class TlsUpgrade
{
    /// <summary>Fails early, before anything is sent, for what can never work.</summary>
    public static void Check(NbdUri uri)
    {
        if (uri.TlsPskFile is not null)
        {
            throw NbdException.Unsupported(
                "TLS with pre-shared keys (tls-psk-file) is not possible: the TLS library of .NET does not offer it. Set the "
                + "server up with certificates and use tls-certificates.");
        }
    }

    public static async Task UpgradeAsync(WireStream stream, NbdUri uri, NbdTlsOptions options, CancellationToken ct)
    {
        string? directory = options.CertificatesDirectory ?? uri.TlsCertificatesDirectory;
        bool verify = options.VerifyPeer ?? uri.TlsVerifyPeer ?? true;
        string name = options.HostName ?? uri.TlsHostName ?? uri.Host;
        X509Certificate2Collection authorities = [];
        X509Certificate2? client = null;
        try
        {
            client = Load(directory, authorities);
            var tls = new SslStream(stream.Inner, leaveInnerStreamOpen: false);
            var authentication = new SslClientAuthenticationOptions
            {
                TargetHost = name,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = Policy(directory, authorities),
                ClientCertificates = client is null ? null : [client],

                // The server's own certificate is checked even when it is silent about its chain; without a name to
                // expect, as on a unix socket, a mismatch of names is no mismatch.
                RemoteCertificateValidationCallback = (_, _, _, errors) =>
                    !verify || (name.Length == 0 ? errors & ~SslPolicyErrors.RemoteCertificateNameMismatch : errors) == SslPolicyErrors.None,
            };
            await tls.AuthenticateAsClientAsync(authentication, ct);
            stream.Encrypt(tls);
        }
        catch (Exception e) when (e is AuthenticationException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new NbdException(
                NbdErrorKind.TlsFailed,
                "TLS with the NBD server failed. Check that ca-cert.pem signed the server's certificate, that it carries the "
                + "server's host name, that both are within their dates, and that the server accepts client-cert.pem. "
                + $"Detail: {(e is CryptographicException ? "a PEM file cannot be read" : e.Message)}",
                e);
        }
        finally
        {
            client?.Dispose();
            foreach (X509Certificate2 authority in authorities)
            {
                authority.Dispose();
            }
        }
    }

    private static X509ChainPolicy? Policy(string? directory, X509Certificate2Collection authorities)
    {
        if (directory is null)
        {
            return null;
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // a private authority has nobody to ask
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private static X509Certificate2? Load(string? directory, X509Certificate2Collection authorities)
    {
        if (directory is null)
        {
            return null;
        }

        authorities.ImportFromPemFile(Path.Combine(directory, "ca-cert.pem"));
        string certificate = Path.Combine(directory, "client-cert.pem");
        string key = Path.Combine(directory, "client-key.pem");
        return File.Exists(certificate) && File.Exists(key) ? X509Certificate2.CreateFromPemFile(certificate, key) : null;
    }
}
