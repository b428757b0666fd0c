using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;

namespace VProtect.Server.Tests.Access;

/// <summary>Attacks that need bytes on a connection, as no well-meaning client sends them.</summary>
public sealed class ConnectionAttackTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("vprotect-test-").FullName;
    private WebApplication _app = null!;

    public async Task InitializeAsync()
    {
        var options = new ServerOptions { DataPath = _directory, Urls = ["https://127.0.0.1:0"], FirstPassword = _ => { } };
        _app = await ServerHost.BuildAsync(options, CancellationToken.None);
        await _app.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData("/api-docs/../secret.key")]
    [InlineData("/api-docs/..%2f..%2fsecret.key")]
    [InlineData("/api-docs/%2e%2e/%2e%2e/catalog.db")]
    [InlineData("/api-docs/..%5c..%5ccatalog.db")]
    [InlineData("/api-docs/%252e%252e/catalog.db")]
    [InlineData("/openapi/../../../../etc/passwd")]
    [InlineData("/api/tasks/..%2f..%2fusers/log")]
    [InlineData("/api/virtual-machines/%00")]
    [InlineData("//etc/passwd")]
    public async Task Path_leads_out_of_nothing(string path)
    {
        string answer = await AskAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 40[014] ", answer);
    }

    [Fact]
    public async Task Oversized_body_is_refused_before_it_is_sent()
    {
        string answer = await AskAsync(
            "POST /api/session/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{");
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST /api/session/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Line: a\n b\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\n\r\n")]
    public async Task Ambiguous_request_is_refused(string request) => Assert.StartsWith("HTTP/1.1 400 ", await AskAsync(request), StringComparison.Ordinal);

    [Fact]
    public async Task Slow_clients_hold_up_nobody_and_are_cut()
    {
        List<SslStream> slow = [];
        try
        {
            for (int i = 0; i < 50; i++)
            {
                slow.Add(await ConnectAsync());
                string part = i % 2 == 0
                    ? "GET /health/live HTTP/1.1\r\nHost: loc"
                    : "POST /api/session/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
                await slow[^1].WriteAsync(Encoding.ASCII.GetBytes(part));
            }

            string answer = await AskAsync("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
            Assert.Contains(" 408 ", await ReadAsync(slow[0]), StringComparison.Ordinal);
            Assert.Contains(" 408 ", await ReadAsync(slow[1]), StringComparison.Ordinal);
        }
        finally
        {
            foreach (SslStream stream in slow)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private async Task<SslStream> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(_app.Urls.Single()).Port);
        var stream = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await stream.AuthenticateAsClientAsync("localhost");
        return stream;
    }

    private async Task<string> AskAsync(string request)
    {
        await using SslStream stream = await ConnectAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        return await ReadAsync(stream);
    }

    /// <summary>All that is answered until the server closes the connection.</summary>
    private static async Task<string> ReadAsync(SslStream stream)
    {
        using var answer = new MemoryStream();
        byte[] buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer) is var read and > 0)
            {
                answer.Write(buffer, 0, read);
            }
        }
        catch (IOException)
        {
            // Cut without a farewell: what came before counts.
        }

        return Encoding.ASCII.GetString(answer.ToArray());
    }
}
