using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace VProtect.Nbd.Server;

/// <summary>Lays TLS over a client's connection after STARTTLS was acknowledged.</summary>
internal static class ServerTls
{
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>Makes the stream encrypted.</summary>
    /// <returns>It, and the subject of the client's certificate if it has shown one.</returns>
    /// <exception cref="AuthenticationException">The client and we could not agree, or its certificate is none of ours.</exception>
    public static async Task<(SslStream Stream, string? Subject)> UpgradeAsync(Stream inner, NbdServerTls options, CancellationToken ct)
    {
        X509Certificate2Collection authorities = [];
        X509Certificate2Collection issuers = [];
        X509Certificate2? server = null;
        var tls = new SslStream(inner, leaveInnerStreamOpen: false);
        try
        {
            server = X509Certificate2.CreateFromPemFile(options.CertificatePath, options.KeyPath);
            issuers.ImportFromPemFile(options.CertificatePath);
            if (options.Authorities is { } trusted)
            {
                authorities.ImportFromPem(trusted());
            }

            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck, // a private authority has nobody to ask
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(authorities);
            policy.ApplicationPolicy.Add(ClientAuthentication);
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = SslStreamCertificateContext.Create(server, issuers, offline: true),
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    ClientCertificateRequired = options.Authorities is not null, // asks for one; whether it must come is decided below
                    CertificateChainPolicy = policy,
                    RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                        certificate is null ? options.Authorities is null || !options.RequiresClientCertificate : errors == SslPolicyErrors.None,
                },
                ct);
            return (tls, tls.RemoteCertificate?.Subject);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            await tls.DisposeAsync();
            throw new AuthenticationException(e is CryptographicException ? "a PEM file cannot be read" : e.Message, e);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
        finally
        {
            server?.Dispose();
            foreach (X509Certificate2 read in authorities.Concat(issuers))
            {
                read.Dispose();
            }
        }
    }
}
