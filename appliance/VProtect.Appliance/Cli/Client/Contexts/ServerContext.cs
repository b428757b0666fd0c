namespace VProtect.Appliance.Cli.Client.Contexts;

/// <summary>A server that somebody has logged in to. No password is kept, only a token that the server can take back.</summary>
/// <param name="Name">What it is called here.</param>
/// <param name="Server">Its address, <c>https://HOST:PORT</c>.</param>
/// <param name="Login">As whom.</param>
/// <param name="Fingerprint">SHA-256 of the certificate that was trusted, hexadecimal; null when this machine's authorities vouch for it.</param>
/// <param name="Token">Bearer token; null after a logout.</param>
/// <param name="TokenGuid">By which the token is taken back; null when it was made elsewhere.</param>
internal sealed record ServerContext(string Name, string Server, string? Login, string? Fingerprint, string? Token, Guid? TokenGuid);

/// <summary>The file of contexts.</summary>
/// <param name="Current">Name of the one that is used when none is named.</param>
/// <param name="Contexts">All of them.</param>
internal sealed record ContextDocument(string? Current, IReadOnlyList<ServerContext> Contexts)
{
    public static ContextDocument Empty { get; } = new(null, []);

    public ServerContext? Find(string? name) => Contexts.FirstOrDefault(context => context.Name == name);

    /// <summary>With this one in the place of its namesake, and current.</summary>
    public ContextDocument With(ServerContext context) =>
        new(context.Name, [.. Contexts.Where(other => other.Name != context.Name), context]);

    public ContextDocument Without(string name) =>
        new(Current == name ? null : Current, [.. Contexts.Where(other => other.Name != name)]);
}
