using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Rebuild;
using VProtect.Testing;

namespace VProtect.Server.Tests.Api;

public sealed class DashboardTests : IAsyncLifetime
{
    private readonly ServerFixture _server = new();
    private Machine _web = null!;
    private Machine _db = null!;

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        _web = await _server.MachineAsync("web <1>", machine => machine with { TenantId = "shop" });
        _db = await _server.MachineAsync("db", machine => machine with { RpoDueAt = _server.Time.GetUtcNow().AddHours(-1), LastSuccessAt = _server.Time.GetUtcNow().AddDays(-3) });
        await _server.MachineAsync("alone");
        await _server.MachineAsync("gone", machine => machine with { Present = false });
        Destination destination = await _server.DestinationAsync("main");
        await _server.WriteAsync(async transaction =>
        {
            await transaction.RestorePoints.InsertAsync(Point(_web, destination, RestorePointState.Success, changed: 40, stored: 10), default);
            await transaction.RestorePoints.InsertAsync(Point(_web, destination, RestorePointState.Success, changed: 2, stored: 1), default);
            await transaction.RestorePoints.InsertAsync(Point(_db, destination, RestorePointState.Success, changed: 100, stored: 5), default);
            await transaction.RestorePoints.InsertAsync(Point(_db, destination, RestorePointState.Failed) with { StatusInfo = "No <room>." }, default);
            await transaction.RestorePoints.InsertAsync(Point(_db, destination, RestorePointState.Pending), default);
            await transaction.RestorePoints.InsertAsync(
                Point(_db, destination, RestorePointState.Success, changed: 1000, stored: 1000) with { CreatedAt = _server.Time.GetUtcNow().AddDays(-10) }, default);
        });
        (JsonElement schedule, _, _) = await _server.Client.MadeAsync("/api/schedules", new { name = "nightly", hour = 0 });
        await PolicyAsync("scheduled", _web, destination, schedule.GetProperty("guid").GetGuid());
        await PolicyAsync("by hand", _db, destination);
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Numbers_are_those_of_the_catalog()
    {
        JsonElement vm = (await _server.Client.GotAsync("/api/dashboard/protection")).GetProperty("vm");
        Assert.Equal((1, 1, 1), (vm.GetProperty("protectedNo").GetInt64(), vm.GetProperty("noSchedule").GetInt64(), vm.GetProperty("notProtected").GetInt64()));

        JsonElement stats = await _server.Client.GotAsync("/api/dashboard/backup-stats");
        Assert.Equal((3, 1, 1, 142), (
            stats.GetProperty("successful").GetInt64(), stats.GetProperty("failed").GetInt64(), stats.GetProperty("queued").GetInt64(), stats.GetProperty("totalData").GetInt64()));
        Assert.Equal(4, (await _server.Client.GotAsync("/api/dashboard/backup-stats?from=0")).GetProperty("successful").GetInt64());
        Assert.Equal("to", await (await _server.Client.GetAsync("/api/dashboard/backup-stats?from=5&to=5")).RefusedFieldAsync());

        Assert.Equal(["main"], (await _server.Client.GotAsync("/api/dashboard/backup-destination-stats")).NamesOf());
        Assert.True((await _server.Client.GotAsync("/api/dashboard/staging-space")).GetProperty("nodes").GetArrayLength() >= 1);
        JsonElement sizes = await _server.Client.GotAsync("/api/dashboard/vm-backup-size-stats");
        Assert.Equal(["web <1>", "db"], sizes.EnumerateArray().Select(one => one.NameOf("vm")));
        Assert.Equal((2, 11), (sizes[0].GetProperty("backups").GetInt64(), sizes[0].GetProperty("storedSize").GetInt64()));
    }

