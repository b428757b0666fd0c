using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using VProtect.Abstractions;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Hosting;

/// <summary>
/// The certificate of the server: <c>tls/server.crt</c> and <c>tls/server.key</c> (PEM) under the data directory, made at first start. Put others
/// in their place, key first, and new connections use them; files that do not belong together are refused and the old ones stay in use.
/// What follows the certificate in its file (the issuers up to the root) is sent with it.
/// </summary>
internal sealed partial class ServerCertificate : IDisposable
{
    /// <summary>Browsers take no certificate of longer validity.</summary>
    private static readonly TimeSpan Validity = TimeSpan.FromDays(397);

    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly ILogger<ServerCertificate> _logger;
    private readonly FileSystemWatcher _watcher;
    private readonly TimeProvider _time;
    private readonly Lock _loading = new();
    private SslStreamCertificateContext _current;

    public ServerCertificate(DataDirectory data, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        string directory = data.Tls;
        _certificatePath = Path.Join(directory, "server.crt");
        _keyPath = Path.Join(directory, "server.key");
        _logger = logger;
        _time = time;
        if (!File.Exists(_certificatePath))
        {
            Make();
        }

        _current = Load();
        _watcher = new FileSystemWatcher(directory) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite };
        _watcher.Changed += (_, _) => Reload();
        _watcher.Created += (_, _) => Reload();
        _watcher.Renamed += (_, _) => Reload();
        _watcher.EnableRaisingEvents = true;
    }

    /// <summary>The one in use now, with its issuers. Connections hold it, so an old one is left to the collector.</summary>
    public SslStreamCertificateContext Context => Volatile.Read(ref _current);

    /// <summary>The certificate in use now.</summary>
    public X509Certificate2 Current => Context.TargetCertificate;

    /// <summary>Takes what lies in the files, if it is a pair.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool Reload()
    {
        try
        {
            // One at a time, and compared with its issuers: the watcher may have seen a file of which only the first certificate was written.
            lock (_loading)
            {
                SslStreamCertificateContext found = Load();
                if (!Thumbprints(found).SequenceEqual(Thumbprints(Context)))
                {
                    Volatile.Write(ref _current, found);
                    Log.Replaced(_logger, found.TargetCertificate.Subject, found.TargetCertificate.NotAfter);
                }
            }

            return true;
        }
        catch (VProtectException exception)
        {
            // While files are being replaced this is to be expected; when it stays, the log tells why nothing changed.
            Log.Refused(_logger, exception.Message);
            return false;
        }
    }

    /// <summary>Puts a certificate and its key into the files; new connections use it when this returns.</summary>
    /// <param name="certificatePem">The server's certificate first, then its issuers.</param>
    /// <param name="keyPem">Private key, not encrypted.</param>
    /// <exception cref="InvalidFieldException">They are no pair, or not valid now; nothing has changed.</exception>
    public void Replace(string certificatePem, string keyPem)
    {
        X509Certificate2 found;
        try
        {
            found = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            new X509Certificate2Collection().ImportFromPem(certificatePem);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new InvalidFieldException(
                "certificate", "Certificate and private key are no PEM of a pair.",
                "Send the server's certificate, followed by its issuers, and its own private key without a pass phrase.");
        }

        using (found)
        {
            DateTimeOffset now = _time.GetUtcNow();
            if (found.NotAfter.ToUniversalTime() <= now || found.NotBefore.ToUniversalTime() > now)
            {
                throw new InvalidFieldException(
                    "certificate", $"It is valid from {found.NotBefore.ToUniversalTime():u} to {found.NotAfter.ToUniversalTime():u} only.",
                    "Send one that is valid now, and check the appliance's clock.");
            }
        }

        Write(certificatePem, keyPem);
    }

    /// <summary>Makes a certificate of our own in place of the one in use.</summary>
    public void Renew()
    {
        Make();
        Reload();
    }

    public void Dispose() => _watcher.Dispose();

    private void Write(string certificatePem, string keyPem)
    {
        PrivateFile.Write(_keyPath, Encoding.ASCII.GetBytes(keyPem));
        PrivateFile.Write(_certificatePath, Encoding.ASCII.GetBytes(certificatePem));
        Reload();
    }

    private static IEnumerable<string> Thumbprints(SslStreamCertificateContext context) =>
        context.IntermediateCertificates.Prepend(context.TargetCertificate).Select(certificate => certificate.Thumbprint);

    private SslStreamCertificateContext Load()
    {
        try
        {
            var issuers = new X509Certificate2Collection();
            issuers.ImportFromPemFile(_certificatePath);
            X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(_certificatePath, _keyPath);

            // Offline: nothing is ever fetched to complete a chain.
            return SslStreamCertificateContext.Create(certificate, issuers, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, $"'{_certificatePath}' and '{_keyPath}' are no certificate and its key: {exception.Message}",
                "Put both there as PEM, or remove both to have new ones made.", RetryAdvice.Never, exception);
        }
    }

    private void Make()
    {
        DateTimeOffset now = _time.GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Dns.GetHostName()}, O=VProtect", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "server authentication")], critical: false));
        request.CertificateExtensions.Add(Names());
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddHours(-1), now + Validity);
        PrivateFile.Write(_keyPath, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
        PrivateFile.Write(_certificatePath, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));
    }

    /// <summary>Every name and address by which this machine knows itself.</summary>
    private static X509Extension Names()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        if (Dns.GetHostName() is var host && Uri.CheckHostName(host) == UriHostNameType.Dns && host != "localhost")
        {
            names.AddDnsName(host);
        }

        IEnumerable<IPAddress> addresses = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(device => device.GetIPProperties().UnicastAddresses.Select(unicast => unicast.Address))
            .Where(address => !address.IsIPv6LinkLocal)
            .Append(IPAddress.Loopback).Append(IPAddress.IPv6Loopback).Distinct();
        foreach (IPAddress address in addresses)
        {
            names.AddIpAddress(address);
        }

        return names.Build();
    }

    private static partial class Log
    {
        [LoggerMessage(5010, LogLevel.Information, "New connections use the certificate {Subject}, valid until {NotAfter}")]
        public static partial void Replaced(ILogger logger, string subject, DateTime notAfter);

        [LoggerMessage(5011, LogLevel.Warning, "The certificate was not replaced: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
