using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>A set of permissions.</summary>
public sealed record Role : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether it came with the program and may not be changed.</summary>
    public bool BuiltIn { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
