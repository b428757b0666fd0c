using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>Speaks REST to an appliance, as a script would. An answer that tells of a failure is an <see cref="ApplianceRefusal"/>.</summary>
internal sealed class ApplianceClient : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="address">Where it listens.</param>
    /// <param name="data">Its data directory, where the certificate is that it made for itself: this one is trusted and no other.</param>
    /// <param name="token">Bearer token, once there is one.</param>
    public ApplianceClient(Uri address, string data, string? token = null)
    {
        using var known = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Join(data, "tls", "server.crt")));
        string thumbprint = known.Thumbprint;
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == thumbprint,
            },
        };
        _http = new HttpClient(handler) { BaseAddress = address, Timeout = ApplianceSite.Patience };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }
    }

    /// <summary>Logs in at first start, changes the password, and makes a token.</summary>
    public async Task<string> BeginAsync(string firstPassword)
    {
        const string Password = "correct horse battery 9";
        JsonElement session = await PostAsync("/api/session/login", new { login = "admin", password = firstPassword });
        _http.DefaultRequestHeaders.Add("X-CSRF-Token", session.GetProperty("csrfToken").GetString());
        await PutAsync("/api/session/password", new { currentPassword = firstPassword, newPassword = Password });
        return (await PostAsync("/api/tokens", new { name = "tests" })).GetProperty("token").GetString()!;
    }

    public Task<JsonElement> GetAsync(string path) => SendAsync(HttpMethod.Get, path, body: null);

    public Task<JsonElement> PostAsync(string path, object body) => SendAsync(HttpMethod.Post, path, body);

    public Task<JsonElement> PutAsync(string path, object body) => SendAsync(HttpMethod.Put, path, body);

    public Task<JsonElement> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, body: null);

    /// <summary>Content as it is, or the range of it.</summary>
    public async Task<(HttpResponseMessage Answer, byte[] Content)> BytesAsync(string path, object? body = null, string? range = null)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (range is not null)
        {
            request.Headers.Add("Range", range);
        }

        HttpResponseMessage answer = await _http.SendAsync(request);
        return (answer, await answer.Content.ReadAsByteArrayAsync());
    }

    /// <summary>Opens the stream of events; the caller disposes it.</summary>
    public Task<Stream> EventsAsync() => _http.GetStreamAsync(new Uri("/api/events", UriKind.Relative));

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using HttpResponseMessage answer = await _http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
        {
            throw new ApplianceRefusal((int)answer.StatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        }

        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }
}

/// <summary>The appliance refused a request.</summary>
internal sealed class ApplianceRefusal(int status, string message) : Exception(message)
{
    public int Status => status;
}
