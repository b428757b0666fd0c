using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>The tasks of one intent: for one machine, or a run of a recovery plan.</summary>
public sealed record Workflow : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Where it stands.</summary>
    public WorkflowState State { get; init; }

    /// <summary>Who asked.</summary>
    public OriginType OriginType { get; init; }

    /// <summary>The user or schedule; it may be gone.</summary>
    public Guid? OriginGuid { get; init; }

    /// <summary>Machine, if it is about one.</summary>
    public Guid? MachineGuid { get; init; }

    /// <summary>Policy that it runs for.</summary>
    public Guid? PolicyGuid { get; init; }

    /// <summary>Schedule that started it.</summary>
    public Guid? ScheduleGuid { get; init; }

    /// <summary>Recovery plan of which it is a run.</summary>
    public Guid? RecoveryPlanGuid { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its last task ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>What is worth knowing.</summary>
    public string? StatusInfo { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
