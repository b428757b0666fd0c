using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Recovery;

/// <summary>Which machines are restored together, in which order and where to.</summary>
public sealed record RecoveryPlan : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether its times count; it can be run by hand in any case.</summary>
    public bool Active { get; init; } = true;

    /// <summary>Whether the steps after one that failed are done.</summary>
    public bool GoesOnAfterFailure { get; init; }

    /// <summary>Where restore points are taken from; null for wherever the newest is.</summary>
    public Guid? DestinationGuid { get; init; }

    /// <summary>When it runs by itself, as crontab has it; null never.</summary>
    public string? Cron { get; init; }

    /// <summary>IANA name of the zone of <see cref="Cron"/>.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Its steps in order, JSON of the control plane. A machine that is deleted stays named here, so that its step fails instead of vanishing.</summary>
    public required string Steps { get; init; }

    /// <summary>Tenant it belongs to.</summary>
    public string? TenantId { get; init; }

    /// <summary>When it last began.</summary>
    public DateTimeOffset? LastRunAt { get; init; }

    /// <summary>When it is due; null never.</summary>
    public DateTimeOffset? NextRunAt { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
