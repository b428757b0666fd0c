using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Settings;

/// <summary>Who gets reports and alerts.</summary>
public sealed record MailingList : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Mail addresses.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
