using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Server.Access;

namespace VProtect.Server.Nodes;

/// <summary>
/// The authority that signs the certificates of nodes and of the port that they call: ECDSA P-256, made when the first node is let in, kept in the catalog with
/// its key sealed. Nodes trust it and nothing else, so the server's address and its users' certificate may change. Safe for any number of callers.
/// </summary>
internal sealed class NodeAuthority(SecretBox box, TimeProvider time)
{
    /// <summary>Setting that holds it, and what its key is sealed for.</summary>
    public const string Key = "nodeAuthority";

    /// <summary>Member of that setting's document that is sealed.</summary>
    public const string SealedMember = "sealedKey";

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int SerialBytes = 16;

    /// <summary>How long a node's certificate holds; it is renewed when a third is left.</summary>
    public static readonly TimeSpan NodeValidity = TimeSpan.FromDays(30);

    private static readonly TimeSpan Validity = TimeSpan.FromDays(3650);
    private static readonly TimeSpan PortValidity = TimeSpan.FromDays(365);

    /// <summary>Clocks differ; a certificate holds from an hour ago.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromHours(1);

    private X509Certificate2? _current;

    /// <summary>Whether there is one: whether nodes of other machines can be.</summary>
    public bool IsMade => Volatile.Read(ref _current) is not null;

    /// <summary>Its certificate, without the key, as PEM.</summary>
    public string Pem => Current.ExportCertificatePem();

    /// <summary>SHA-256 of its certificate, hexadecimal.</summary>
    public string Hash => HashOf(Current);

    private X509Certificate2 Current => Volatile.Read(ref _current)
        ?? throw new VProtectException(ErrorCode.TaskUnfit, ErrorSide.Request, "No node was let in yet.", "Add a node first.");

    /// <summary>SHA-256 of a certificate, hexadecimal: what the catalog keeps of a node's.</summary>
    public static string HashOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    /// <summary>Takes the one that the catalog holds, if it does.</summary>
    public async Task LoadAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        if (await session.Settings.FindAsync(Key, cancellationToken) is { } row)
        {
            Volatile.Write(ref _current, Open(JsonSerializer.Deserialize<Stored>(row.Value, JsonSerializerOptions.Web)!));
        }
    }

    /// <summary>Makes one when there is none. It is used after <see cref="LoadAsync"/>, once this is committed.</summary>
    public async Task EnsureAsync(CatalogTransaction transaction, CancellationToken cancellationToken)
    {
        if (await transaction.Settings.FindAsync(Key, cancellationToken) is not null)
        {
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=nodes, O=VProtect", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using X509Certificate2 certificate = request.CreateSelfSigned(now - Slack, now + Validity);
        var stored = new Stored(certificate.ExportCertificatePem(), box.Seal(key.ExportPkcs8PrivateKey(), Key));
        await transaction.Settings.SetAsync(Key, JsonSerializer.Serialize(stored, JsonSerializerOptions.Web), version: null, cancellationToken);
    }

    /// <summary>A node's certificate.</summary>
    /// <param name="node">Whose.</param>
    /// <param name="publicKey">SubjectPublicKeyInfo in DER; nothing else of a request is believed.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.InvalidArgument"/>: it is no key of the curve P-256.</exception>
    public X509Certificate2 IssueNode(Guid node, ReadOnlySpan<byte> publicKey)
    {
        try
        {
            PublicKey key = PublicKey.CreateFromSubjectPublicKeyInfo(publicKey, out int read);
            using ECDsa? curve = key.GetECDsaPublicKey();
            if (read == publicKey.Length && curve?.KeySize == 256)
            {
                DateTimeOffset now = time.GetUtcNow();
                return Issue(new X500DistinguishedName($"CN={node:D}, O=VProtect"), key, ClientAuthentication, now + NodeValidity);
            }
        }
        catch (CryptographicException)
        {
            // As below.
        }

        throw new VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, "publicKey is no ECDSA key of the curve P-256.", "Send its SubjectPublicKeyInfo in DER, as base64.");
    }

    /// <summary>A new certificate, with its key, of the port that nodes call. The caller owns it.</summary>
    public X509Certificate2 IssuePort()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName("CN=vprotect-server, O=VProtect");
        using X509Certificate2 certificate = Issue(name, new CertificateRequest(name, key, HashAlgorithmName.SHA256).PublicKey, ServerAuthentication, time.GetUtcNow() + PortValidity);
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>Whether a certificate is one that this authority gave to a node, and holds now.</summary>
    public bool HasIssued(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Current);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate);
    }

    private X509Certificate2 Issue(X500DistinguishedName subject, PublicKey key, string usage, DateTimeOffset until)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: true));
        X509Certificate2 issuer = Current;
        DateTimeOffset end = until < issuer.NotAfter ? until : issuer.NotAfter;
        return request.Create(issuer, time.GetUtcNow() - Slack, end, RandomNumberGenerator.GetBytes(SerialBytes));
    }

    private X509Certificate2 Open(Stored stored)
    {
        using var key = ECDsa.Create();
        byte[] bytes = box.Unseal(stored.SealedKey, Key);
        key.ImportPkcs8PrivateKey(bytes, out _);
        CryptographicOperations.ZeroMemory(bytes);
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(stored.Certificate);
        return certificate.CopyWithPrivateKey(key);
    }

    /// <param name="Certificate">PEM.</param>
    /// <param name="SealedKey">PKCS #8, sealed.</param>
    private sealed record Stored(string Certificate, byte[] SealedKey);
}
