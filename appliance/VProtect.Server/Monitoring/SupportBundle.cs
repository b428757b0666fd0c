using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Catalog;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Settings;
using VProtect.Server.Hosting;

namespace VProtect.Server.Monitoring;

/// <summary>
/// A zip archive for whoever helps. It is made of what is shown anyway: rows without what is sealed in them, metrics, what a check of the catalog finds, logs. Credentials, users, tokens and sessions are not in it at all.
/// At most <see cref="LogBytesMax"/> of logs, the newest, so that it is made in memory.
/// </summary>
internal sealed class SupportBundle(CatalogDatabase catalog, DataDirectory data, LiveSettings settings, ApplianceCheck check, NodeMounts mounts, TimeProvider time)
{
    private const long LogBytesMax = 20 << 20;
    private const int TasksMax = 500;
    private const int FailedTasksMax = 50;
    private const int LinesMax = 1000;

    private static readonly ListQuery All = new() { Size = ListQuery.SizeMax };

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    /// <summary>Writes it.</summary>
    public async Task WriteAsync(Stream output, CancellationToken cancellationToken)
    {
        using var archive = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true);
        Add(archive, "appliance.json", About());
        Add(archive, "settings.json", settings.Current);
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            Add(archive, "nodes.json", await session.Nodes.CallersAsync(cancellationToken));
            Add(archive, "destinations.json", (await session.Destinations.ListAsync(All, cancellationToken)).Rows.Select(row => row with { SealedKey = null }));
            Add(archive, "managers.json", (await session.HypervisorManagers.ListAsync(All, cancellationToken)).Rows.Select(row => row with { Settings = "{}" }));
            Add(archive, "hypervisors.json", (await session.Hypervisors.ListAsync(manager: null, cluster: null, All, cancellationToken)).Rows.Select(row => row with { Settings = "{}" }));
            Add(archive, "policies.json", (await session.Policies.ListAsync(kind: null, tenant: null, All, cancellationToken)).Rows);
            Add(archive, "schedules.json", (await session.Schedules.ListAsync(type: null, tenant: null, All, cancellationToken)).Rows);
            IReadOnlyList<CatalogTask> tasks = (await session.Tasks.ListAsync(new TaskFilter(), All with { Size = TasksMax }, cancellationToken)).Rows;
            Add(archive, "tasks.json", tasks);
            foreach (CatalogTask failed in tasks.Where(task => task.State == TaskState.Failed).Take(FailedTasksMax))
            {
                IReadOnlyList<TaskLogLine> lines = await session.Tasks.LogAsync(failed.Guid, after: 0, LinesMax, cancellationToken);
                Add(archive, $"tasks/{failed.Guid}.log", lines.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.At:O} {line.Level} {line.Text}")));
            }

            Add(archive, "metrics.txt", (IEnumerable<string>)[MetricsText.Of(await Metrics.ReadAsync(session, mounts, time.GetUtcNow(), cancellationToken))]);
        }

        Add(archive, "check.txt", (await check.RunAsync(cancellationToken)).DefaultIfEmpty("Catalog, secrets and audit log are whole."));
        AddLogs(archive);
    }

    private object About()
    {
        var drive = new DriveInfo(data.Path);
        return new
        {
            Version = typeof(SupportBundle).Assembly.GetName().Version?.ToString(3),
            Time = time.GetUtcNow(),
            StartedAt = System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime(),
            System = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
            Processors = Environment.ProcessorCount,
            MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            ResidentBytes = Environment.WorkingSet,
            CatalogBytes = new FileInfo(data.Catalog).Length,
            DataFreeBytes = drive.AvailableFreeSpace,
            DataTotalBytes = drive.TotalSize,
        };
    }

    private void AddLogs(ZipArchive archive)
    {
        long left = LogBytesMax;
        foreach (FileInfo file in new DirectoryInfo(data.Logs).GetFiles("vprotect*").OrderByDescending(file => file.LastWriteTimeUtc))
        {
            if (left <= 0)
            {
                return;
            }

            using var source = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            source.Seek(-Math.Min(left, source.Length), SeekOrigin.End);
            left -= source.Length;
            using Stream entry = archive.CreateEntry($"logs/{file.Name}").Open();
            source.CopyTo(entry);
        }
    }

    private static void Add(ZipArchive archive, string name, object content)
    {
        using Stream entry = archive.CreateEntry(name).Open();
        JsonSerializer.Serialize(entry, content, Json);
    }

    private static void Add(ZipArchive archive, string name, IEnumerable<string> lines)
    {
        using var entry = new StreamWriter(archive.CreateEntry(name).Open());
        foreach (string line in lines)
        {
            entry.WriteLine(line);
        }
    }
}
