using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>A network that machines can join.</summary>
public sealed record Network : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Identity on the platform.</summary>
    public required string Uuid { get; init; }

    /// <summary>Its manager, if any.</summary>
    public Guid? HypervisorManagerGuid { get; init; }

    /// <summary>Its host when it is local.</summary>
    public Guid? HypervisorGuid { get; init; }

    /// <summary>Whether all projects may use it.</summary>
    public bool Shared { get; init; }

    /// <summary>VLAN number.</summary>
    public int? Vlan { get; init; }

    /// <summary>Whether the platform still has it.</summary>
    public bool Present { get; init; } = true;

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
