using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Nodes;

/// <summary>Settings that several nodes share.</summary>
public sealed record NodeConfig : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Limits and paths of the nodes, as JSON.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>Whether new nodes get it.</summary>
    public bool IsDefault { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
