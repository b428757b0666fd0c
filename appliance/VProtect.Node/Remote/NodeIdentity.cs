using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Abstractions;

namespace VProtect.Node.Remote;

/// <summary>
/// Who a node of another machine is, in two files of its directory, both readable by their owner only: <c>node.json</c> tells guid, name, server and the authority
/// that it trusts; <c>node.pem</c> is its key (PKCS #8) and its certificate, in one file so that they change together.
/// </summary>
public sealed class NodeIdentity
{
    private const string DescriptionFile = "node.json";
    private const string CertificateFile = "node.pem";

    private readonly string _directory;
    private Description _description;
    private X509Certificate2 _certificate;

    private NodeIdentity(string directory, Description description, X509Certificate2 certificate)
    {
        _directory = directory;
        _description = description;
        _certificate = certificate;
    }

    /// <summary>Guid.</summary>
    public string Guid => _description.Node;

    /// <summary>What the server calls it.</summary>
    public string Name => _description.Name;

    /// <summary>Host and port of the server, as it was written last.</summary>
    public string Server => Volatile.Read(ref _description).Server;

    /// <summary>Certificate of the authority, PEM.</summary>
    public string Authority => _description.Authority;

    /// <summary>The certificate to show, with its key.</summary>
    public X509Certificate2 Certificate => Volatile.Read(ref _certificate);

    /// <summary>Whether a directory holds one.</summary>
    public static bool Exists(string directory) => File.Exists(Path.Join(directory, DescriptionFile));

    /// <summary>There is none any more: the rest of its directory means nothing.</summary>
    internal static void Forget(string directory)
    {
        File.Delete(Path.Join(directory, DescriptionFile));
        DurableDirectory.Flush(directory);
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.OptionInvalid"/>: there is none, or it cannot be read.</exception>
    public static NodeIdentity Open(string directory)
    {
        if (!Exists(directory))
        {
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, $"--data: no node has joined a server from '{directory}'.",
                "Add a node at the server (vprotect node add NAME) and run here the command that it tells.");
        }

        try
        {
            return new NodeIdentity(directory, Read(directory), X509Certificate2.CreateFromPemFile(Path.Join(directory, CertificateFile)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or CryptographicException)
        {
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, $"--data: the node's identity in '{directory}' cannot be read: {exception.Message}",
                "Make another token (vprotect node token NAME) and join again.", RetryAdvice.Never, exception);
        }
    }

    /// <summary>Writes a new one, in place of what was there.</summary>
    internal static void Write(string directory, Description description, ECDsa key, string certificate)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        WriteCertificate(directory, key, certificate);
        PrivateFile.Write(Path.Join(directory, DescriptionFile), JsonSerializer.SerializeToUtf8Bytes(description, NodeIdentityJson.Default.Description));
    }

    /// <summary>Goes on with another certificate.</summary>
    internal void Renew(ECDsa key, string certificate)
    {
        WriteCertificate(_directory, key, certificate);
        Volatile.Write(ref _certificate, X509Certificate2.CreateFromPem(certificate, key.ExportPkcs8PrivateKeyPem()));
    }

    /// <summary>Takes the server's address as it is written now: it may have changed while we run.</summary>
    internal void Reload()
    {
        try
        {
            Volatile.Write(ref _description, _description with { Server = Read(_directory).Server });
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            // The one we know stays.
        }
    }

    /// <summary>Another address of the same server.</summary>
    internal void Move(string server)
    {
        Description moved = _description with { Server = server };
        PrivateFile.Write(Path.Join(_directory, DescriptionFile), JsonSerializer.SerializeToUtf8Bytes(moved, NodeIdentityJson.Default.Description));
        Volatile.Write(ref _description, moved);
    }

    private static Description Read(string directory) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Join(directory, DescriptionFile)), NodeIdentityJson.Default.Description) ?? throw new JsonException("It is null.");

    private static void WriteCertificate(string directory, ECDsa key, string certificate) =>
        PrivateFile.Write(Path.Join(directory, CertificateFile), Encoding.ASCII.GetBytes($"{key.ExportPkcs8PrivateKeyPem()}\n{certificate}\n"));

    /// <summary>What <c>node.json</c> holds.</summary>
    /// <param name="Node">Guid.</param>
    /// <param name="Name">What the server calls it.</param>
    /// <param name="Server">Host and port.</param>
    /// <param name="Authority">PEM.</param>
    internal sealed record Description(string Node, string Name, string Server, string Authority);
}

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(NodeIdentity.Description))]
internal sealed partial class NodeIdentityJson : JsonSerializerContext;
