using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>A person or program that may log in.</summary>
public sealed record User : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>What is typed; unique without regard to case.</summary>
    public required string Login { get; init; }

    /// <summary>Login in lower case: what is searched, sorted and unique.</summary>
    public string LoginKey => Login.ToLowerInvariant();

    /// <summary>Name shown to people.</summary>
    public string? FullName { get; init; }

    /// <summary>Mail address.</summary>
    public string? Email { get; init; }

    /// <summary>Hash with its parameters; null for users known elsewhere.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>Second factor, sealed by the appliance's key.</summary>
    public byte[]? SealedTotp { get; init; }

    /// <summary>Who knows the secret.</summary>
    public UserSource Source { get; init; }

    /// <summary>Identity there.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Whether it may log in.</summary>
    public bool Active { get; init; } = true;

    /// <summary>Whether the next login asks for a new one.</summary>
    public bool MustChangePassword { get; init; }

    /// <summary>Since the last good one.</summary>
    public int FailedLogins { get; init; }

    /// <summary>Until when logins are refused.</summary>
    public DateTimeOffset? LockedUntil { get; init; }

    /// <summary>Last good login.</summary>
    public DateTimeOffset? LastLoginAt { get; init; }

    /// <summary>Preferences, as JSON.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>Tenant it belongs to.</summary>
    public string? TenantId { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
