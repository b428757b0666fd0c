using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;

namespace VProtect.Appliance.Cli.Client.Connection;

/// <summary>Speaks to one server's API. What the server refuses becomes a <see cref="ServerAnswerException"/>, and whatever keeps it from answering a <see cref="VProtectException"/>.</summary>
internal sealed class ApiClient : IDisposable
{
    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Longer than the server lets a node take for an errand, such as opening a repository.</summary>
    private static readonly TimeSpan _answerTimeout = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http;
    private readonly CertificateTrust _trust;

    /// <param name="server">Address, <c>https://HOST:PORT</c>.</param>
    /// <param name="trust">Which certificate will do.</param>
    /// <param name="token">Bearer token; null for a session by cookie.</param>
    public ApiClient(string server, CertificateTrust trust, string? token)
    {
        Server = server;
        _trust = trust;
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = _connectTimeout,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, errors) => trust.Accepts(certificate, errors) },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(server), Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("vprotect-cli");
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public string Server { get; }

    /// <summary>What changes of a cookie session must carry.</summary>
    public string? Csrf { get; set; }

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, body: null, headers: [], cancellationToken);

    /// <summary>Makes something, with a key by which the server knows a repetition.</summary>
    public Task<ApiAnswer> CreateAsync(string path, JsonNode? body, string? key, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, [("Idempotency-Key", key ?? Guid.NewGuid().ToString())], cancellationToken);

    /// <summary>Changes something, if it still is as it was seen.</summary>
    public Task<ApiAnswer> UpdateAsync(string path, JsonNode? body, string? version, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, body, version is null ? [] : [("If-Match", version)], cancellationToken);

    public Task<ApiAnswer> DeleteAsync(string path, string? version, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, path, body: null, version is null ? [] : [("If-Match", version)], cancellationToken);

    /// <param name="method">Verb.</param>
    /// <param name="path">Below <c>/api</c>, with its query.</param>
    /// <param name="body">Sent as JSON; null for none.</param>
    /// <param name="headers">Further ones.</param>
    /// <param name="cancellationToken">Gives up; whether the server has done it is not known then.</param>
    public async Task<ApiAnswer> SendAsync(
        HttpMethod method, string path, JsonNode? body, IReadOnlyList<(string Name, string Value)> headers, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await OpenAsync(method, "/api" + path, body, headers, "application/json", HttpCompletionOption.ResponseContentRead, cancellationToken);
        string text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return ApiAnswer.Of(text, Parse(text), answer.Headers);
    }

    /// <summary>Opens an endless answer, such as the events.</summary>
    public Task<HttpResponseMessage> OpenStreamAsync(string path, CancellationToken cancellationToken) =>
        OpenAsync(HttpMethod.Get, "/api" + path, body: null, [], "text/event-stream", HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Begins to take content; the caller reads it.</summary>
    public Task<HttpResponseMessage> DownloadAsync(string path, JsonNode body, CancellationToken cancellationToken) =>
        OpenAsync(HttpMethod.Post, "/api" + path, body, [], "*/*", HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, JsonNode? body, IReadOnlyList<(string Name, string Value)> headers, string accept, HttpCompletionOption completion,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Accept.ParseAdd(accept);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        foreach ((string name, string value) in Csrf is null ? headers : [.. headers, ("X-CSRF-Token", Csrf)])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_answerTimeout);
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, completion, limit.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is HttpRequestException or IOException or OperationCanceledException)
        {
            throw _trust.IsRefused ? _trust.Refusal(Server) : Unreachable(exception);
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw ServerAnswerException.Of(answer.StatusCode, ParseProblem(await answer.Content.ReadAsStringAsync(cancellationToken)), Server);
        }
    }

    private JsonElement Parse(string text)
    {
        if (text.Length == 0)
        {
            return default;
        }

        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException exception)
        {
            throw new VProtectException(
                ErrorCode.AnswerInvalid, ErrorSide.Request, $"What answers at {Server} is no VProtect server: the answer is no JSON.",
                "Check the address and the port, which is 8181 unless it was changed.", RetryAdvice.Never, exception);
        }
    }

    private static JsonElement ParseProblem(string text)
    {
        try
        {
            return text.Length == 0 ? default : JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private VProtectException Unreachable(Exception exception)
    {
        string why = exception switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name is not known",
            HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => "the connection was refused",
            HttpRequestException { InnerException: System.Security.Authentication.AuthenticationException } => "it does not speak TLS",
            OperationCanceledException => "it did not answer in time",
            HttpRequestException { InnerException: { } inner } => inner.Message.TrimEnd('.'),
            _ => exception.Message.TrimEnd('.'),
        };
        return new VProtectException(
            ErrorCode.ServerUnreachable, ErrorSide.Request, $"{Server} cannot be reached: {why}.",
            "Is the server running ('vprotect serve'), and is this its address? 'vprotect context list' shows what is used.", RetryAdvice.Later, exception);
    }
}
