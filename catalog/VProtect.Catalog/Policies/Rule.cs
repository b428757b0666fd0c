using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Policies;

/// <summary>When a policy acts and where the result goes.</summary>
public sealed record Rule : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Policy.</summary>
    public required Guid PolicyGuid { get; init; }

    /// <summary>Whether it runs.</summary>
    public bool Active { get; init; } = true;

    /// <summary>Order in the policy, from 0.</summary>
    public int Position { get; init; }

    /// <summary>Snapshots kept, for snapshot rules.</summary>
    public int? RetentionVersions { get; init; }

    /// <summary>Days for which they are kept.</summary>
    public int? RetentionDays { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
