using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>
/// Goal: no secret that goes into an appliance, or that it makes, is to be seen anywhere but in its answer to whoever made it. Method: a secret of every kind is
/// planted over REST, also where it is refused; logins and tasks succeed and fail; then everything that is kept and shown is searched for each of them, as text, Base64 and hex.
/// </summary>
public sealed partial class PlantedSecretTests
{
    private const string Password = "correct horse battery 9";

    private readonly Dictionary<string, string> _secrets = [];

    [Fact]
    public async Task Secrets_are_in_no_log_bundle_metric_audit_entry_answer_or_file()
    {
        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => web = TestMachine.Add(datacenter, "web", 51, 1 << 20, 1 << 20));
        await site.Client.PutAsync("/api/global-settings", new { logFormat = "BOTH" });
        _secrets["password of the platform"] = "only-the-platform-knows";
        _secrets["token of the site"] = site.Token;
        _secrets["first password"] = site.Process.FirstPassword!;
        _secrets["password of the administrator"] = Password;

        // 1. What is kept.
        JsonElement destination = await site.Client.PostAsync(
            "/api/backup-destinations", new { name = "offsite", settings = new { path = site["offsite"] }, passphrase = Planted("pass phrase"), defaultBackupDestination = true });
        Made("recovery key", destination, "recoveryKey");
        string chap = Text(await site.Client.PostAsync("/api/credential", new { name = "chap", kind = "PASSWORD", login = "lab", secret = Planted("CHAP") }), "guid");
        string mutual = Text(await site.Client.PostAsync("/api/credential", new { name = "mutual", kind = "PASSWORD", login = "target", secret = Planted("mutual CHAP") }), "guid");
        await RefusedAsync(site.Client.PostAsync(
            "/api/hypervisors", new { host = site["nowhere"], type = "FAKE", user = "root", password = Planted("password of a platform that is not there") }));
        using HttpListener bucket = RefusingBucket();
        string key = Text(await site.Client.PostAsync("/api/credential", new { name = "bucket", login = "AK", secret = Planted("key of a bucket") }), "guid");
        await RefusedAsync(site.Client.PostAsync(
            "/api/backup-destinations", new { name = "cloud", settings = new { path = $"s3://backups/x?endpoint={bucket.Prefixes.Single().TrimEnd('/')}" }, credential = new { guid = key } }));
        await site.Client.PutAsync("/api/directory", new
        {
            active = true,
            url = "ldaps://127.0.0.1:1",
            bindDn = "cn=reader",
            userBase = "dc=example",
            password = Planted("password of the directory"),
        });
        await site.Client.PutAsync("/api/telemetry", new { active = true, endpoint = "http://127.0.0.1:1", headers = new { Authorization = Planted("header of telemetry") } });
        Made("token", await site.Client.PostAsync("/api/tokens", new { name = "robot", permissions = new[] { "audit.read" } }), "token");
        Made("token of a node", await site.Client.PostAsync("/api/nodes", new { name = "remote" }), "token");
        Made("token of an appliance", await site.Client.PostAsync("/api/appliances", new { name = "branch" }), "token");
        await site.Client.PostAsync("/api/users", new { login = "ann", password = Planted("password of a user"), roles = new[] { new { guid = await RoleAsync(site) } } });

        // 2. What comes and goes with people: sessions, second factors, what they mistype.
        using HttpClient ann = await LogInAsync(site, "ann", _secrets["password of a user"]);
        await SendAsync(ann, HttpMethod.Put, "/api/session/password", new { currentPassword = _secrets["password of a user"], newPassword = Planted("second password of a user") });
        using HttpClient again = await LogInAsync(site, "ann", _secrets["second password of a user"]);
        JsonElement factor = await SendAsync(again, HttpMethod.Post, "/api/session/second-factor", new { currentPassword = _secrets["second password of a user"] });
        Made("second factor", factor, "secret");
        await SendAsync(again, HttpMethod.Put, "/api/session/second-factor", new { code = Planted("code") });
        using HttpClient stranger = NewClient(site);
        await SendAsync(stranger, HttpMethod.Post, "/api/session/login", new { login = "ann", password = Planted("mistyped password") });
        await SendAsync(stranger, HttpMethod.Post, "/api/session/login", new { login = "nobody", password = Planted("password of nobody") });
        stranger.DefaultRequestHeaders.Authorization = new("Bearer", Planted("false token"));
        await SendAsync(stranger, HttpMethod.Get, "/api/tasks", body: null);

