using VProtect.Catalog;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Monitoring.Telemetry.Otlp;

namespace VProtect.Server.Monitoring.Telemetry;

/// <summary>
/// Tasks of this appliance that have ended, as spans: a workflow is a trace, and a task's parent is the one that it waited for, or whose other half it is.
/// Lines of its log are the span's events.
/// </summary>
internal static class TaskSpans
{
    /// <summary>Tasks of a request.</summary>
    public const int TasksMax = 100;

    private const int LinesMax = 100;

    /// <summary>Spans of tasks, in their order.</summary>
    public static async Task<IReadOnlyList<OtlpSpan>> OfAsync(CatalogSession session, IReadOnlyList<CatalogTask> tasks, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<Guid, string> machines = await session.Machines.NamesAsync(Guids(tasks, task => task.MachineGuid), cancellationToken);
        IReadOnlyDictionary<Guid, string> nodes = await session.Nodes.NamesAsync(Guids(tasks, task => task.LeaseNodeGuid), cancellationToken);
        IReadOnlyDictionary<Guid, string> destinations = await session.Destinations.NamesAsync(Guids(tasks, task => task.DestinationGuid), cancellationToken);
        List<OtlpSpan> spans = [];
        foreach (CatalogTask task in tasks)
        {
            IReadOnlyList<TaskLogLine> lines = await session.Tasks.LogAsync(task.Guid, after: 0, LinesMax + 1, cancellationToken);
            (string, object?)[] attributes =
            [
                ("vprotect.task", task.Guid), ("vprotect.state", ApiName.Of(task.State)), ("vprotect.workflow", task.WorkflowGuid), ("vprotect.machine", Name(machines, task.MachineGuid)),
                ("vprotect.machine.guid", task.MachineGuid), ("vprotect.node", Name(nodes, task.LeaseNodeGuid)), ("vprotect.destination", Name(destinations, task.DestinationGuid)),
                ("vprotect.bytes", task.BytesDone), ("vprotect.attempt", task.Attempt), ("vprotect.warnings", task.Warnings), ("vprotect.error", task.ErrorCode),
                ("vprotect.queued_ms", (long)((task.StartedAt ?? task.FinishedAt!.Value) - task.CreatedAt).TotalMilliseconds),
            ];
            spans.Add(new OtlpSpan
            {
                Trace = task.WorkflowGuid ?? task.Guid,
                Id = task.Guid,
                Parent = task.DependsOnGuid ?? (task.Type is TaskType.Store or TaskType.Import ? task.LinkedTaskGuid : null),
                Name = ApiName.Of(task.Type),
                Start = task.StartedAt ?? task.FinishedAt!.Value,
                End = task.FinishedAt!.Value,
                Failure = task.State == TaskState.Failed ? task.StatusInfo ?? "" : null,
                Attributes = [.. attributes.Where(pair => pair.Item2 is not null).Select(pair => (pair.Item1, pair.Item2!))],
                Events = [.. lines.Take(LinesMax).Select(line => new OtlpEvent(line.At, line.Text, [("level", ApiName.Of(line.Level))]))],
                EventsLeftOut = lines.Count > LinesMax ? 1 : 0,
            });
        }

        return spans;
    }

    private static List<Guid> Guids(IEnumerable<CatalogTask> tasks, Func<CatalogTask, Guid?> guid) => [.. tasks.Select(guid).OfType<Guid>().Distinct()];

    private static string? Name(IReadOnlyDictionary<Guid, string> names, Guid? guid) => guid is { } known ? names.GetValueOrDefault(known) : null;
}
