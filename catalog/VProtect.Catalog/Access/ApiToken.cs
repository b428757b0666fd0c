using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>A bearer token for automation; only its hash is kept.</summary>
public sealed record ApiToken : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>User as whom it acts.</summary>
    public required Guid UserGuid { get; init; }

    /// <summary>SHA-256 of the token.</summary>
    public required byte[] TokenHash { get; init; }

    /// <summary>Permissions it is limited to; empty all of the user's.</summary>
    public IReadOnlyList<string> Permissions { get; init; } = [];

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends; null never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Last use.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was taken back.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