        // 3. What is refused.
        await RefusedAsync(site.Client.PostAsync("/api/backup-destinations", new { name = "again", settings = new { path = site["offsite"] }, passphrase = Planted("wrong pass phrase") }));
        await RefusedAsync(site.Client.PostAsync("/api/credential", new { name = "chap", kind = "PASSWORD", login = "x", secret = Planted("secret of a name that is taken") }));
        await RefusedAsync(site.Client.PostAsync("/api/credential", new { name = "odd", kind = Planted("secret in another member"), login = "x", secret = "x" }));
        await RefusedAsync(site.Client.PostAsync("/api/credential", new { name = "odd", kind = "PASSWORD", secret = new { value = Planted("secret of another shape") } }));
        await RefusedAsync(site.Client.PutAsync("/api/telemetry", new { headers = new Dictionary<string, string> { ["a b"] = Planted("refused header") } }));
        await RefusedAsync(site.Client.PutAsync("/api/server-certificate", new { certificate = "none", privateKey = Planted("private key that is none") }));
        await RefusedAsync(site.Client.PostAsync("/api/membership", new { server = "https://127.0.0.1:1", token = Planted("token of a server that is not there") }));
        (HttpResponseMessage broken, _) = await BrokenAsync(site, $$"""{"name": "odd", "secret": "{{Planted("secret in broken JSON")}}" """);
        broken.Dispose();

        // 4. Tasks that succeed, and that fail.
        string machine = await site.MachineAsync(web.Uuid);
        string backup = await site.BackUpAsync(machine, destination: Text(destination, "guid"));
        await site.SucceedsAsync(await site.AskAsync(
            "mount", new { backup = new { guid = backup }, mode = "ISCSI", chapCredential = new { guid = chap }, mutualChapCredential = new { guid = mutual } }));
        string address = Text((await site.Client.GetAsync("/api/mounted-backups"))[0], "guid");
        await site.SucceedsAsync(await site.AskAsync("appliance-backup", new { }));
        await site.Client.PostAsync($"/api/backup-destinations/{Text(destination, "guid")}/check", new { });
        Directory.Move(site["offsite"], site["away"]);
        await site.EndOfAsync(await site.AskBackupAsync(machine, isFull: true, Text(destination, "guid")));
        Directory.Move(site["away"], site["offsite"]);
        await ApplianceSite.UntilAsync(async () => (await site.Client.GetAsync("/api/telemetry")).GetProperty("finding").ValueKind == JsonValueKind.String, () => "Nobody warns of the receiver.");
        await site.Client.PostAsync("/api/directory/check", new { });
        await site.Client.PostAsync("/api/telemetry/check", new { });
        await site.Client.PostAsync("/api/appliance/rotate-key", new { });
        Assert.NotEmpty(address);

        // 5. All that is kept and shown.
        List<(string Where, byte[] What)> shown = [("console", Encoding.UTF8.GetBytes(site.Process.Said))];
        shown.AddRange(await BundleAsync(site));
        shown.AddRange(await AnswersAsync(site));
        shown.Add(("/metrics", (await site.Client.BytesAsync("/metrics")).Content));
        shown.AddRange(Files(site));
        string[] needed = ["logs/vprotect.jsonl", "bundle: logs/vprotect.jsonl", "bundle: check.txt", "catalog.db", "GET /api/audit?size=1000", "GET /api/credential", "GET /api/telemetry", "/metrics"];
        Assert.All(needed, name => Assert.Contains(shown, one => one.Where == name && one.What.Length > 0));
        string log = Encoding.UTF8.GetString(shown.Single(one => one.Where == "logs/vprotect.jsonl").What);
        Assert.Contains("Telemetry is not taken", log, StringComparison.Ordinal);
        Assert.Contains("ended Failed", log, StringComparison.OrdinalIgnoreCase);

        // The console may tell the first password, once; nobody has written a log of it.
        Assert.Contains(_secrets["first password"], site.Process.Said, StringComparison.Ordinal);
        Assert.Equal(32, _secrets.Count);
        List<string> found =
        [
            .. from secret in _secrets
               from form in Forms(secret.Value)
               from one in shown
               where one.What.AsSpan().IndexOf(form) >= 0 && (secret.Key, one.Where) != ("first password", "console")
               select $"{secret.Key} is in {one.Where}",
        ];
        Assert.Empty(found.Distinct());

