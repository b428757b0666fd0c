using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>Machines to be brought back together, in order.</summary>
public sealed record RecoveryPlan : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether its tests run.</summary>
    public bool Active { get; init; } = true;

    /// <summary>Target, networks and checks, as JSON.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>When it was last tried.</summary>
    public DateTimeOffset? LastTestedAt { get; init; }

    /// <summary>What was found.</summary>
    public string? LastResult { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
