using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Server.Access;

namespace VProtect.Server.Tests.Api;

public sealed partial class EveryEndpointTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    /// <summary>What may be asked without a session, and nothing else.</summary>
    private static readonly string[] Open =
    [
        "POST /api/session/login", "GET /health/live", "GET /health/ready",
        "GET /openapi/v1.json", "GET /api-docs", "GET /api-docs/docs.css", "GET /api-docs/docs.js",
        "GET /", "GET /ui/{**path}",
    ];

    [Fact]
    public async Task Every_endpoint_but_the_open_ones_refuses_a_request_without_a_session()
    {
        using HttpClient client = server.NewClient();
        int refused = 0;
        foreach ((string verb, string path, RouteEndpoint _) in Endpoints().Where(item => !Open.Contains($"{item.Verb} {item.Path}")))
        {
            using var request = new HttpRequestMessage(new HttpMethod(verb), Filled(path)) { Content = verb == "GET" ? null : JsonContent.Create(new { }) };
            using HttpResponseMessage answer = await client.SendAsync(request);
            await answer.ProblemAsync(HttpStatusCode.Unauthorized, 5001);
            refused++;
        }

        Assert.True(refused >= 3);
    }

    [Fact]
    public async Task Every_endpoint_that_changes_something_refuses_a_session_without_its_csrf_token()
    {
        using HttpClient client = await server.LogInAsync("admin", ServerFixture.Password);
        client.DefaultRequestHeaders.Remove("X-CSRF-Token");
        foreach ((string verb, string path, RouteEndpoint _) in Endpoints().Where(item => item.Verb != "GET" && !Open.Contains($"{item.Verb} {item.Path}")))
        {
            using var request = new HttpRequestMessage(new HttpMethod(verb), Filled(path)) { Content = JsonContent.Create(new { }) };
            using HttpResponseMessage answer = await client.SendAsync(request);
            await answer.ProblemAsync(HttpStatusCode.Forbidden, 5003);
        }
    }

    [Fact]
    public void Only_the_open_endpoints_are_anonymous_and_all_others_name_summary_tag_permission_and_errors()
    {
        foreach ((string verb, string path, RouteEndpoint endpoint) in Endpoints())
        {
            string name = $"{verb} {path}";
            Assert.True(Open.Contains(name) == endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null, name);
            if (path.StartsWith("/api/", StringComparison.Ordinal))
            {
                Assert.True(endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>()?.Summary.Length > 5, name);
                Assert.True(endpoint.Metadata.GetMetadata<ITagsMetadata>()?.Tags.Count > 0, name);
                Assert.True(Open.Contains(name) || endpoint.Metadata.GetMetadata<RequiredPermission>() is not null, name);
                Assert.Contains(endpoint.Metadata.OfType<IProducesResponseTypeMetadata>(), answer => answer.StatusCode == 401);
            }
        }
    }

    private IEnumerable<(string Verb, string Path, RouteEndpoint Endpoint)> Endpoints() =>
        from endpoint in server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from verb in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (verb, "/" + endpoint.RoutePattern.RawText!.TrimStart('/'), endpoint);

    private static string Filled(string path) => Parameter().Replace(path, Guid.NewGuid().ToString());

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
