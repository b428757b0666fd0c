using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>A login; only the cookie's hash is kept.</summary>
public sealed record UserSession : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>User.</summary>
    public required Guid UserGuid { get; init; }

    /// <summary>SHA-256 of the cookie.</summary>
    public required byte[] TokenHash { get; init; }

    /// <summary>SHA-256 of the CSRF token.</summary>
    public required byte[] CsrfHash { get; init; }

    /// <summary>Login.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Last use.</summary>
    public required DateTimeOffset LastUsedAt { get; init; }

    /// <summary>Where it came from.</summary>
    public string? Address { get; init; }

    /// <summary>With what.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
