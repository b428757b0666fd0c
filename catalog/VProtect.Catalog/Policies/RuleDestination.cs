using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Policies;

/// <summary>A destination of a rule, and what is kept there.</summary>
public sealed record RuleDestination : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Rule.</summary>
    public required Guid RuleGuid { get; init; }

    /// <summary>Which copy it receives.</summary>
    public required DestinationRole Role { get; init; }

    /// <summary>Whether it is used.</summary>
    public bool Active { get; init; } = true;

    /// <summary>Destination.</summary>
    public required Guid DestinationGuid { get; init; }

    /// <summary>Days for which restore points may not be removed; 0 none.</summary>
    public int LockDays { get; init; }

    /// <summary>Full restore points kept; null any number.</summary>
    public int? KeepLastFull { get; init; }

    /// <summary>Age to which they are kept, milliseconds; null any.</summary>
    public TimeSpan? KeepFullNewerThan { get; init; }

    /// <summary>Incremental restore points kept; null any number.</summary>
    public int? KeepLastIncremental { get; init; }

    /// <summary>Age to which they are kept, milliseconds; null any.</summary>
    public TimeSpan? KeepIncrementalNewerThan { get; init; }

    /// <summary>Whether the last one stays while the machine exists.</summary>
    public bool KeepLastWhilePresent { get; init; }

    /// <summary>Newest kept whatever their age; 0 none.</summary>
    public int KeepLast { get; init; }

    /// <summary>Hours of which one is kept.</summary>
    public int KeepHourly { get; init; }

    /// <summary>Days of which one is kept.</summary>
    public int KeepDaily { get; init; }

    /// <summary>Weeks of which one is kept.</summary>
    public int KeepWeekly { get; init; }

    /// <summary>Months of which one is kept.</summary>
    public int KeepMonthly { get; init; }

    /// <summary>Years of which one is kept.</summary>
    public int KeepYearly { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
