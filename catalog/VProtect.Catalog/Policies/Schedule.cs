using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Policies;

/// <summary>When rules run.</summary>
public sealed record Schedule : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>What it starts.</summary>
    public required ScheduleType Type { get; init; }

    /// <summary>Whether it runs.</summary>
    public bool Active { get; init; } = true;

    /// <summary>How much backups read.</summary>
    public required BackupType BackupType { get; init; }

    /// <summary>How its times are told.</summary>
    public required ScheduleExecution ExecutionType { get; init; }

    /// <summary>Time of day, milliseconds after midnight in its time zone.</summary>
    public TimeSpan? Hour { get; init; }

    /// <summary>First time of day, milliseconds after midnight.</summary>
    public TimeSpan? IntervalStart { get; init; }

    /// <summary>Last time of day, milliseconds after midnight.</summary>
    public TimeSpan? IntervalEnd { get; init; }

    /// <summary>Time between runs, milliseconds.</summary>
    public TimeSpan? IntervalFrequency { get; init; }

    /// <summary>Cron expression.</summary>
    public string? Cron { get; init; }

    /// <summary>IANA name; UTC as old clients expect.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>How long after its time a run may still begin, milliseconds; 0 any.</summary>
    public TimeSpan StartWindow { get; init; }

    /// <summary>Days, MONDAY to SUNDAY; empty all.</summary>
    public IReadOnlyList<string> DaysOfWeek { get; init; } = [];

    /// <summary>Months, JANUARY to DECEMBER; empty all.</summary>
    public IReadOnlyList<string> Months { get; init; } = [];

    /// <summary>FIRST_IN_MONTH to LAST_IN_MONTH; empty all.</summary>
    public IReadOnlyList<string> Occurrences { get; init; } = [];

    /// <summary>Tenant it belongs to.</summary>
    public string? TenantId { get; init; }

    /// <summary>When it last started something.</summary>
    public DateTimeOffset? LastRunAt { get; init; }

    /// <summary>When it is due; null never.</summary>
    public DateTimeOffset? NextRunAt { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
