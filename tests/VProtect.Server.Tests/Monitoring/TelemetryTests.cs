using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Tasks;
using VProtect.Server.Monitoring.Telemetry;
using VProtect.Server.Tests.Api;
using VProtect.Testing;

namespace VProtect.Server.Tests.Monitoring;

public sealed class TelemetryTests : IAsyncLifetime
{
    private const string Secret = "Bearer of-the-receiver-4711";

    private readonly ServerFixture _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Metrics_are_those_of_the_scrape_and_ended_tasks_and_the_log_are_told_from_when_the_setting_holds_until_it_does_not()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        Machine machine = await _server.MachineAsync("of \"metrics\"", row => row with { RpoDueAt = _server.Time.GetUtcNow().AddHours(1) });
        await EndedTaskAsync(machine.Guid, TaskType.Export, TaskState.Finished, workflow: null);
        _server.Time.Advance(TimeSpan.FromSeconds(1));
        await SetAsync(receiver, new { headers = new { Authorization = Secret }, metricsInterval = 10_000 });

        // Metrics
        OtlpRequest metrics = await receiver.WaitAsync(request => request.Path == "/v1/metrics");
        Assert.Equal(Secret, metrics.Headers["Authorization"]);
        Assert.Equal("application/x-protobuf", metrics.Headers["Content-Type"]);
        Dictionary<string, string> resource = metrics.Message.All(1, 1).Single().Attributes(1);
        Assert.Equal("vprotect", resource["service.name"]);
        Assert.Equal(metrics.Message.All(1, 2, 1).Single().Text(2), resource["service.version"]);
        string[] steady = ["vprotect_build_info", "vprotect_tasks", "vprotect_machines", "vprotect_machine_overdue", "vprotect_node_up"];
        string scraped = await _server.Client.GetStringAsync("/metrics");
        Assert.Equal(
            scraped.Split('\n').Where(line => steady.Contains(line.Split('{', ' ')[0])).Order(StringComparer.Ordinal),
            metrics.Carried.Where(metric => steady.Contains(metric.Text(1))).SelectMany(Lines).Order(StringComparer.Ordinal));
        Assert.Equal(
            scraped.Split('\n').Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).Order(),
            metrics.Carried.Select(metric => metric.Text(1)).Union(Empty(scraped)).Order());
        Assert.Equal("By", metrics.Carried.Single(metric => metric.Text(1) == "process_resident_memory_bytes").Text(3));
        WireMessage counter = metrics.Carried.Single(metric => metric.Text(1) == "process_cpu_seconds").All(7).Single();
        Assert.Equal((2UL, 1UL), (counter.Number(2), counter.Number(3)));
        Assert.True(counter.All(1).Single().Number(2) > 0);
        int before = receiver.Requests.Count(request => request.Path == "/v1/metrics");
        _server.Time.Advance(TimeSpan.FromSeconds(11));
        await receiver.WaitAsync(request => request.Path == "/v1/metrics" && receiver.Requests.Count(one => one.Path == "/v1/metrics") > before);

        // Spans
        var workflow = Guid.CreateVersion7();
        await _server.WriteAsync(transaction => transaction.Workflows.InsertAsync(new Workflow { Guid = workflow, Name = "of two", CreatedAt = _server.Time.GetUtcNow() }, default));
        CatalogTask first = await EndedTaskAsync(machine.Guid, TaskType.Export, TaskState.Finished, workflow);
        CatalogTask second = await EndedTaskAsync(machine.Guid, TaskType.Verify, TaskState.Failed, workflow, first.Guid);
        _server.Time.Advance(TimeSpan.FromSeconds(5));
        OtlpRequest traces = await receiver.WaitAsync(request => request.Path == "/v1/traces");
        WireMessage[] spans = [.. traces.Carried];
        Assert.Equal(new[] { IdOf(first.Guid), IdOf(second.Guid) }.Order(), spans.Select(span => Convert.ToHexString(span.Bytes(2))).Order());
        Assert.All(spans, span => Assert.Equal(workflow.ToString("N"), Convert.ToHexString(span.Bytes(1)), ignoreCase: true));
        WireMessage failed = spans.Single(span => span.Text(5) == "VERIFY");
        Assert.Equal(IdOf(first.Guid), Convert.ToHexString(failed.Bytes(4)));
        Assert.Equal((second.StartedAt, second.FinishedAt), (failed.Time(7), failed.Time(8)));
        Assert.Equal((2UL, "It did not work."), (failed.All(15).Single().Number(3), failed.All(15).Single().Text(2)));
        Assert.Equal("of \"metrics\"", failed.Attributes(9)["vprotect.machine"]);
        Assert.Equal(("a line of its log", "WARNING"), (failed.All(11).Single().Text(2), failed.All(11).Single().Attributes(3)["level"]));
        WireMessage good = spans.Single(span => span.Text(5) == "EXPORT");
        Assert.False(good.Has(4) || good.Has(15));

        // The log
        Say("told \ud800 in scope", 4242);
        OtlpRequest logs = await receiver.WaitAsync(request => request.Path == "/v1/logs" && request.Carried.Any(record => record.Attributes(6)["log.event"] == "4242"));
        WireMessage said = logs.Carried.Single(record => record.Attributes(6)["log.event"] == "4242");
        Assert.Equal(("Warning", 13UL, "told \ufffd in scope"), (said.Text(3), said.Number(2), said.All(5).Single().Text(1)));
        Assert.Equal(("of the argument", "of the scope"), (said.Attributes(6)["Argument"], said.Attributes(6)["Scoped"]));

        // Nobody is shown what the header holds, and nothing is sent any more once it is off.
        JsonElement shown = await _server.Client.GotAsync("/api/telemetry");
        Assert.True(shown.GetProperty("hasHeaders").GetBoolean());
        Assert.Equal(JsonValueKind.Number, shown.GetProperty("sentAt").ValueKind);
        Assert.DoesNotContain("4711", shown.GetRawText() + await _server.ReadAsync(async session => (await session.Settings.FindAsync("telemetry", default))!.Value), StringComparison.Ordinal);
        await SetAsync(receiver, new { active = false });
        await WaitAsync(() => Task.FromResult(!IsTaking()));
        Say("not told", 4243);
        Assert.DoesNotContain(receiver.Requests, request => request.Path == "/v1/logs" && request.Carried.Any(record => record.Attributes(6)["log.event"] == "4243"));
        Assert.Equal(JsonValueKind.Null, (await _server.Client.GotAsync("/api/telemetry")).GetProperty("finding").ValueKind);
    }

    [Fact]
    public async Task Receiver_that_is_away_slows_nothing_is_warned_of_once_and_gets_what_waited()
    {
        await using OtlpReceiver away = await OtlpReceiver.StartAsync();
        int port = away.Port;
        await away.DisposeAsync();
        await PutAsync(new { active = true, endpoint = $"http://127.0.0.1:{port}/otlp/", metricsInterval = 10_000 });
        await WaitAsync(async () => (await _server.Client.GotAsync("/api/telemetry")).GetProperty("finding").ValueKind == JsonValueKind.String);
        Assert.Contains($"http://127.0.0.1:{port}/otlp/v1/metrics is not reached", (await _server.Client.GotAsync("/api/telemetry")).Text("finding"), StringComparison.Ordinal);
        JsonElement check = await (await _server.Client.PostAsync("/api/telemetry/check", content: null)).JsonAsync();
        Assert.False(check.GetProperty("works").GetBoolean());
        CatalogTask ended = await EndedTaskAsync(machine: null, TaskType.Verify, TaskState.Finished, workflow: null);
        Say("waits", 4244);
        _server.Time.Advance(TimeSpan.FromSeconds(30));

        await using OtlpReceiver back = await OtlpReceiver.StartAsync(port);
        await back.WaitAsync(request => request.Path == "/otlp/v1/traces" && request.Carried.Any(span => Convert.ToHexString(span.Bytes(2)) == IdOf(ended.Guid)));
        await back.WaitAsync(request => request.Path == "/otlp/v1/logs" && request.Carried.Any(record => record.Attributes(6)["log.event"] == "4244"));
        await WaitAsync(async () => (await _server.Client.GotAsync("/api/telemetry")).GetProperty("finding").ValueKind == JsonValueKind.Null);
        Assert.True((await (await _server.Client.PostAsync("/api/telemetry/check", content: null)).JsonAsync()).GetProperty("works").GetBoolean());
        string[] lines = await File.ReadAllLinesAsync(Path.Join(_server.DataPath, "logs", "vprotect.log"));
        Assert.Single(lines, line => line.Contains("Telemetry is not taken", StringComparison.Ordinal));
        Assert.Single(lines, line => line.Contains("Telemetry is taken again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Receiver_must_be_trusted_may_lack_a_kind_and_its_refusals_are_told()
    {
        using X509Certificate2 certificate = NewCertificate();
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync(certificate: certificate);
        string endpoint = $"https://localhost:{receiver.Port}";
        await PutAsync(new { active = true, endpoint });
        Assert.NotNull(await FindingAsync());
        await PutAsync(new { authorities = certificate.ExportCertificatePem() });
        Assert.Null(await FindingAsync());

        receiver.Answer = request => request.Path == "/v1/traces" ? (404, []) : (200, []);
        Assert.Contains("/v1/traces answers 404", await FindingAsync(), StringComparison.Ordinal);
        await PutAsync(new { traces = false });
        Assert.Null(await FindingAsync());

        // partial_success { rejected 3, error_message "too old" }
        receiver.Answer = _ => (200, [0x0A, 0x0B, 0x08, 0x03, 0x12, 0x07, .. "too old"u8]);
        Assert.Contains("did not take 3 of what was sent: too old", await FindingAsync(), StringComparison.Ordinal);
        receiver.Answer = _ => (200, [0x0A, 0xFF, 0xFF]);
        Assert.Null(await FindingAsync());

        // Headers are for the receiver alone: whoever it points at gets nothing.
        receiver.Answer = _ => (307, []);
        Assert.Contains("answers 307", await FindingAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_are_checked_and_headers_go_to_no_other_address_and_never_in_the_clear()
    {
        await PutAsync(new { endpoint = "https://one.example.org:4318", headers = new { Authorization = Secret } });
        foreach ((object body, string field) in new (object, string)[]
        {
            (new { endpoint = "https://two.example.org" }, "headers"), (new { endpoint = "http://one.example.org", headers = new { a = "b" } }, "endpoint"),
            (new { endpoint = "one.example.org:4318" }, "endpoint"), (new { endpoint = "https://user:pw@one.example.org" }, "endpoint"),
            (new { endpoint = "https://one.example.org/?key=1" }, "endpoint"), (new { metricsInterval = 5 }, "metricsInterval"), (new { authorities = "no PEM" }, "authorities"),
            (new { headers = new Dictionary<string, string> { ["a b"] = "c" } }, "headers"), (new { headers = new Dictionary<string, string> { ["Host"] = "c" } }, "headers"),
            (new { headers = new { a = "two\r\nlines" } }, "headers"), (new { active = true, endpoint = "", headers = new { } }, "active"),
        })
        {
            Assert.Equal(field, await (await _server.Client.PutAsJsonAsync("/api/telemetry", body)).RefusedFieldAsync());
        }

        await PutAsync(new { endpoint = "http://two.example.org", headers = new { } });
        Assert.False((await _server.Client.GotAsync("/api/telemetry")).GetProperty("hasHeaders").GetBoolean());
    }

    [Fact]
    public void Lines_that_wait_are_bounded_the_oldest_go_and_that_is_counted()
    {
        using var log = new TelemetryLog(new FakeTime());
        ILogger logger = log.CreateLogger("test");
        string text = new('x', 4096);
        Write(0);
        Assert.Empty(log.Take());

        log.Switch(isOn: true);
        const int Lines = 3000;
        for (int number = 0; number < Lines; number++)
        {
            Write(number);
        }

        List<byte[]> waiting = [];
        while (log.Take() is { Count: > 0 } batch)
        {
            Assert.InRange(batch.Sum(line => line.Length), 1, (1 << 20) + 10_000);
            waiting.AddRange(batch);
        }

        Assert.Equal(Lines, waiting.Count + log.Dropped);
        Assert.InRange(waiting.Sum(line => line.Length), TelemetryLog.BytesMax - 10_000, TelemetryLog.BytesMax);
        Assert.Equal("2999", new WireMessage(waiting[^1]).Attributes(6)["log.event"]);

        void Write(int number) => logger.Log(LogLevel.Information, new EventId(number), text, exception: null, (said, _) => said);
    }

    private static IEnumerable<string> Lines(WireMessage metric) => metric.All(5).SelectMany(gauge => gauge.All(1)).Select(point =>
    {
        string labels = string.Join(',', point.Attributes(7).Select(label => $"{label.Key}=\"{label.Value.Replace("\"", "\\\"", StringComparison.Ordinal)}\""));
        return string.Create(CultureInfo.InvariantCulture, $"{metric.Text(1)}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {point.Double(4):R}");
    });

    /// <summary>Families of the scrape that have no values yet: OTLP has no way to tell of them.</summary>
    private static IEnumerable<string> Empty(string scraped)
    {
        string[] lines = scraped.Split('\n');
        return lines.Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)).Select(line => line.Split(' ')[2])
            .Where(name => !lines.Any(line => line.StartsWith(name, StringComparison.Ordinal)));
    }

    private static string IdOf(Guid guid) => guid.ToString("N")[16..].ToUpperInvariant();

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static async Task WaitAsync(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await isSo())
        {
            await Task.Delay(50, patience.Token);
        }
    }

    private ILoggerFactory Log => _server.App.Services.GetRequiredService<ILoggerFactory>();

    private bool IsTaking() => _server.App.Services.GetRequiredService<TelemetryLog>().CreateLogger("test").IsEnabled(LogLevel.Warning);

    private void Say(string text, int number)
    {
        ILogger logger = Log.CreateLogger("test");
        using IDisposable? scope = logger.BeginScope(new Dictionary<string, object?> { ["Scoped"] = "of the scope" });
        logger.Log(LogLevel.Warning, new EventId(number), new List<KeyValuePair<string, object?>> { new("Argument", "of the argument") }, exception: null, (_, _) => text);
    }

    private Task SetAsync(OtlpReceiver receiver, object other)
    {
        Dictionary<string, JsonElement> body = JsonSerializer.SerializeToElement(other).Deserialize<Dictionary<string, JsonElement>>()!;
        body.TryAdd("active", JsonSerializer.SerializeToElement(true));
        body["endpoint"] = JsonSerializer.SerializeToElement($"http://127.0.0.1:{receiver.Port}");
        return PutAsync(body);
    }

    private async Task PutAsync(object body) => (await _server.Client.PutAsJsonAsync("/api/telemetry", body)).EnsureSuccessStatusCode();

    private async Task<string?> FindingAsync() => (await (await _server.Client.PostAsync("/api/telemetry/check", content: null)).JsonAsync()).Text("finding");

    private async Task<CatalogTask> EndedTaskAsync(Guid? machine, TaskType type, TaskState state, Guid? workflow, Guid? after = null)
    {
        DateTimeOffset now = _server.Time.GetUtcNow();
        var task = new CatalogTask
        {
            Type = type,
            State = state,
            MachineGuid = machine,
            WorkflowGuid = workflow,
            DependsOnGuid = after,
            CreatedAt = now.AddSeconds(-9),
            StartedAt = now.AddSeconds(-5),
            FinishedAt = now,
            StatusInfo = state == TaskState.Failed ? "It did not work." : null,
        };
        await _server.WriteAsync(async transaction =>
        {
            await transaction.Tasks.InsertAsync(task, default);
            await transaction.Tasks.AppendLogAsync(task.Guid, TaskLogLevel.Warning, "a line of its log", default);
        });
        return task;
    }
}
