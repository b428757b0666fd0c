using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Scheduling;

/// <summary>What would run for one machine.</summary>
internal sealed record ForecastRun
{
    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Until when it may begin; null any time later.</summary>
    public DateTimeOffset? WindowEnd { get; init; }

    /// <summary>Machine.</summary>
    public required Guid MachineGuid { get; init; }

    /// <summary>Policy.</summary>
    public required Guid PolicyGuid { get; init; }

    /// <summary>Rule of it.</summary>
    public required Guid RuleGuid { get; init; }

    /// <summary>Schedule that starts it.</summary>
    public required Guid ScheduleGuid { get; init; }

    /// <summary>How much is read; null for a snapshot.</summary>
    public BackupType? Type { get; init; }

    /// <summary>Where it goes; null for a snapshot.</summary>
    public Guid? DestinationGuid { get; init; }

    /// <summary>Where a copy goes; null nowhere.</summary>
    public Guid? CopyDestinationGuid { get; init; }

    /// <summary>Priority of its tasks.</summary>
    public int Priority { get; init; }
}
