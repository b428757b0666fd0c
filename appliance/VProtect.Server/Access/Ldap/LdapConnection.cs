using System.Formats.Asn1;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace VProtect.Server.Access.Ldap;

/// <summary>
/// A connection to a directory, always under TLS: from the start (<c>ldaps</c>) or by StartTLS before anything is said (<c>ldap</c>). One request at a time. What the
/// directory sends is bounded.
/// </summary>
internal sealed class LdapConnection : IAsyncDisposable
{
    private const int MessageBytesMax = 1 << 20;
    private const int EntriesMax = 1000;

    private readonly TcpClient _client;
    private Stream _stream;
    private int _id;

    private LdapConnection(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    /// <summary>Connects, with the certificate checked against the host's name and the authorities in <paramref name="authorities"/>, or this machine's when it is empty.</summary>
    /// <exception cref="IOException">It is not reached, or does not speak LDAP.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">Its certificate is not trusted.</exception>
    public static async Task<LdapConnection> OpenAsync(Uri address, X509Certificate2Collection authorities, CancellationToken cancellationToken)
    {
        bool isTls = address.Scheme == "ldaps";
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host, address.Port > 0 ? address.Port : isTls ? 636 : 389, cancellationToken);
        }
        catch (SocketException exception)
        {
            client.Dispose();
            throw new IOException($"{address.Host} is not reached: {exception.Message}", exception);
        }

        var connection = new LdapConnection(client);
        try
        {
            if (!isTls)
            {
                AsnReader answer = await connection.AskAsync(LdapMessages.BeginTls(++connection._id), LdapMessages.ExtendedAnswer, cancellationToken);
                Require(LdapMessages.Result(answer), "StartTLS");
            }

            var tls = new SslStream(connection._stream);
            connection._stream = tls;
            var options = new SslClientAuthenticationOptions { TargetHost = address.Host };
            if (authorities.Count > 0)
            {
                options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
            }

            await tls.AuthenticateAsClientAsync(options, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the directory knows this name with this password. An empty password, which directories take for nobody's, never counts.</summary>
    public async Task<bool> BindAsync(string dn, string password, CancellationToken cancellationToken)
    {
        if (dn.Length == 0 || password.Length == 0)
        {
            return false;
        }

        (int code, string message) = LdapMessages.Result(await AskAsync(LdapMessages.Bind(++_id, dn, password), LdapMessages.BindAnswer, cancellationToken));

        // 32 no such object, 48 inappropriate authentication, 49 invalid credentials, 53 unwilling (locked)
        return code switch
        {
            0 => true,
            32 or 48 or 49 or 53 => false,
            _ => throw new IOException($"The directory answers a bind with {code}: {message}"),
        };
    }

    /// <summary>Entries below a name whose attributes all equal these values; at most <paramref name="sizeLimit"/>.</summary>
    public async Task<List<(string Dn, Dictionary<string, List<string>> Attributes)>> SearchAsync(
        string under, IReadOnlyList<(string Attribute, string Value)> equal, IReadOnlyList<string> attributes, int sizeLimit, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(LdapMessages.Search(++_id, under, equal, attributes, sizeLimit), cancellationToken);
        List<(string, Dictionary<string, List<string>>)> entries = [];
        while (true)
        {
            (int operation, AsnReader content) = await NextAsync(cancellationToken);
            switch (operation)
            {
                case LdapMessages.Entry when entries.Count < EntriesMax:
                    entries.Add(LdapMessages.EntryOf(content));
                    break;
                case LdapMessages.Reference:
                    break;
                case LdapMessages.SearchDone:
                    // 4: there are more than the limit, which is enough to know. 32: the place searched is not there.
                    (int Code, string) result = LdapMessages.Result(content);
                    if (result.Code is not (4 or 32))
                    {
                        Require(result, "search");
                    }

                    return entries;
                default:
                    throw new IOException("The directory answers a search with something else.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }

    private static void Require((int Code, string Message) result, string what)
    {
        if (result.Code != 0)
        {
            throw new IOException($"The directory answers {what} with {result.Code}: {result.Message}");
        }
    }

    private async Task<AsnReader> AskAsync(byte[] message, int expected, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(message, cancellationToken);
        (int operation, AsnReader content) = await NextAsync(cancellationToken);
        return operation == expected ? content : throw new IOException("The directory answers with something else than was asked.");
    }

    private async Task<(int Operation, AsnReader Content)> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            (int id, int operation, AsnReader content) = LdapMessages.Read(await ReceiveAsync(cancellationToken));
            return id == _id ? (operation, content) : throw new IOException("The directory answers what was not asked.");
        }
        catch (AsnContentException exception)
        {
            throw new IOException("The directory sends what is no LDAP.", exception);
        }
    }

    /// <summary>One message: tag, length of up to four bytes, content.</summary>
    private async Task<byte[]> ReceiveAsync(CancellationToken cancellationToken)
    {
        byte[] head = new byte[6];
        await _stream.ReadExactlyAsync(head.AsMemory(0, 2), cancellationToken);
        int lengthBytes = head[1] < 0x80 ? 0 : head[1] & 0x7F;
        if (head[0] != 0x30 || head[1] == 0x80 || lengthBytes > 4)
        {
            throw new IOException("The directory sends what is no LDAP.");
        }

        await _stream.ReadExactlyAsync(head.AsMemory(2, lengthBytes), cancellationToken);
        long length = lengthBytes == 0 ? head[1] : 0;
        foreach (byte one in head.AsSpan(2, lengthBytes))
        {
            length = (length << 8) | one;
        }

        if (length > MessageBytesMax)
        {
            throw new IOException($"The directory sends a message of {length} bytes.");
        }

        byte[] message = new byte[2 + lengthBytes + (int)length];
        head.AsSpan(0, 2 + lengthBytes).CopyTo(message);
        await _stream.ReadExactlyAsync(message.AsMemory(2 + lengthBytes), cancellationToken);
        return message;
    }
}
