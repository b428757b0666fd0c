using System.Diagnostics;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Statistics;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Monitoring;

/// <summary>What monitoring is told: counts that the catalog keeps, a row for each machine that is there, each destination and each node, and the process.</summary>
internal static class Metrics
{
    private static readonly (string, string)[] None = [];

    public static async Task<IReadOnlyList<MetricFamily>> ReadAsync(CatalogSession session, NodeMounts mounts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var all = new Families();
        all.Gauge("vprotect_build_info", "The version that runs.", (1, [("version", typeof(Metrics).Assembly.GetName().Version?.ToString(3) ?? "0.0.0")]));
        await TasksAsync(all, session, cancellationToken);
        await MachinesAsync(all, session, now, cancellationToken);
        await DestinationsAsync(all, session, cancellationToken);
        await NodesAsync(all, session, mounts, now, cancellationToken);
        using var process = Process.GetCurrentProcess();
        all.Counter("process_cpu_seconds", "Processor time of the server.", (process.TotalProcessorTime.TotalSeconds, None));
        all.Gauge("process_resident_memory_bytes", "Memory of the server.", (process.WorkingSet64, None));
        all.Gauge("process_start_time_seconds", "When the server was started, since 1970.", (new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0, None));
        return all;
    }

    private static async Task TasksAsync(Families all, CatalogSession session, CancellationToken cancellationToken)
    {
        IReadOnlyList<(TaskType Type, TaskState State, long Count)> counts = await session.Tasks.CountByTypeAndStateAsync(cancellationToken);
        all.Gauge(
            "vprotect_tasks", "Tasks that are kept, by type and state.",
            counts.Select(row => ((double)row.Count, new[] { ("type", ApiName.Of(row.Type)), ("state", ApiName.Of(row.State)) })));
        IReadOnlyList<CatalogTask> running = await session.Tasks.RunningAsync(cancellationToken);
        all.Gauge("vprotect_running_rate_bytes", "What the tasks that run move in a second, together.", (running.Sum(task => (double)task.RateBytes), None));
    }

    private static async Task MachinesAsync(Families all, CatalogSession session, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ProtectionCounts protection = await session.Statistics.ProtectionAsync(cancellationToken);
        all.Gauge(
            "vprotect_machines", "Machines that are there, by whether they are backed up by a schedule.",
            (protection.Scheduled, [("protection", "scheduled")]), (protection.NotScheduled, [("protection", "not_scheduled")]),
            (protection.NotProtected, [("protection", "none")]));
        IReadOnlyList<MachineFreshness> machines = await session.Machines.FreshnessAsync(cancellationToken);
        all.Gauge(
            "vprotect_machine_last_success_timestamp_seconds", "When the last good backup of a machine was made, since 1970.",
            machines.Where(machine => machine.LastSuccessAt is not null)
                .Select(machine => (machine.LastSuccessAt!.Value.ToUnixTimeMilliseconds() / 1000.0, Labels(machine))));
        all.Gauge(
            "vprotect_machine_overdue", "1 when a machine's last good backup is older than its policies allow.",
            machines.Where(machine => machine.RpoDueAt is not null).Select(machine => (machine.RpoDueAt <= now ? 1.0 : 0.0, Labels(machine))));
    }

    private static async Task DestinationsAsync(Families all, CatalogSession session, CancellationToken cancellationToken)
    {
        IReadOnlyList<Destination> destinations = (await session.Destinations.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        all.Gauge(
            "vprotect_destination_up", "1 when a destination was reached when it was last looked at.",
            destinations.Select(one => (one.State == ConnectionState.Online ? 1.0 : 0.0, Labels(one))));
        all.Gauge("vprotect_destination_used_bytes", "Space that backups take.", destinations.Select(one => ((double)one.UsedBytes, Labels(one))));
        all.Gauge("vprotect_destination_available_bytes", "Space that is free.", destinations.Select(one => ((double)one.AvailableBytes, Labels(one))));
        all.Gauge(
            "vprotect_destination_logical_bytes", "What the backups would take without deduplication and compression.",
            destinations.Select(one => ((double)one.LogicalBytes, Labels(one))));
    }

    private static async Task NodesAsync(Families all, CatalogSession session, NodeMounts mounts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        IReadOnlyList<Node> nodes = (await session.Nodes.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        all.Gauge(
            "vprotect_node_up", "1 when a node is there to work.",
            nodes.Select(node => (node.State == NodeState.Online ? 1.0 : 0.0, new[] { ("node", node.Name) })));
        all.Gauge(
            "vprotect_node_silence_seconds", "Time since a node was last heard of.",
            nodes.Where(node => node.LastSeenAt is not null).Select(node => (Math.Max(0, (now - node.LastSeenAt!.Value).TotalSeconds), new[] { ("node", node.Name) })));
        List<(string, MountsStatus)> told = [];
        foreach (Node node in nodes.Where(node => node.State is NodeState.Online or NodeState.Maintenance))
        {
            if (mounts.Of(node.Guid) is { } status)
            {
                told.Add((node.Name, status));
            }
        }

        TellMounts(all, told);
    }

    /// <summary>Of nodes that are there and tell it: at most 20 s old.</summary>
    private static void TellMounts(Families all, IReadOnlyList<(string Node, MountsStatus Mounts)> nodes)
    {
        IEnumerable<(double, (string, string)[])> Each(Func<MountsStatus, double> value) => nodes.Select(one => (value(one.Mounts), new[] { ("node", one.Node) }));
        all.Gauge("vprotect_node_mounts", "Restore points that a node serves.", Each(mounts => mounts.Count));
        all.Gauge("vprotect_mount_cache_memory_bytes", "What mounts of a node keep in memory of what they have read.", Each(mounts => mounts.MemoryBytes));
        all.Gauge("vprotect_mount_cache_memory_limit_bytes", "What they may keep in memory.", Each(mounts => mounts.MemoryBytesMax));
        all.Gauge("vprotect_mount_cache_file_bytes", "What they keep in the local file behind it.", Each(mounts => mounts.FileBytes));
        all.Gauge("vprotect_mount_cache_file_limit_bytes", "What that file may take; 0 without one.", Each(mounts => mounts.FileBytesMax));
        all.Counter(
            "vprotect_mount_cache_chunks",
            "Chunks that mounts needed: found in memory by a read, or brought there from the local file or the repository, also ahead of reads.",
            nodes.SelectMany(one => ((string From, long Count)[])
                [("memory", one.Mounts.ChunksFromMemory), ("file", one.Mounts.ChunksFromFile), ("repository", one.Mounts.ChunksFromRepositories)],
                (one, part) => ((double)part.Count, new[] { ("node", one.Node), ("from", part.From) })));
    }

    private static (string, string)[] Labels(MachineFreshness machine) => [("machine", machine.Name), ("guid", machine.Guid.ToString("D"))];

    private static (string, string)[] Labels(Destination destination) => [("destination", destination.Name)];

    private sealed class Families : List<MetricFamily>
    {
        /// <summary>A family of values that go up and down.</summary>
        public void Gauge(string name, string help, params IEnumerable<(double Value, (string Name, string Value)[] Labels)> samples) =>
            Add(new MetricFamily(name, help, IsCounter: false, [.. samples.Select(sample => new MetricSample(sample.Value, sample.Labels))]));

        /// <summary>A family of values that only go up.</summary>
        public void Counter(string name, string help, params IEnumerable<(double Value, (string Name, string Value)[] Labels)> samples) =>
            Add(new MetricFamily(name, help, IsCounter: true, [.. samples.Select(sample => new MetricSample(sample.Value, sample.Labels))]));
    }
}