    [Fact]
    public async Task Report_names_what_needs_a_look_and_is_a_page_that_needs_nothing_else()
    {
        JsonElement report = await _server.Client.GotAsync("/api/dashboard/report");
        Assert.Equal("No <room>.", report.GetProperty("failedBackups")[0].Text("statusInfo"));
        Assert.Equal(["db"], report.GetProperty("overdue").EnumerateArray().Select(one => one.NameOf("vm")));
        Assert.Equal(1, report.GetProperty("overdueNo").GetInt64());
        Assert.False(report.GetProperty("superseded").GetBoolean());
        _server.App.Services.GetRequiredService<Succession>().Note(Guid.NewGuid(), new TaskOutcome
        {
            TaskGuid = "",
            Attempt = 1,
            End = TaskEnd.Failed,
            Fault = new TaskFault(ErrorCode.ApplianceSuperseded, ErrorSide.Repository, "Elsewhere.", "Stop this one.", RetryAdvice.Never),
        });
        Assert.True((await _server.Client.GotAsync("/api/dashboard/report")).GetProperty("superseded").GetBoolean());
        JsonElement verification = report.GetProperty("verification");
        Assert.Equal((0, 4, 0), (
            verification.GetProperty("verified").GetInt64(), verification.GetProperty("notVerified").GetInt64(), verification.GetProperty("damaged").GetInt64()));
        Assert.Equal(JsonValueKind.Null, verification.GetProperty("lastVerified").ValueKind);

        // 1016 bytes in ten days.
        JsonElement space = report.GetProperty("destinations")[0];
        Assert.Equal(Math.Round(space.GetProperty("totalAvailableSpace").GetInt64() / 101.6, 1), space.GetProperty("daysUntilFull").GetDouble(), 1.0);

        using HttpResponseMessage page = await _server.Client.PostAsJsonAsync("/api/dashboard/report-html", new { });
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        string html = await page.Content.ReadAsStringAsync();
        Assert.Contains("No &lt;room&gt;.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<room>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", html, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("<td>web &lt;1&gt;</td><td>shop</td><td>scheduled</td>", html, StringComparison.Ordinal);
        using HttpResponseMessage mail = await _server.Client.PostAsJsonAsync("/api/dashboard/report-email", new { });
        await mail.ProblemAsync(HttpStatusCode.UnprocessableEntity, 3004);
    }

    [Fact]
    public async Task Report_is_a_pdf_that_other_programs_read()
    {
        await _server.MachineAsync("データベース", machine => machine with { RpoDueAt = _server.Time.GetUtcNow().AddHours(-2) });
        using HttpResponseMessage answer = await _server.Client.PostAsJsonAsync("/api/dashboard/report-pdf", new { });
        Assert.Equal(("application/pdf", $"vprotect-report-{_server.Time.GetUtcNow():yyyy-MM-dd}.pdf"), (
            answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentDisposition!.FileNameStar));
        string text = Regex.Replace(TextOf(await answer.Content.ReadAsByteArrayAsync()), " +", " ");
        Assert.Contains("3 1 1 2 0\n", text, StringComparison.Ordinal);
        Assert.Contains("db main No <room>.", Regex.Replace(text, @"[\d-]+ [\d:]+ UTC ", ""), StringComparison.Ordinal);
        Assert.Contains("web <1> shop scheduled 2 11 B 42 B", text, StringComparison.Ordinal);
        Assert.Contains("データベース never", text, StringComparison.Ordinal);
        Assert.Matches("1 ?/ ?1", text);
        using HttpResponseMessage backwards = await _server.Client.PostAsJsonAsync("/api/dashboard/report-pdf", new { from = 5, to = 5 });
        Assert.Equal("to", await backwards.RefusedFieldAsync());
    }

    [Fact]
    public async Task Machines_and_tenants_are_charged()
    {
        JsonElement stored = await ChargedAsync("backup-size", new { });
        Assert.Equal([("db", 1005L), ("web <1>", 11L)], stored.EnumerateArray().Select(one => (one.NameOf("vm")!, one.GetProperty("size").GetInt64())));
        JsonElement read = Assert.Single((await ChargedAsync("transfer-size", new { tenantId = "shop" })).EnumerateArray());
        Assert.Equal((42, "shop", "scheduled"), (read.GetProperty("size").GetInt64(), read.Text("tenantId"), read.NameOf("vmBackupPolicy")));
        Assert.Equal(1, (await ChargedAsync("backup-size", new { vms = new[] { new { guid = _db.Guid } } })).GetArrayLength());
    }

    /// <summary>What a person reads in a PDF; a file that is not sound fails.</summary>
    private static string TextOf(byte[] pdf)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["report.pdf"], pdf);
        Tool.Run("qpdf", "--check", directory["report.pdf"]);
        return Tool.Run("pdftotext", "-layout", directory["report.pdf"], "-");
    }

    private async Task<JsonElement> ChargedAsync(string what, object request)
    {
        using HttpResponseMessage answer = await _server.Client.PostAsJsonAsync($"/api/chargeback-reporting/{what}/vm", request);
        return await answer.JsonAsync();
    }

    private RestorePoint Point(Machine machine, Destination destination, RestorePointState state, long changed = 0, long stored = 0) => new()
    {
        MachineGuid = machine.Guid,
        DestinationGuid = destination.Guid,
        Type = BackupType.Full,
        State = state,
        CreatedAt = _server.Time.GetUtcNow(),
        ChangedBytes = changed,
        StoredBytes = stored,
    };

    private async Task PolicyAsync(string name, Machine machine, Destination destination, params Guid[] schedules)
    {
        var target = new { primaryBackupDestination = new { backupDestination = destination.Guid } };
        await _server.Client.MadeAsync(
            "/api/policies/vm-backup", new { name, vms = new[] { machine.Guid }, rules = new[] { new { name = "daily", schedules, ruleBackupDestinations = target } } });
    }
}
