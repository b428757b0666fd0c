using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>A machine's disks at one instant, in one destination (a *backup* to old clients). A copy elsewhere is a row of its own.</summary>
public sealed record RestorePoint : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Machine; it stays while restore points do.</summary>
    public required Guid MachineGuid { get; init; }

    /// <summary>Destination.</summary>
    public required Guid DestinationGuid { get; init; }

    /// <summary>Identity in the repository, once committed.</summary>
    public string? RepositoryPointId { get; init; }

    /// <summary>How much was read.</summary>
    public required BackupType Type { get; init; }

    /// <summary>Where it stands.</summary>
    public RestorePointState State { get; init; }

    /// <summary>When it was asked for; the order of lists and the age for retention.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The instant that it shows.</summary>
    public DateTimeOffset? SnapshotAt { get; init; }

    /// <summary>When it was committed or given up.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Size of its disks, bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Read from the source, bytes.</summary>
    public long ChangedBytes { get; init; }

    /// <summary>Of it new to the repository, bytes.</summary>
    public long NewBytes { get; init; }

    /// <summary>Of it after compression, bytes.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Restore point that an incremental one was read against; information only, nothing depends on it.</summary>
    public Guid? BaseGuid { get; init; }

    /// <summary>Restore point that this one was copied from.</summary>
    public Guid? CopyOfGuid { get; init; }

    /// <summary>What the guest did before the snapshot, as the connector tells it.</summary>
    public string? Consistency { get; init; }

    /// <summary>Whether removal is forbidden until somebody lifts the hold.</summary>
    public bool Held { get; init; }

    /// <summary>Why.</summary>
    public string? HoldReason { get; init; }

    /// <summary>Until when the rule forbids removal.</summary>
    public DateTimeOffset? LockedUntil { get; init; }

    /// <summary>What retention means to do.</summary>
    public RetentionHint RetentionHint { get; init; }

    /// <summary>Warnings of its task.</summary>
    public int Warnings { get; init; }

    /// <summary>Whether somebody has seen them.</summary>
    public bool WarningsAcknowledged { get; init; }

    /// <summary>What a user wrote.</summary>
    public string? Description { get; init; }

    /// <summary>Policy that made it.</summary>
    public Guid? PolicyGuid { get; init; }

    /// <summary>Rule that made it; its retention applies.</summary>
    public Guid? RuleGuid { get; init; }

    /// <summary>Which copy it is to that rule.</summary>
    public DestinationRole? Role { get; init; }

    /// <summary>When its bytes were last checked.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>What was found.</summary>
    public VerifyState VerifyState { get; init; }

    /// <summary>Why it failed, or what is worth knowing.</summary>
    public string? StatusInfo { get; init; }

    /// <summary>The appliance that it belongs to, which joined this one; null for its own.</summary>
    public Guid? ApplianceGuid { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
