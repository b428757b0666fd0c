using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Catalog.Audit;
using VProtect.Catalog.Nodes;
using VProtect.Server.Access;
using VProtect.Server.Tasks.Channel;

namespace VProtect.Server.Nodes;

/// <summary>How nodes of other machines come in: a token, spent for a certificate, renewed ever after.</summary>
internal sealed partial class NodeEnrolment(CatalogDatabase catalog, NodeAuthority authority, NodeLives lives, TimeProvider time, ILogger<NodeEnrolment> logger)
{
    /// <summary>How long a token may be used.</summary>
    public static readonly TimeSpan TokenTime = TimeSpan.FromHours(1);

    private const int PublicKeyCharsMax = 1000;

    /// <summary>A token for a node that joins, or joins again; the one it had is void.</summary>
    /// <param name="node">The node, as it was read in the transaction that follows.</param>
    public (Node Node, JoinToken Token) NewToken(Node node)
    {
        JoinToken token = JoinToken.New(authority.Hash);
        return (node with { TokenHash = SecretToken.HashOf(token.Secret), TokenExpiresAt = time.GetUtcNow() + TokenTime, TokenKeyHash = null }, token);
    }

    /// <summary>
    /// A node shows its token. The same token with the same key is answered again while it holds, since an answer may be lost; with another key it was spent.
    /// What the node held before it joins again is void.
    /// </summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.Forbidden"/>: the token is wrong, spent or over, which is not told apart.</exception>
    public async Task<EnrolAnswer> EnrolAsync(EnrolRequest request, string? address, CancellationToken cancellationToken)
    {
        byte[] publicKey = KeyOf(request.PublicKey);
        byte[] keyHash = SHA256.HashData(publicKey);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Node? node = await transaction.Nodes.FindByTokenAsync(SecretToken.HashOf(request.Secret), cancellationToken);
        if (node is null || (node.TokenKeyHash is { } spent && !spent.AsSpan().SequenceEqual(keyHash)))
        {
            Log.Refused(logger, address);
            throw new VProtectException(
                ErrorCode.Forbidden, ErrorSide.Request, "The token is wrong, was used, or is over: it holds for an hour.", "Make another: vprotect node token NAME.");
        }

        using X509Certificate2 certificate = authority.IssueNode(node.Guid, publicKey);
        await transaction.Nodes.NextGenerationAsync(node.Guid, NodeState.Offline, cancellationToken);
        node = await transaction.Nodes.GetAsync(node.Guid, cancellationToken) with
        {
            CertificateThumbprint = NodeAuthority.HashOf(certificate),
            NextCertificateThumbprint = null,
            TokenKeyHash = keyHash,
            Address = address,
            ProgramVersion = request.Version,
            EnrolledAt = time.GetUtcNow(),
        };
        await transaction.Nodes.UpdateAsync(node, cancellationToken);
        await transaction.Audit.AppendAsync(Entry(node, "nodes.join", address), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        lives.NoteNext(node.Guid);
        Log.Joined(logger, node.Name, node.Guid, address);
        return new EnrolAnswer(node.Guid.ToString("D"), node.Name, certificate.ExportCertificatePem());
    }

    /// <summary>Another certificate for a node; the one it has counts until this one was used.</summary>
    public async Task<RenewAnswer> RenewAsync(Guid guid, RenewRequest request, string? address, CancellationToken cancellationToken)
    {
        using X509Certificate2 certificate = authority.IssueNode(guid, KeyOf(request.PublicKey));
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Node node = await transaction.Nodes.GetAsync(guid, cancellationToken) with { NextCertificateThumbprint = NodeAuthority.HashOf(certificate) };
        await transaction.Nodes.UpdateAsync(node, cancellationToken);
        await transaction.Audit.AppendAsync(Entry(node, "nodes.renew", address), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new RenewAnswer(certificate.ExportCertificatePem());
    }

    /// <summary>The node that a certificate belongs to.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.Forbidden"/>: none that may call.</exception>
    public async Task<Node> CallerAsync(X509Certificate2? certificate, string? address, CancellationToken cancellationToken)
    {
        if (certificate is not null)
        {
            string thumbprint = NodeAuthority.HashOf(certificate);
            Node? node;
            await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
            {
                node = await session.Nodes.FindByCertificateAsync(thumbprint, cancellationToken);
            }

            if (node is { State: not (NodeState.Revoked or NodeState.Pending) })
            {
                if (node.CertificateThumbprint != thumbprint || node.Address != address)
                {
                    await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
                    await transaction.Nodes.RecordUseAsync(node.Guid, thumbprint, address, cancellationToken);
                    await transaction.CommitAsync(cancellationToken);
                }

                return node;
            }
        }

        throw new VProtectException(
            ErrorCode.Forbidden, ErrorSide.Request, "The server does not know this node: it was removed, has joined anew elsewhere, or its certificate is over.",
            "Make a token (vprotect node token NAME) and join again.", RetryAdvice.Later);
    }

    private static byte[] KeyOf(string text)
    {
        try
        {
            return text.Length <= PublicKeyCharsMax ? Convert.FromBase64String(text) : [];
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private AuditEntry Entry(Node node, string action, string? address) => new()
    {
        At = time.GetUtcNow(),
        Actor = $"node {node.Name}",
        Address = address,
        Action = action,
        ObjectKind = "nodes",
        ObjectGuid = node.Guid,
        ObjectName = node.Name,
        Outcome = AuditOutcome.Success,
    };

    private static partial class Log
    {
        [LoggerMessage(5380, LogLevel.Information, "Node {Name} ({Guid}) joined from {Address}")]
        public static partial void Joined(ILogger logger, string name, Guid guid, string? address);

        [LoggerMessage(5381, LogLevel.Warning, "Somebody at {Address} tried to join as a node with a token that is wrong, spent or over")]
        public static partial void Refused(ILogger logger, string? address);
    }
}
