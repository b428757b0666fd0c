using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Policies;

/// <summary>What is to happen to a set of machines.</summary>
public sealed record Policy : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>What it makes.</summary>
    public required PolicyKind Kind { get; init; }

    /// <summary>Whether its rules run.</summary>
    public bool Active { get; init; } = true;

    /// <summary>0 to 100, 50 by default; also of its tasks.</summary>
    public int Priority { get; init; } = 50;

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether machines that are gone leave it.</summary>
    public bool AutoRemoveNonPresent { get; init; }

    /// <summary>Whether machines join and leave by themselves.</summary>
    public AutoAssignMode AutoAssignMode { get; init; }

    /// <summary>Failed exports after which the rest of a run fails.</summary>
    public int? FailExportThreshold { get; init; }

    /// <summary>Failed stores after which the rest of a run fails.</summary>
    public int? FailStoreThreshold { get; init; }

    /// <summary>How often a failed backup is tried again.</summary>
    public int RetryCount { get; init; }

    /// <summary>Time before the first new try, milliseconds; doubled for each further one.</summary>
    public TimeSpan RetryDelay { get; init; }

    /// <summary>Whether a report is sent every day.</summary>
    public bool DailyReport { get; init; }

    /// <summary>Who gets it.</summary>
    public Guid? MailingListGuid { get; init; }

    /// <summary>Longest time without a good backup, milliseconds; null none.</summary>
    public TimeSpan? Rpo { get; init; }

    /// <summary>Tenant it belongs to.</summary>
    public string? TenantId { get; init; }

    /// <summary>Pre- and post-commands and the like, as JSON.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>The appliance that it belongs to, which joined this one; null for its own.</summary>
    public Guid? ApplianceGuid { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
