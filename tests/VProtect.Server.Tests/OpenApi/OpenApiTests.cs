using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VProtect.Server.Tests.OpenApi;

/// <summary>
/// The checked-in document is the API's. <c>VPROTECT_OPENAPI=write dotnet test tests/VProtect.Server.Tests --filter OpenApi</c> writes it anew, unless older
/// clients would break; <c>VPROTECT_OPENAPI=break</c> writes it even then.
/// </summary>
public sealed partial class OpenApiTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly string CheckedIn = Path.Combine(Root(), "appliance", "VProtect.Server", "Api", "openapi.json");

    [Fact]
    public void Checked_in_document_is_that_of_the_endpoints()
    {
        string now = ApiDocument.Write(server.App.Services);
        string before = File.Exists(CheckedIn) ? File.ReadAllText(CheckedIn) : "";
        string? wish = Environment.GetEnvironmentVariable("VPROTECT_OPENAPI");
        IReadOnlyList<string> broken = before.Length == 0 ? [] : BreakingChanges.Between(JsonNode.Parse(before)!.AsObject(), JsonNode.Parse(now)!.AsObject());
        if (wish == "break" || (wish == "write" && broken.Count == 0))
        {
            File.WriteAllText(CheckedIn, now);
            return;
        }

        Assert.True(broken.Count == 0, "Older clients would break. If it must be, write the document with VPROTECT_OPENAPI=break.\n" + string.Join('\n', broken));
        Assert.True(now == before, "The API is not what openapi.json says. Write it with VPROTECT_OPENAPI=write.\n" + FirstDifference(before, now));
    }

    [Fact]
    public async Task Served_document_is_the_checked_in_one_and_needs_no_session()
    {
        if (Environment.GetEnvironmentVariable("VPROTECT_OPENAPI") is { Length: > 0 })
        {
            // It is being written; what is served was built in before.
            return;
        }

        using HttpClient client = server.NewClient();
        using HttpResponseMessage answer = await client.GetAsync("/openapi/v1.json");
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(File.ReadAllText(CheckedIn), await answer.Content.ReadAsStringAsync());
        using var again = new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json");
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, (await client.SendAsync(again)).StatusCode);
    }

    // What the specification asks of a document beyond its shape: https://spec.openapis.org/oas/v3.1.1.html
    [Fact]
    public void Document_is_whole()
    {
        JsonObject document = JsonNode.Parse(ApiDocument.Write(server.App.Services))!.AsObject();
        Assert.Equal("3.1.1", document["openapi"]!.GetValue<string>());
        string text = document.ToJsonString();
        foreach (Match match in References().Matches(text))
        {
            Assert.NotNull(match.Groups[1].Value.Split('/').Aggregate((JsonNode?)document, (node, part) => node?[part]));
        }

        HashSet<string> ids = [];
        HashSet<string> tags = [.. document["tags"]!.AsArray().Select(tag => tag!["name"]!.GetValue<string>())];
        foreach ((string path, JsonNode? verbs) in document["paths"]!.AsObject())
        {
            foreach ((string verb, JsonNode? operation) in verbs!.AsObject())
            {
                string name = $"{verb} {path}";
                Assert.True(ids.Add(operation!["operationId"]!.GetValue<string>()), name);
                Assert.All(operation["tags"]!.AsArray(), tag => Assert.Contains(tag!.GetValue<string>(), tags));
                Assert.True(operation["summary"]!.GetValue<string>().EndsWith('.'), name);
                Assert.True(operation["x-permission"] is not null || operation["security"]!.AsArray().Count == 0, name);
                Assert.Equal(
                    Templates().Matches(path).Select(match => match.Groups[1].Value).Order(),
                    Parameters(operation).Where(one => one.In == "path").Select(one => one.Name).Order());
                Assert.Equal(Parameters(operation).Count(), Parameters(operation).Distinct().Count());
                Assert.True(operation["responses"]!.AsObject().Any(answer => answer.Key[0] == '2' && (answer.Key == "204" || answer.Value!["content"] is not null)), name);
                Assert.True(operation["requestBody"] is null || operation["requestBody"]!["content"]!["application/json"]!["example"] is not null, name);
                Assert.NotNull(operation["responses"]!["401"]);
            }
        }
    }

    [Fact]
    public async Task Browsable_page_is_served_with_what_it_needs_and_nothing_from_elsewhere()
    {
        using HttpClient client = server.NewClient();
        foreach ((string path, string type) in new[] { ("/api-docs", "text/html"), ("/api-docs/docs.css", "text/css"), ("/api-docs/docs.js", "text/javascript") })
        {
            using HttpResponseMessage answer = await client.GetAsync(path);
            Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
            Assert.Contains("default-src 'self'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            string text = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain("http://", text, StringComparison.Ordinal);
            Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
            Assert.DoesNotContain("innerHTML", text, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api-docs/other.js")).StatusCode);
    }

    private static IEnumerable<(string In, string Name)> Parameters(JsonNode operation) => (operation["parameters"]?.AsArray() ?? [])
        .Select(parameter => (parameter!["in"]!.GetValue<string>(), parameter["name"]!.GetValue<string>()));

    private static string FirstDifference(string before, string now)
    {
        (string[] old, string[] lines) = (before.Split('\n'), now.Split('\n'));
        int at = Enumerable.Range(0, Math.Min(old.Length, lines.Length)).FirstOrDefault(i => old[i] != lines[i]);
        return $"line {at + 1}:\n- {old.ElementAtOrDefault(at)}\n+ {lines.ElementAtOrDefault(at)}";
    }

    private static string Root()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "VProtect.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new InvalidOperationException("The tests run outside of the repository.");
    }

    [GeneratedRegex("\"#/([^\"]+)\"")]
    private static partial Regex References();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Templates();
}
