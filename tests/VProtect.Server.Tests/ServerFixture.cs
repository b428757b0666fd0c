using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using VProtect.Testing;

namespace VProtect.Server.Tests;

/// <summary>A server of a new appliance in this process, with its administrator logged in. One for the tests of a class.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    public const string Password = "correct horse battery 9";

    public WebApplication App { get; private set; } = null!;

    public FakeTime Time { get; } = new();

    public string DataPath { get; } = Directory.CreateTempSubdirectory("vprotect-test-").FullName;

    /// <summary>The one-time password of the first start.</summary>
    public string FirstPassword { get; private set; } = "";

    /// <summary>Adds to what the server is made of.</summary>
    public Action<WebApplicationBuilder> Adapt { get; init; } = _ => { };

    /// <summary>Logged in as the administrator; carries cookie and CSRF token.</summary>
    public HttpClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var options = new ServerOptions { DataPath = DataPath, Time = Time, FirstPassword = password => FirstPassword = password };
        App = await ServerHost.BuildAsync(
            options,
            builder =>
            {
                builder.WebHost.UseTestServer();
                Adapt(builder);
            },
            CancellationToken.None);
        await App.StartAsync();
        Client = await LogInAsync("admin", FirstPassword);
        (await Client.PutAsJsonAsync("/api/session/password", new { currentPassword = FirstPassword, newPassword = Password })).EnsureSuccessStatusCode();
    }

    /// <summary>A client without a session.</summary>
    public HttpClient NewClient() => new(new Cookies(App.GetTestServer().CreateHandler())) { BaseAddress = new Uri("https://localhost") };

    public async Task<HttpClient> LogInAsync(string login, string password)
    {
        HttpClient client = NewClient();
        using HttpResponseMessage answer = await client.PostAsJsonAsync("/api/session/login", new { login, password });
        answer.EnsureSuccessStatusCode();
        JsonElement body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        client.DefaultRequestHeaders.Add("X-CSRF-Token", body.GetProperty("csrfToken").GetString());
        return client;
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        Directory.Delete(DataPath, recursive: true);
    }

    /// <summary>Keeps cookies as a browser does; the test server's own handler does not.</summary>
    private sealed class Cookies(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private readonly CookieContainer _cookies = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string cookies = _cookies.GetCookieHeader(request.RequestUri!);
            if (cookies.Length > 0)
            {
                request.Headers.Add("Cookie", cookies);
            }

            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            if (answer.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? set))
            {
                foreach (string cookie in set)
                {
                    _cookies.SetCookies(request.RequestUri!, cookie);
                }
            }

            return answer;
        }
    }
}