        // The search finds what is there.
        foreach ((string where, string what) in (ReadOnlySpan<(string, string)>)
            [("GET /api/credential", "mutual"), ("GET /api/audit?size=1000", "telemetry.update"), ("catalog.db", "cn=reader"), ("bundle: destinations.json", "offsite"), ("/metrics", "offsite")])
        {
            Assert.True(shown.Single(one => one.Where == where).What.AsSpan().IndexOf(Encoding.UTF8.GetBytes(what)) >= 0, $"{what} is not in {where}");
        }
    }

    private static IEnumerable<byte[]> Forms(string secret)
    {
        byte[] text = Encoding.UTF8.GetBytes(secret);
        yield return text;
        yield return Encoding.UTF8.GetBytes(Convert.ToBase64String(text).TrimEnd('=')[..^1]);
        yield return Encoding.UTF8.GetBytes(Convert.ToHexString(text));
        yield return Encoding.UTF8.GetBytes(Convert.ToHexStringLower(text));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static async Task<string> RoleAsync(ApplianceSite site) => Text((await site.Client.GetAsync("/api/roles")).EnumerateArray().First(), "guid");

    /// <summary>What comes of it is not of interest, only what is left of it.</summary>
    private static async Task RefusedAsync(Task<JsonElement> request)
    {
        try
        {
            await request;
        }
        catch (ApplianceRefusal)
        {
            // As it should be.
        }
    }

    /// <summary>Object storage that lets nobody in, and says back what it was asked.</summary>
    private static HttpListener RefusingBucket()
    {
        int port = FreePort.Take();
        var service = new HttpListener();
        service.Prefixes.Add($"http://127.0.0.1:{port}/");
        service.Start();
        _ = Task.Run(async () =>
        {
            while (service.IsListening)
            {
                HttpListenerContext asked = await service.GetContextAsync();
                asked.Response.StatusCode = 403;
                asked.Response.ContentType = "application/xml";
                await using Stream answer = asked.Response.OutputStream;
                await answer.WriteAsync(Encoding.UTF8.GetBytes($"<Error><Code>AccessDenied</Code><Message>{asked.Request.Headers["Authorization"]}</Message></Error>"));
            }
        });
        return service;
    }

    private static async Task<(HttpResponseMessage Answer, byte[] Content)> BrokenAsync(ApplianceSite site, string body)
    {
        using HttpClient client = NewClient(site);
        client.DefaultRequestHeaders.Authorization = new("Bearer", site.Token);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        HttpResponseMessage answer = await client.PostAsync(new Uri("/api/credential", UriKind.Relative), content);
        return (answer, await answer.Content.ReadAsByteArrayAsync());
    }

    private static HttpClient NewClient(ApplianceSite site, CookieContainer? cookies = null) => new(
        new HttpClientHandler { CookieContainer = cookies ?? new(), ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator })
    {
        BaseAddress = site.Address,
        Timeout = ApplianceSite.Patience,
    };

    private static async Task<JsonElement> SendAsync(HttpClient client, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using HttpResponseMessage answer = await client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    private static async Task<List<(string, byte[])>> BundleAsync(ApplianceSite site)
    {
        (HttpResponseMessage answer, byte[] content) = await site.Client.BytesAsync("/api/support-bundle", new { });
        answer.Dispose();
        await using var archive = new ZipArchive(new MemoryStream(content));
        List<(string, byte[])> entries = [];
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            await using Stream stream = await entry.OpenAsync();
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy);
            entries.Add(("bundle: " + entry.FullName, copy.ToArray()));
        }

        return entries;
    }

    /// <summary>What every GET of the API answers: lists, and the first objects of each.</summary>
    private static async Task<List<(string, byte[])>> AnswersAsync(ApplianceSite site)
    {
        string[] paths =
        [
            .. (await site.Client.GetAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject()
                .Where(path => path.Value.TryGetProperty("get", out _) && !path.Name.EndsWith("/events", StringComparison.Ordinal)).Select(path => path.Name),
        ];
        List<(string, byte[])> answers = [];
        Dictionary<string, string[]> guids = [];
        foreach (string path in paths.Where(path => !path.Contains('{', StringComparison.Ordinal)))
        {
            string asked = path == "/api/audit" ? path + "?size=1000" : path;
            (HttpResponseMessage answer, byte[] content) = await site.Client.BytesAsync(asked);
            answer.Dispose();
            answers.Add(($"GET {asked}", content));
            guids[path] = [.. OwnGuid().Matches(Encoding.UTF8.GetString(content)).Select(match => match.Groups[1].Value).Distinct().Take(20)];
        }

        foreach (string path in paths.Where(path => path.Contains('{', StringComparison.Ordinal)))
        {
            foreach (string guid in guids.GetValueOrDefault(path[..path.IndexOf("/{", StringComparison.Ordinal)], []))
            {
                string asked = Parameter().Replace(path, guid);
                (HttpResponseMessage answer, byte[] content) = await site.Client.BytesAsync(asked);
                answer.Dispose();
                answers.Add(($"GET {asked}", content));
            }
        }

        Assert.True(answers.Count > 60, answers.Count.ToString(CultureInfo.InvariantCulture));
        return answers;
    }

    /// <summary>Everything in the data directory and in the repositories.</summary>
    private static IEnumerable<(string, byte[])> Files(ApplianceSite site)
    {
        foreach (string root in (string[])[site.Data, site["offsite"]])
        {
            // Sockets have no length, and cannot be opened.
            foreach (string file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).Length > 0))
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                byte[] content = new byte[stream.Length];
                stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
                yield return (Path.GetRelativePath(root, file), content);
            }
        }
    }

    private string Planted(string name) => _secrets[name] = $"planted-{_secrets.Count}-{Guid.NewGuid():N}";

    private void Made(string name, JsonElement answer, string member) => _secrets[name] = Text(answer, member);

    private async Task<HttpClient> LogInAsync(ApplianceSite site, string login, string password)
    {
        var cookies = new CookieContainer();
        HttpClient client = NewClient(site, cookies);
        JsonElement session = await SendAsync(client, HttpMethod.Post, "/api/session/login", new { login, password });
        client.DefaultRequestHeaders.Add("X-CSRF-Token", Text(session, "csrfToken"));
        _secrets[$"session {_secrets.Count}"] = Assert.Single(cookies.GetCookies(site.Address)).Value;
        return client;
    }

    [GeneratedRegex("\"guid\":\"([0-9a-f-]{36})\"")]
    private static partial Regex OwnGuid();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
