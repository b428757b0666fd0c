using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>A snapshot kept on the platform.</summary>
public sealed record Snapshot : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Machine.</summary>
    public required Guid MachineGuid { get; init; }

    /// <summary>Identity on the platform, once it exists.</summary>
    public string? Uuid { get; init; }

    /// <summary>Where it stands.</summary>
    public SnapshotState State { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Policy that made it.</summary>
    public Guid? PolicyGuid { get; init; }

    /// <summary>Rule that made it.</summary>
    public Guid? RuleGuid { get; init; }

    /// <summary>Restore point that reads from it.</summary>
    public Guid? RestorePointGuid { get; init; }

    /// <summary>Whether the guest flushed first.</summary>
    public bool Quiesced { get; init; }

    /// <summary>Whether we made it and may remove it.</summary>
    public bool Ours { get; init; } = true;

    /// <summary>Space it takes on the platform, bytes.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>Why it failed.</summary>
    public string? StatusInfo { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
