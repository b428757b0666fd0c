namespace VProtect.Appliance.Cli.Client.Contexts;

/// <summary>A server's address as people type it: <c>backup1</c>, <c>backup1:443</c>, <c>https://backup1:8181/</c>.</summary>
internal static class ServerAddress
{
    public const string Default = "https://localhost:8181";
    private const int DefaultPort = 8181;

    /// <returns><c>https://HOST:PORT</c>, port 8181 unless one was typed.</returns>
    public static string Parse(string typed)
    {
        string text = typed.Trim().TrimEnd('/');
        bool hasScheme = text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(hasScheme ? text : "https://" + text, UriKind.Absolute, out Uri? uri)
            || uri.Scheme != Uri.UriSchemeHttps || uri.Host.Length == 0 || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
        {
            throw Invocation.BadArgument($"'{typed}' is no address of a server.", "Write it as https://HOST:8181, or as HOST alone. Nothing but https is spoken.");
        }

        // 443 as typed and 443 by default look alike to Uri.
        bool namesPort = uri.Port != 443 || text.EndsWith(":443", StringComparison.Ordinal);
        return $"https://{uri.Host}:{(namesPort ? uri.Port : DefaultPort)}";
    }
}
