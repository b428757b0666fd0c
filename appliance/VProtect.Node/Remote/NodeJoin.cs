using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;

namespace VProtect.Node.Remote;

/// <summary>How a machine becomes a node of a server, and follows it to another address.</summary>
public static class NodeJoin
{
    /// <summary>A person joins once and by hand: a server that is busy, or a line that loses what is sent first, is waited for.</summary>
    private static readonly TimeSpan ConnectMax = TimeSpan.FromSeconds(30);

    /// <summary>Joins: learns the server's authority, compares it with the token, makes a key and has it signed.</summary>
    /// <param name="directory">Where the node keeps what it is; made when missing. Nothing is written before the server has agreed.</param>
    /// <param name="server">Host and port of the server's port for nodes; without a port <see cref="NodeWire.DefaultPort"/>.</param>
    /// <param name="word">The token.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="VProtectException">As the server says, or it is not the one that made the token, or it cannot be reached.</exception>
    public static async Task<NodeIdentity> JoinAsync(string directory, string server, string word, CancellationToken cancellationToken)
    {
        string address = AddressOf(server);
        if (!JoinToken.TryParse(word, out JoinToken? token))
        {
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, "--token: this is no token, or not all of it.", "Copy it whole: it begins with vpn1_ and has 91 characters.");
        }

        string authority;
        using (var stranger = new NodeHttp(authority: null, certificate: null, ConnectMax))
        {
            authority = (await stranger.CallAsync(
                address, "authority", new EmptyMessage(), NodeWireJson.Default.EmptyMessage, NodeWireJson.Default.AuthorityAnswer, leaseNumber: null, cancellationToken)).Authority;
        }

        using X509Certificate2 trusted = Read(authority, address);
        if (trusted.GetCertHashString(HashAlgorithmName.SHA256) != token.AuthorityHash)
        {
            throw new VProtectException(
                ErrorCode.ServerUntrusted, ErrorSide.Request, $"The server at {address} is not the one that made this token.",
                "Look whether the address is right and nobody stands between; the token was not shown to it.");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var http = new NodeHttp(trusted, certificate: null, ConnectMax);
        EnrolAnswer joined = await http.CallAsync(
            address, "enrol", new EnrolRequest(token.Secret, Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), Mover.ProductVersion.Text),
            NodeWireJson.Default.EnrolRequest, NodeWireJson.Default.EnrolAnswer, leaseNumber: null, cancellationToken);
        NodeIdentity.Write(directory, new NodeIdentity.Description(joined.Node, joined.Name, address, authority), key, joined.Certificate);
        return NodeIdentity.Open(directory);
    }

    /// <summary>Follows the server to another address. It must answer there, and be the same.</summary>
    public static async Task<NodeIdentity> MoveAsync(string directory, string server, CancellationToken cancellationToken)
    {
        string address = AddressOf(server);
        NodeIdentity identity = NodeIdentity.Open(directory);
        using X509Certificate2 trusted = Read(identity.Authority, address);
        using var http = new NodeHttp(trusted, () => identity.Certificate, ConnectMax);
        await http.CallAsync(address, "authority", new EmptyMessage(), NodeWireJson.Default.EmptyMessage, NodeWireJson.Default.AuthorityAnswer, leaseNumber: null, cancellationToken);
        identity.Move(address);
        return identity;
    }

    private static string AddressOf(string server)
    {
        string host = server.Trim().Replace("https://", "", StringComparison.OrdinalIgnoreCase).TrimEnd('/');
        return Uri.TryCreate($"https://{host}", UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0 && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0
            ? $"{uri.Host}:{(HasPort(host) ? uri.Port : NodeWire.DefaultPort)}"
            : throw new VProtectException(ErrorCode.OptionInvalid, ErrorSide.Request, $"'{server}' is no host and port.", "Write it as backup.example.org:8182 or 192.0.2.10:8182.");
    }

    private static bool HasPort(string host) => host.LastIndexOf(':') is >= 0 and int colon && !host.EndsWith(']') && (host.IndexOf(':', StringComparison.Ordinal) == colon || host[colon - 1] == ']');

    private static X509Certificate2 Read(string authority, string address)
    {
        try
        {
            return X509Certificate2.CreateFromPem(authority);
        }
        catch (CryptographicException exception)
        {
            throw new VProtectException(
                ErrorCode.AnswerInvalid, ErrorSide.Request, $"What {address} calls its authority is no certificate.", "Look whether the address is that of a VProtect server's port for nodes.",
                RetryAdvice.Never, exception);
        }
    }
}
