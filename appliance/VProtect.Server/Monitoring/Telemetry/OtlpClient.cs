using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using VProtect.Server.Monitoring.Telemetry.Otlp;

namespace VProtect.Server.Monitoring.Telemetry;

/// <summary>How a request ended.</summary>
/// <param name="Finding">What is amiss; null when nothing is.</param>
/// <param name="IsOver">Whether it is of no use to send the same again.</param>
internal readonly record struct OtlpOutcome(string? Finding, bool IsOver);

/// <summary>Sends to one receiver, protobuf over HTTP. Follows no redirection: headers are for the receiver alone.</summary>
internal sealed class OtlpClient : IDisposable
{
    /// <summary>Nobody waits for it, but what comes behind it does.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Answers tell at most what was refused.</summary>
    private const int AnswerBytesMax = 64 << 10;

    private readonly HttpClient _client;
    private readonly string _base;

    public OtlpClient(string endpoint, X509Certificate2Collection authorities, IReadOnlyDictionary<string, string> headers)
    {
        _base = endpoint.TrimEnd('/');
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10) };
        if (authorities.Count > 0)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        _client = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = AnswerBytesMax };
        foreach ((string name, string value) in headers)
        {
            _client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>Sends a request.</summary>
    /// <param name="signal"><c>metrics</c>, <c>traces</c> or <c>logs</c>.</param>
    /// <param name="body">The request.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<OtlpOutcome> SendAsync(string signal, byte[] body, CancellationToken cancellationToken)
    {
        string address = $"{_base}/v1/{signal}";
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        try
        {
            using HttpResponseMessage answer = await _client.PostAsync(new Uri(address), content, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                // A message that is wrong or too large stays so; all else may be mended at the other end.
                return new OtlpOutcome(
                    $"{address} answers {(int)answer.StatusCode} {answer.ReasonPhrase}.", answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge);
            }

            return new OtlpOutcome(OtlpAnswer.Refused(await answer.Content.ReadAsByteArrayAsync(cancellationToken)) is { } refused ? $"{address} {refused}" : null, IsOver: true);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or AuthenticationException)
        {
            return new OtlpOutcome($"{address} is not reached: {failure.InnerException?.Message ?? failure.Message}", IsOver: false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new OtlpOutcome($"{address} does not answer within {Patience.TotalSeconds:0} s.", IsOver: false);
        }
    }

    public void Dispose() => _client.Dispose();
}
