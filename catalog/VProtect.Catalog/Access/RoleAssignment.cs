using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>A role given to a user or a group, for all or for a part.</summary>
public sealed record RoleAssignment : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Role; it stays while somebody has it.</summary>
    public required Guid RoleGuid { get; init; }

    /// <summary>User, or</summary>
    public Guid? UserGuid { get; init; }

    /// <summary>group: exactly one of them.</summary>
    public Guid? GroupGuid { get; init; }

    /// <summary>What the role is limited to (tenant, policy …); null everything.</summary>
    public string? ScopeKind { get; init; }

    /// <summary>Which.</summary>
    public string? ScopeValue { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
