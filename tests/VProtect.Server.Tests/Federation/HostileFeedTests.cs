using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Views;
using VProtect.Node.Remote;
using VProtect.Server.Federation;
using VProtect.Server.Tests.Access;
using VProtect.Server.Tests.Api;
using VProtect.Testing;

namespace VProtect.Server.Tests.Federation;

/// <summary>Goal: what a joined appliance tells takes no sum, list or disk of its server. Method: an appliance that the test plays, over a real connection, which tells a copy of the server's own rows.</summary>
public sealed class HostileFeedTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ServerFixture _head = new();
    private ServerMembership _evil = null!;
    private World _own = null!;

    private Guid Appliance => Guid.Parse(_evil.Current!.Guid);

    public async Task InitializeAsync()
    {
        await _head.InitializeAsync();
        _own = await World.MakeAsync(_head, "own");
        await SetAsync("nodeAddress", "127.0.0.1:0");
        JsonElement added = await (await _head.Client.PostAsJsonAsync("/api/appliances", new { name = "evil" })).JsonAsync();
        _evil = new ServerMembership(_directory["evil"], NullLoggerFactory.Instance, TimeProvider.System);
        await _evil.JoinAsync($"127.0.0.1:{added.GetProperty("server").GetString()!.Split(':')[^1]}", added.GetProperty("token").GetString()!, default);
    }

    public async Task DisposeAsync()
    {
        _evil.Dispose();
        await _head.DisposeAsync();
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Numbers_that_nothing_has_are_not_taken_and_the_field_is_named()
    {
        List<FeedRow> rows = [.. await RowsAsync(), .. Points(await RowsAsync(), long.MaxValue)];
        Assert.False((await _evil.FeedAsync(new FeedBatch("f", 1, rows), default)).BeginsAnew);
        Assert.Equal(2, (await ApplianceAsync()).GetProperty("skipped").GetInt32());
        Assert.Equal("restore_points.size_bytes: 9223372036854775807 is not in 0 to 1152921504606846976", MirrorNumbers.UnfitOf(rows[^1] with
        {
            Columns = rows[^1].Columns!.Where(column => column.Key == "size_bytes").ToDictionary(),
        }));
        await AllAnswerAsync();

        // What file systems say of themselves is bounded.
        FeedRow destination = rows.First(row => row.Table == "destinations");
        Assert.False((await _evil.FeedAsync(new FeedBatch("f", 2, [With(destination, "available_bytes", long.MaxValue)]), default)).BeginsAnew);
        Assert.Contains(
            (await _head.Client.GotAsync("/api/dashboard/backup-destination-stats")).EnumerateArray(), one => one.ToString().Contains($"{MirrorNumbers.BytesMax}", StringComparison.Ordinal));

        // Links, times and durations too.
        foreach (FeedRow unfit in (FeedRow[])
        [
            With(rows.First(row => row.Table == "machines"), "last_seen_at", long.MaxValue), With(rows.First(row => row.Table == "machines"), "cpu_count", int.MaxValue + 1L),
            With(rows.First(row => row.Table == "policies"), "rpo", long.MinValue),
            With(rows.First(row => row.Table == "machines"), "name", "x") with { Links = new Dictionary<string, IReadOnlyList<IReadOnlyDictionary<string, JsonElement>>>
            {
                ["policy_machines"] = [new Dictionary<string, JsonElement> { ["assigned_at"] = JsonSerializer.SerializeToElement(long.MaxValue) }],
            } },
        ])
        {
            long before = (await ApplianceAsync()).GetProperty("skipped").GetInt64();
            Assert.False((await _evil.FeedAsync(new FeedBatch("f", 2, [unfit]), default)).BeginsAnew);
            Assert.Equal(before + 1, (await ApplianceAsync()).GetProperty("skipped").GetInt64());
        }

        await AllAnswerAsync();
    }

    [Fact]
    public async Task Sums_end_at_their_end_whatever_is_stored_already()
    {
        List<FeedRow> rows = await RowsAsync();
        using (CatalogView.WithOthers())
        {
            // Past the check, as an older version took them.
            await _head.WriteAsync(tx => tx.Mirror.ApplyAsync(Appliance, [.. rows, .. Points(rows, long.MaxValue)], default));
        }

        JsonElement stats = await _head.Client.GotAsync("/api/dashboard/backup-stats");
        Assert.Contains(stats.EnumerateObject(), one => one.Value.ValueKind == JsonValueKind.Number && one.Value.GetInt64() == long.MaxValue);
        JsonElement sizes = await _head.Client.GotAsync("/api/dashboard/vm-backup-size-stats");
        Assert.Equal(2, sizes.GetArrayLength());
        Assert.Contains($"{long.MaxValue}", sizes[0].ToString(), StringComparison.Ordinal);
        await AllAnswerAsync();
    }

    [Fact]
    public async Task Rows_without_end_come_to_an_end_and_what_is_there_stays()
    {
        await SetAsync("applianceRowsMax", 1000);
        List<FeedRow> rows = await RowsAsync();
        FeedRow machine = rows.First(row => row.Table == "machines") with { Links = null };
        Assert.False((await _evil.FeedAsync(new FeedBatch("f", 1, rows), default)).BeginsAnew);
        List<FeedRow> more = [.. Enumerable.Range(0, 600).Select(_ => machine with { Guid = Guid.CreateVersion7().ToString("D") })];
        Assert.False((await _evil.FeedAsync(new FeedBatch("f", 2, more), default)).BeginsAnew);
        Assert.Equal(JsonValueKind.Null, (await ApplianceAsync()).GetProperty("problem").ValueKind);
        FeedRow[] end = [.. Enumerable.Range(0, 600).Select(_ => machine with { Guid = Guid.CreateVersion7().ToString("D") })];
        await IsFullAsync(3, end);
        Assert.Equal(601, (await ApplianceAsync()).GetProperty("machines").GetInt32());

        // Neither many that only join, nor long ones, nor a beginning of another feed that is not taken after all.
        await IsFullAsync(3, [machine with { Links = new Dictionary<string, IReadOnlyList<IReadOnlyDictionary<string, JsonElement>>>
        {
            ["machine_tags"] = [.. Enumerable.Range(0, 500).Select(i => new Dictionary<string, JsonElement> { ["tag"] = JsonSerializer.SerializeToElement($"{i}") })],
        } }]);
        await IsFullAsync(3, [With(machine, "name", new string('x', 1000 * (int)ApplianceQuota.RowBytes))]);
        await Assert.ThrowsAsync<VProtectException>(() => _evil.FeedAsync(new FeedBatch("g", 1, [machine with { Table = "users" }]), default));
        _head.Time.Advance(TimeSpan.FromMinutes(2));
        await IsFullAsync(3, end);
        await AllAnswerAsync();

        // What goes is heard, and makes room at once, also for what is told of it.
        Assert.NotEqual(JsonValueKind.Null, (await ApplianceAsync()).GetProperty("problem").ValueKind);
        Assert.False((await _evil.FeedAsync(new FeedBatch("f", 3, [.. more.Select(row => row with { Columns = null })]), default)).BeginsAnew);
        Assert.Equal((1, JsonValueKind.Null), ((await ApplianceAsync()).GetProperty("machines").GetInt32(), (await ApplianceAsync()).GetProperty("problem").ValueKind));
        Assert.False((await _evil.FeedAsync(new FeedBatch("f", 4, end), default)).BeginsAnew);
        Assert.Equal((601, JsonValueKind.Null), ((await ApplianceAsync()).GetProperty("machines").GetInt32(), (await ApplianceAsync()).GetProperty("problem").ValueKind));

        // So does a higher limit, at once; and everything anew takes the place of what there was.
        await IsFullAsync(5, more);
        await SetAsync("applianceRowsMax", 2000);
        Assert.Equal(JsonValueKind.Null, (await ApplianceAsync()).GetProperty("problem").ValueKind);
        Assert.False((await _evil.FeedAsync(new FeedBatch("f", 5, more), default)).BeginsAnew);
        Assert.False((await _evil.FeedAsync(new FeedBatch("g", 1, [.. rows, .. end, .. more]), default)).BeginsAnew);
        Assert.Equal(1201, (await ApplianceAsync()).GetProperty("machines").GetInt32());
        await _evil.LeaveAsync(default);
        Assert.Equal(HttpStatusCode.OK, (await _head.Client.GetAsync("/api/virtual-machines")).StatusCode);

        async Task IsFullAsync(int number, IReadOnlyList<FeedRow> told)
        {
            VProtectException full = await Assert.ThrowsAsync<VProtectException>(() => _evil.FeedAsync(new FeedBatch("f", number, told), default));
            Assert.Equal(ErrorCode.ApplianceFull, full.Code);
            Assert.Contains("applianceRowsMax", full.Message, StringComparison.Ordinal);
            Assert.Equal(full.Message, (await ApplianceAsync()).GetProperty("problem").GetString());
        }
    }

    /// <summary>Everything that shows rows of appliances is answered.</summary>
    private async Task AllAnswerAsync()
    {
        foreach (string address in (string[])
        [
            "dashboard/protection", "dashboard/backup-stats", "dashboard/staging-space", "dashboard/backup-destination-stats", "dashboard/vm-backup-size-stats", "dashboard/report",
            "virtual-machines", "virtual-machines/detailed", "virtual-machine-disks", "backups", "snapshots", "tasks", "workflow-executions", "mounted-backups", "hypervisors", "hypervisor-managers",
            "policies/vm-backup", "schedules", "backup-destinations", "recovery-plans", "appliances",
        ])
        {
            using HttpResponseMessage answer = await _head.Client.GetAsync($"/api/{address}");
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{address}: {await answer.Content.ReadAsStringAsync()}");
        }

        Assert.Equal(HttpStatusCode.OK, (await _head.Client.GetAsync("/metrics")).StatusCode);
        foreach (string address in (string[])["dashboard/report-html", "dashboard/report-pdf", "chargeback-reporting/backup-size/vm", "chargeback-reporting/transfer-size/vm"])
        {
            using HttpResponseMessage answer = await _head.Client.PostAsJsonAsync($"/api/{address}", new { });
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{address}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    /// <summary>Two more of the restore point in these rows, of this size in every respect.</summary>
    private static IEnumerable<FeedRow> Points(List<FeedRow> rows, long size)
    {
        FeedRow point = rows.First(row => row.Table == "restore_points");
        return Enumerable.Range(0, 2).Select(_ => ((string[])["size_bytes", "changed_bytes", "new_bytes", "stored_bytes"])
            .Aggregate(point with { Guid = Guid.CreateVersion7().ToString("D") }, (row, column) => With(row, column, size)));
    }

    private static FeedRow With(FeedRow row, string column, object value) => row with
    {
        Columns = row.Columns!.Where(one => one.Key != column).Append(KeyValuePair.Create(column, JsonSerializer.SerializeToElement(value))).ToDictionary(),
    };

    /// <summary>The server's own rows as an appliance would tell them, under guids of their own.</summary>
    private async Task<List<FeedRow>> RowsAsync()
    {
        string told = "";
        await using (CatalogTransaction never = await _head.App.Services.GetRequiredService<CatalogDatabase>().BeginAsync(default))
        {
            await never.Feed.BeginAsync(default);
            (FeedBatch batch, _) = (await never.Feed.NextAsync(1000, default))!.Value;
            told = JsonSerializer.Serialize(batch with { Rows = [.. batch.Rows.Where(row => row.Columns is not null)] }, NodeWireJson.Default.FeedBatch);
        }

        told = _own.Guids.Aggregate(told, (text, guid) => text.Replace(guid.ToString("D"), Guid.CreateVersion7().ToString("D"), StringComparison.Ordinal));
        return [.. JsonSerializer.Deserialize(told, NodeWireJson.Default.FeedBatch)!.Rows];
    }

    private async Task<JsonElement> ApplianceAsync() => await _head.Client.GotAsync($"/api/appliances/{Appliance}");

    private async Task SetAsync(string name, object value)
    {
        JsonElement settings = await _head.Client.GotAsync("/api/global-settings");
        Dictionary<string, object?> changed = settings.EnumerateObject().ToDictionary(one => one.Name, one => (object?)one.Value);
        changed[name] = value;
        (await _head.Client.PutAsJsonAsync("/api/global-settings", changed)).EnsureSuccessStatusCode();
    }
}
