using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>Users who share roles.</summary>
public sealed record Group : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Who knows its members.</summary>
    public UserSource Source { get; init; }

    /// <summary>Identity there.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
