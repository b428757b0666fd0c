using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;

namespace VProtect.Node.Remote;

/// <summary>Calls a server's port for nodes: one HTTP/2 connection, TLS 1.3, that trusts one authority and nothing that the machine trusts besides.</summary>
internal sealed class NodeHttp : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>A dead link is found by pings.</summary>
    private static readonly TimeSpan Ping = TimeSpan.FromSeconds(10);

    /// <summary>A long poll takes 20 s; whoever is silent for longer is not there.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(60);

    private readonly HttpClient _client;

    /// <summary>On the same connection, for what takes as long as it takes.</summary>
    private readonly HttpClient _patient;

    /// <param name="authority">Whom to trust; null trusts anybody, to learn the authority and nothing else.</param>
    /// <param name="certificate">What to show; null nothing.</param>
    /// <param name="connectTimeout">How long a connection may take to come about; null for one that is tried again in any case.</param>
    public NodeHttp(X509Certificate2? authority, Func<X509Certificate2>? certificate, TimeSpan? connectTimeout = null)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectTimeout ?? Ping,
            KeepAlivePingDelay = Ping,
            KeepAlivePingTimeout = Ping,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,

            // A certificate that was renewed is shown by the next connection.
            PooledConnectionLifetime = TimeSpan.FromHours(1),
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                RemoteCertificateValidationCallback = (_, shown, _, _) => authority is null || (shown is X509Certificate2 found && IsServer(found, authority)),
                LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate(),
            },
        };
        _client = new HttpClient(handler) { Timeout = AnswerMax };
        _patient = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <param name="server">Host and port.</param>
    /// <param name="call">Which.</param>
    /// <param name="question">What is said.</param>
    /// <param name="ask">How it is written.</param>
    /// <param name="answer">How the answer is read.</param>
    /// <param name="leaseNumber">For a lease: which question this is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="VProtectException">As the server says; or <see cref="ErrorCode.ServerUnreachable"/>, <see cref="ErrorCode.ServerUntrusted"/>, <see cref="ErrorCode.AnswerInvalid"/>.</exception>
    public async Task<TAnswer> CallAsync<TQuestion, TAnswer>(
        string server, string call, TQuestion question, JsonTypeInfo<TQuestion> ask, JsonTypeInfo<TAnswer> answer, string? leaseNumber, CancellationToken cancellationToken)
        where TAnswer : class
    {
        using HttpRequestMessage request = Request(
            server, call, new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(question, ask)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } });
        if (leaseNumber is not null)
        {
            request.Headers.Add(NodeWire.LeaseHeader, leaseNumber);
        }

        try
        {
            using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken);
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return JsonSerializer.Deserialize(body, answer) ?? throw new JsonException("It is null.");
            }

            throw Refusal(body);
        }
        catch (HttpRequestException exception) when (exception.InnerException is AuthenticationException inner)
        {
            throw new VProtectException(
                ErrorCode.ServerUntrusted, ErrorSide.Request, $"Whoever answers at {server} is not the server that this node belongs to: {inner.Message}",
                "Look whether the address is right. If the server was made anew, make a token there and join again.", RetryAdvice.Later, exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new VProtectException(
                ErrorCode.ServerUnreachable, ErrorSide.Request, $"The server at {server} does not answer: {(exception is OperationCanceledException ? "it took too long" : exception.Message)}",
                "Look whether it runs and its port for nodes can be reached from here.", RetryAdvice.Later, exception);
        }
        catch (JsonException exception)
        {
            throw new VProtectException(
                ErrorCode.AnswerInvalid, ErrorSide.Request, $"The answer from {server} is not understood: {exception.Message}", "Use the same version on server and node.", RetryAdvice.Later, exception);
        }
    }

    /// <summary>A call whose question <paramref name="write"/> writes, and whose answer says nothing.</summary>
    /// <exception cref="VProtectException">As the server says; <see cref="ErrorCode.ServerUnreachable"/>: the line was cut, or the server wants no more of it.</exception>
    public async Task StreamAsync(string server, string call, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(server, call, new WrittenContent(write, cancellationToken));
        try
        {
            using HttpResponseMessage response = await _patient.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw Refusal(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            throw new VProtectException(
                ErrorCode.ServerUnreachable, ErrorSide.Request, $"The server at {server} did not take the answer: {exception.Message}", "Look whether it runs.", RetryAdvice.Later, exception);
        }
    }

    public void Dispose()
    {
        _patient.Dispose();
        _client.Dispose();
    }

    private static HttpRequestMessage Request(string server, string call, HttpContent content) => new(HttpMethod.Post, new Uri($"https://{server}{NodeWire.Root}{call}"))
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = content,
    };

    private static VProtectException Refusal(byte[] body)
    {
        WireProblem problem = JsonSerializer.Deserialize(body, NodeWireJson.Default.WireProblem) ?? throw new JsonException("It is null.");
        return new VProtectException(problem.Code, problem.Side, problem.Message, problem.Guidance, problem.Retry);
    }

    /// <summary>A certificate of the authority for servers. Its dates do not count: the node's clock may be wrong, and the authority is the node's own anchor.</summary>
    private static bool IsServer(X509Certificate2 shown, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return chain.Build(shown);
    }

    /// <summary>A body that is written into the connection.</summary>
    private sealed class WrittenContent(Func<Stream, CancellationToken, Task> write, CancellationToken ends) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(stream, ends);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => write(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
