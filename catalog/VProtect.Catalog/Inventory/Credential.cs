using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>A secret that opens a platform, a guest or a destination.</summary>
public sealed record Credential : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>What it holds.</summary>
    public required CredentialKind Kind { get; init; }

    /// <summary>User name, if any.</summary>
    public string? Login { get; init; }

    /// <summary>The secret, sealed by the appliance's key; the catalog never sees it in clear.</summary>
    public required byte[] Sealed { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the secret was last changed.</summary>
    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
