using System.Text.Json;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;

namespace VProtect.Server.Api.Tasks;

/// <summary>Tasks with the names of what they refer to: a query for each kind of name and page.</summary>
internal sealed class TaskViews
{
    private readonly Names _names = new();

    private TaskViews()
    {
    }

    /// <summary>Views of these tasks, in their order.</summary>
    public static async Task<List<TaskView>> OfAsync(CatalogSession session, IReadOnlyCollection<CatalogTask> tasks, CancellationToken cancellationToken)
    {
        var views = new TaskViews();
        await views._names.AddAsync(session.Nodes, tasks.Select(task => task.LeaseNodeGuid ?? task.NodeGuid), cancellationToken);
        await views._names.AddAsync(session.Machines, tasks.Select(task => task.MachineGuid), cancellationToken);
        await views._names.AddAsync(session.Destinations, tasks.Select(task => task.DestinationGuid), cancellationToken);
        await views._names.AddAsync(session.Hypervisors, tasks.Select(task => task.HypervisorGuid), cancellationToken);
        await views._names.AddAsync(session.Workflows, tasks.Select(task => task.WorkflowGuid), cancellationToken);
        await views._names.AddAsync(session.Policies, tasks.Select(task => task.PolicyGuid), cancellationToken);
        await views._names.AddAsync(session.Schedules, tasks.Select(task => task.ScheduleGuid), cancellationToken);
        await views._names.AddAsync(session.Users, tasks.Where(task => task.OriginType == OriginType.User).Select(task => task.OriginGuid), cancellationToken);
        IReadOnlyDictionary<Guid, string> reasons = await WaitReasons.OfAsync(session, tasks, cancellationToken);
        return [.. tasks.Select(task => views.View(task, reasons.GetValueOrDefault(task.Guid)))];
    }

    /// <summary>The view of one task.</summary>
    public static async Task<TaskView> OfAsync(CatalogSession session, CatalogTask task, CancellationToken cancellationToken) =>
        (await OfAsync(session, [task], cancellationToken))[0];

    private TaskView View(CatalogTask task, string? waitsFor) => new()
    {
        Guid = task.Guid,
        Type = task.Type,
        State = task.State,
        Progress = task.Percent,
        Priority = task.Priority,
        WindowStart = task.WindowStart,
        WindowEnd = task.WindowEnd,
        Node = _names.Of(task.LeaseNodeGuid ?? task.NodeGuid),
        OriginEntity = new OriginView(task.OriginType, task.OriginGuid, _names.Of(task.OriginGuid)?.Name),
        ProtectedEntity = _names.Of(task.MachineGuid),
        Backup = _names.Of(task.RestorePointGuid),
        BackupType = task.BackupType,
        BackupDestination = _names.Of(task.DestinationGuid),
        Hypervisor = _names.Of(task.HypervisorGuid),
        PowerOnAfterRestore = TaskParameters.Of(task).Import?.PowersOn == true,
        StatusInfo = task.StatusInfo,
        WaitsFor = waitsFor,
        Workflow = _names.Of(task.WorkflowGuid),
        LinkedTask = task.LinkedTaskGuid,
        DependsOn = task.DependsOnGuid,
        Policy = _names.Of(task.PolicyGuid),
        Schedule = _names.Of(task.ScheduleGuid),
        Created = task.CreatedAt,
        Started = task.StartedAt,
        Finished = task.FinishedAt,
        NotBefore = task.NotBefore,
        Attempt = task.Attempt,
        MaxAttempts = task.MaxAttempts,
        CancelRequested = task.CancelRequested,
        Stage = task.Stage,
        BytesDone = task.BytesDone,
        BytesTotal = task.BytesTotal,
        Rate = task.RateBytes,
        EtaMs = EtaOf(task),
        Warnings = task.Warnings,
        ErrorCode = task.ErrorCode,
        Guidance = GuidanceOf(task),
        Result = task.State == TaskState.Finished && task.Result is { } result ? JsonSerializer.Deserialize<JsonElement>(result) : null,
        TenantId = task.TenantId,
    };

    private static long? EtaOf(CatalogTask task) => task is { State: TaskState.Running, BytesTotal: { } total, RateBytes: > 0 }
        ? (long)Int128.Min(Int128.Max(0, (Int128)total - task.BytesDone) * 1000 / task.RateBytes, long.MaxValue)
        : null;

    private static string? GuidanceOf(CatalogTask task)
    {
        if (task.State == TaskState.Finished || task.Result is not { } result)
        {
            return null;
        }

        using var fault = JsonDocument.Parse(result);
        return fault.RootElement.ValueKind == JsonValueKind.Object && fault.RootElement.TryGetProperty("guidance", out JsonElement guidance) && guidance.ValueKind == JsonValueKind.String
            ? guidance.GetString()
            : null;
    }
}
