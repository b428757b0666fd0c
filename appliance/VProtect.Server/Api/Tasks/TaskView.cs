using System.Text.Json;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Tasks;

/// <summary>Who asked for something.</summary>
/// <param name="Type">What kind of asker.</param>
/// <param name="Guid">The user or schedule; null for the appliance itself.</param>
/// <param name="Name">Its name, while it exists.</param>
internal sealed record OriginView(OriginType Type, Guid? Guid, string? Name);

/// <summary>A task as clients see it. Bytes, milliseconds; null where nothing is known.</summary>
internal sealed record TaskView
{
    public required Guid Guid { get; init; }

    public required TaskType Type { get; init; }

    public required TaskState State { get; init; }

    /// <summary>0 to 100.</summary>
    public required int Progress { get; init; }

    public required int Priority { get; init; }

    public DateTimeOffset? WindowStart { get; init; }

    public DateTimeOffset? WindowEnd { get; init; }

    public NameAndGuid? Node { get; init; }

    public required OriginView OriginEntity { get; init; }

    public NameAndGuid? ProtectedEntity { get; init; }

    public NameAndGuid? Backup { get; init; }

    public BackupType? BackupType { get; init; }

    public NameAndGuid? BackupDestination { get; init; }

    public NameAndGuid? Hypervisor { get; init; }

    public bool PowerOnAfterRestore { get; init; }

    /// <summary>Why it failed, or what is worth knowing.</summary>
    public string? StatusInfo { get; init; }

    // What follows is ours.

    /// <summary>Why no node that is online may do what is queued, and what to do about it; null when one may.</summary>
    public string? WaitsFor { get; init; }

    public NameAndGuid? Workflow { get; init; }

    /// <summary>The other half of an EXPORT and STORE, or RESTORE and IMPORT.</summary>
    public Guid? LinkedTask { get; init; }

    /// <summary>The task that must end first.</summary>
    public Guid? DependsOn { get; init; }

    public NameAndGuid? Policy { get; init; }

    public NameAndGuid? Schedule { get; init; }

    public required DateTimeOffset Created { get; init; }

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    /// <summary>Earliest next try.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    public int Attempt { get; init; }

    public int MaxAttempts { get; init; }

    public bool CancelRequested { get; init; }

    /// <summary>What it is doing.</summary>
    public string? Stage { get; init; }

    public long BytesDone { get; init; }

    public long? BytesTotal { get; init; }

    /// <summary>Bytes per second of late.</summary>
    public long Rate { get; init; }

    /// <summary>Time to its end at this rate.</summary>
    public long? EtaMs { get; init; }

    public int Warnings { get; init; }

    public int? ErrorCode { get; init; }

    /// <summary>What to do about a failure.</summary>
    public string? Guidance { get; init; }

    public JsonElement? Result { get; init; }

    public string? TenantId { get; init; }
}

/// <summary>A line of a task's log.</summary>
internal sealed record TaskLineView(long Seq, DateTimeOffset At, TaskLogLevel Level, string Text);
