using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>A piece of work that a node does.</summary>
public sealed record CatalogTask : IEntity
{
    /// <summary>How long a task must have waited to count as one point of priority more: 5 minutes, so 100 points are 8 h 20 min.</summary>
    public static readonly TimeSpan AgingPerPoint = TimeSpan.FromMinutes(5);

    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>What it does.</summary>
    public required TaskType Type { get; init; }

    /// <summary>Where it stands.</summary>
    public TaskState State { get; init; }

    /// <summary>0 to 100, 50 by default.</summary>
    public int Priority { get; init; } = 50;

    /// <summary>What is claimed first: creation minus five minutes for each point of priority, Unix milliseconds; so age wins in the end.</summary>
    public long ClaimOrder => CreatedAt.ToUnixTimeMilliseconds() - (Priority * (long)AgingPerPoint.TotalMilliseconds);

    /// <summary>Not before.</summary>
    public DateTimeOffset? WindowStart { get; init; }

    /// <summary>Not begun after.</summary>
    public DateTimeOffset? WindowEnd { get; init; }

    /// <summary>Earliest next try after a failure.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Its workflow.</summary>
    public Guid? WorkflowGuid { get; init; }

    /// <summary>The other half of an EXPORT and STORE pair.</summary>
    public Guid? LinkedTaskGuid { get; init; }

    /// <summary>Task that must be FINISHED first.</summary>
    public Guid? DependsOnGuid { get; init; }

    /// <summary>The only node that may do it; null any.</summary>
    public Guid? NodeGuid { get; init; }

    /// <summary>Who asked.</summary>
    public OriginType OriginType { get; init; }

    /// <summary>The user or schedule; it may be gone.</summary>
    public Guid? OriginGuid { get; init; }

    /// <summary>Machine, if it is about one.</summary>
    public Guid? MachineGuid { get; init; }

    /// <summary>Host it reads or writes.</summary>
    public Guid? HypervisorGuid { get; init; }

    /// <summary>What the limit per source counts: a manager or a lone host.</summary>
    public Guid? SourceGuid { get; init; }

    /// <summary>Restore point it makes or uses.</summary>
    public Guid? RestorePointGuid { get; init; }

    /// <summary>How much a backup reads.</summary>
    public BackupType? BackupType { get; init; }

    /// <summary>Destination it uses.</summary>
    public Guid? DestinationGuid { get; init; }

    /// <summary>Policy that it runs for.</summary>
    public Guid? PolicyGuid { get; init; }

    /// <summary>Rule that it runs for.</summary>
    public Guid? RuleGuid { get; init; }

    /// <summary>Schedule that started it.</summary>
    public Guid? ScheduleGuid { get; init; }

    /// <summary>The request, as JSON.</summary>
    public string Parameters { get; init; } = "{}";

    /// <summary>Tries begun.</summary>
    public int Attempt { get; init; }

    /// <summary>Tries at most.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>Whether a user wants it stopped.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>Node that has it; once it has ended, the node that had it last.</summary>
    public Guid? LeaseNodeGuid { get; init; }

    /// <summary>That node's generation when it took the task.</summary>
    public long? LeaseGeneration { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its last try began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>What it is doing.</summary>
    public string? Stage { get; init; }

    /// <summary>0 to 100.</summary>
    public int Percent { get; init; }

    /// <summary>Moved, bytes.</summary>
    public long BytesDone { get; init; }

    /// <summary>To be moved, bytes; null unknown.</summary>
    public long? BytesTotal { get; init; }

    /// <summary>Bytes per second of late.</summary>
    public long RateBytes { get; init; }

    /// <summary>When progress was last told.</summary>
    public DateTimeOffset? ProgressAt { get; init; }

    /// <summary>Why it failed, or what is worth knowing.</summary>
    public string? StatusInfo { get; init; }

    /// <summary>Warnings in its log.</summary>
    public int Warnings { get; init; }

    /// <summary>Stable number of what went wrong.</summary>
    public int? ErrorCode { get; init; }

    /// <summary>Result, as JSON.</summary>
    public string? Result { get; init; }

    /// <summary>Tenant it belongs to.</summary>
    public string? TenantId { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
