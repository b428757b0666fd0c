using System.Net;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Tasks;
using VProtect.Server.Monitoring;
using VProtect.Server.Tasks;
using VProtect.Server.Tests.Api;
using VProtect.Testing;

namespace VProtect.Server.Tests.Monitoring;

public sealed class MetricsTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    /// <summary>The parser of Prometheus' own client library, which accepts nothing that the standard does not.</summary>
    private const string Parse = "import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as p; " +
        "print(*sorted(s.name for f in p(open(sys.argv[1]).read()) for s in f.samples), sep='\\n')";

    [Fact]
    public async Task Metrics_are_told_to_a_token_and_are_OpenMetrics_whatever_machines_are_called()
    {
        await server.MachineAsync("we\"ird\\\nname", machine => machine with { LastSuccessAt = server.Time.GetUtcNow().AddHours(-2), RpoDueAt = server.Time.GetUtcNow().AddHours(-1) });
        Machine fresh = await server.MachineAsync("fresh", machine => machine with { LastSuccessAt = server.Time.GetUtcNow(), RpoDueAt = server.Time.GetUtcNow().AddHours(1) });
        await server.MachineAsync("gone", machine => machine with { Present = false, LastSuccessAt = server.Time.GetUtcNow() });
        Destination destination = await server.DestinationAsync("of metrics");
        await server.WriteAsync(async transaction =>
        {
            await transaction.Destinations.RecordStateAsync(destination.Guid, ConnectionState.Online, info: null, 700, 300, 2000, default);
            await transaction.Tasks.InsertAsync(
                new CatalogTask { Type = TaskType.Export, MachineGuid = fresh.Guid, CreatedAt = server.Time.GetUtcNow(), NotBefore = server.Time.GetUtcNow().AddYears(1) }, default);
        });

        using HttpResponseMessage answer = await server.Client.GetAsync("/metrics");
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains("vprotect_tasks{type=\"EXPORT\",state=\"QUEUED\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"vprotect_machine_overdue{{machine=\"fresh\",guid=\"{fresh.Guid}\"}} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("vprotect_machine_overdue{machine=\"we\\\"ird\\\\\\nname\",", text, StringComparison.Ordinal);
        Assert.Contains("vprotect_destination_used_bytes{destination=\"of metrics\"} 700\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"gone\"", text, StringComparison.Ordinal);

        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["metrics"], text);
        string[] names = Tool.Run("/usr/bin/python3", "-c", Parse, directory["metrics"]).Split('\n');
        Assert.Contains("process_cpu_seconds_total", names);
        Assert.Equal(2, names.Count(name => name == "vprotect_machine_overdue"));

        Assert.DoesNotContain("vprotect_node_mounts", names);

        using HttpClient stranger = server.NewClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/metrics")).StatusCode);
    }

    [Fact]
    public async Task What_a_node_tells_of_its_mounts_is_told_within_bounds_and_only_goes_up_where_it_counts()
    {
        Tell(new MountsStatus
        {
            Count = 2,
            MemoryBytes = 300,
            MemoryBytesMax = 400,
            FileBytes = -5,
            FileBytesMax = long.MaxValue,
            ChunksFromMemory = 70,
            ChunksFromFile = 8,
            ChunksFromRepositories = 9,
        });
        string[] samples = await SamplesAsync();
        Assert.Contains("vprotect_node_mounts 2", samples);
        Assert.Contains("vprotect_mount_cache_memory_bytes 300", samples);
        Assert.Contains("vprotect_mount_cache_memory_limit_bytes 400", samples);
        Assert.Contains("vprotect_mount_cache_file_bytes 0", samples);
        Assert.Contains("vprotect_mount_cache_file_limit_bytes 9007199254740992", samples);
        Assert.Contains("vprotect_mount_cache_chunks_total memory 70", samples);
        Assert.Contains("vprotect_mount_cache_chunks_total file 8", samples);
        Assert.Contains("vprotect_mount_cache_chunks_total repository 9", samples);

        // It goes on, then begins again.
        Tell(new MountsStatus { ChunksFromMemory = 75, ChunksFromFile = long.MaxValue, ChunksFromRepositories = 9 });
        Tell(new MountsStatus { ChunksFromMemory = 5, ChunksFromFile = 1, ChunksFromRepositories = 0 });
        samples = await SamplesAsync();
        Assert.Contains("vprotect_mount_cache_chunks_total memory 80", samples);
        Assert.Contains("vprotect_mount_cache_chunks_total file 9007199254740992", samples);
        Assert.Contains("vprotect_mount_cache_chunks_total repository 9", samples);

        // An older program on that node.
        Tell(null);
        Assert.DoesNotContain(await SamplesAsync(), sample => sample.Contains("mount", StringComparison.Ordinal));
    }

    private void Tell(MountsStatus? mounts) => server.App.Services.GetRequiredService<NodeMounts>().Tell(server.App.Services.GetRequiredService<LocalNode>().Guid, mounts);

    /// <summary>Names of samples with <c>from</c>, where they have it, and values.</summary>
    private async Task<string[]> SamplesAsync()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["metrics"], await server.Client.GetStringAsync("/metrics"));
        return Tool.Run("/usr/bin/python3", "-c", Parse.Replace("s.name", "' '.join([s.name, *([s.labels['from']] if 'from' in s.labels else []), str(s.value)])", StringComparison.Ordinal), directory["metrics"])
            .Split('\n');
    }
}
