using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using VProtect.Abstractions;

namespace VProtect.Server.Hosting;

/// <summary>One address that the server listens at: always TLS.</summary>
/// <param name="Host"><c>*</c> for all, <c>localhost</c>, or an IP address.</param>
/// <param name="Port">Port; 0 takes a free one.</param>
internal sealed record ListenAddress(string Host, int Port)
{
    /// <exception cref="VProtectException"><see cref="ErrorCode.OptionInvalid"/>, naming the option.</exception>
    public static ListenAddress Parse(string url)
    {
        // A star is no host to Uri.
        if (!Uri.TryCreate(url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out Uri? uri) || uri.PathAndQuery != "/")
        {
            throw Invalid(url, "is no URL of a host and a port");
        }

        if (uri.Scheme != Uri.UriSchemeHttps)
        {
            throw Invalid(url, "is not https, and nothing is served in clear text");
        }

        string host = url.Contains("://*", StringComparison.Ordinal) ? "*" : uri.Host.Trim('[', ']');
        return host is "*" or "localhost" || IPAddress.TryParse(host, out _)
            ? new ListenAddress(host, uri.Port)
            : throw Invalid(url, "names a host that is neither *, localhost nor an IP address");
    }

    public void Apply(KestrelServerOptions kestrel, ServerCertificate certificate)
    {
        Action<ListenOptions> tls = listen => listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Context,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            }),
        });
        switch (Host)
        {
            case "*":
                kestrel.ListenAnyIP(Port, tls);
                break;
            case "localhost" when Port != 0:
                kestrel.ListenLocalhost(Port, tls);
                break;
            default:
                kestrel.Listen(Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(Host), Port, tls);
                break;
        }
    }

    private static VProtectException Invalid(string url, string why) =>
        new(ErrorCode.OptionInvalid, ErrorSide.Request, $"--urls: '{url}' {why}.", "Write it as https://*:8181 or https://192.0.2.10:8181.");
}
