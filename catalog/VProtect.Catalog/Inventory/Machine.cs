using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>A virtual machine, or anything with disks.</summary>
public sealed record Machine : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Identity on the platform.</summary>
    public required string Uuid { get; init; }

    /// <summary>Platform, as its connector is called in upper case; an open set.</summary>
    public required string Platform { get; init; }

    /// <summary>Host where it was last seen.</summary>
    public Guid? HypervisorGuid { get; init; }

    /// <summary>Its manager; history outlives it.</summary>
    public Guid? HypervisorManagerGuid { get; init; }

    /// <summary>Its cluster.</summary>
    public Guid? ClusterGuid { get; init; }

    /// <summary>Project or folder on the platform.</summary>
    public string? Project { get; init; }

    /// <summary>Tenant it belongs to.</summary>
    public string? TenantId { get; init; }

    /// <summary>Whether the platform still has it.</summary>
    public bool Present { get; init; } = true;

    /// <summary>Whether it runs.</summary>
    public PowerState PowerState { get; init; }

    /// <summary>Guest system as the platform tells it.</summary>
    public string? GuestOs { get; init; }

    /// <summary>Virtual processors.</summary>
    public int? CpuCount { get; init; }

    /// <summary>Memory, bytes.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Size of its disks, bytes.</summary>
    public long ProvisionedBytes { get; init; }

    /// <summary>When it was found.</summary>
    public required DateTimeOffset FirstSeenAt { get; init; }

    /// <summary>When the platform last showed it.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>How its disks are read, as the connector names it; null as the host has it.</summary>
    public string? ExportMode { get; init; }

    /// <summary>Whether the guest is asked to flush before the snapshot.</summary>
    public bool Quiesce { get; init; }

    /// <summary>Guest address for commands.</summary>
    public string? SshHost { get; init; }

    /// <summary>Its port.</summary>
    public int? SshPort { get; init; }

    /// <summary>Its user.</summary>
    public string? SshUser { get; init; }

    /// <summary>Path of a private key on the node.</summary>
    public string? SshKeyPath { get; init; }

    /// <summary>Password or key for the guest.</summary>
    public Guid? SshCredentialGuid { get; init; }

    /// <summary>Whether a command runs before the snapshot.</summary>
    public bool PreCommandEnabled { get; init; }

    /// <summary>Its argument vector.</summary>
    public IReadOnlyList<string> PreCommandArgs { get; init; } = [];

    /// <summary>Exit codes that count as success.</summary>
    public IReadOnlyList<string> PreCommandIgnoredExitCodes { get; init; } = [];

    /// <summary>What its error output means.</summary>
    public CommandErrorHandling PreCommandErrors { get; init; }

    /// <summary>Whether a command runs after the snapshot.</summary>
    public bool PostCommandEnabled { get; init; }

    /// <summary>Its argument vector.</summary>
    public IReadOnlyList<string> PostCommandArgs { get; init; } = [];

    /// <summary>Exit codes that count as success.</summary>
    public IReadOnlyList<string> PostCommandIgnoredExitCodes { get; init; } = [];

    /// <summary>What its error output means.</summary>
    public CommandErrorHandling PostCommandErrors { get; init; }

    /// <summary>Backup policy shown in lists: the one of highest priority.</summary>
    public Guid? BackupPolicyGuid { get; init; }

    /// <summary>Snapshot policy shown in lists.</summary>
    public Guid? SnapshotPolicyGuid { get; init; }

    /// <summary>When the last backup was tried.</summary>
    public DateTimeOffset? LastBackupAt { get; init; }

    /// <summary>How it ended.</summary>
    public RestorePointState? LastBackupState { get; init; }

    /// <summary>When the last good one was made.</summary>
    public DateTimeOffset? LastSuccessAt { get; init; }

    /// <summary>Its size, bytes.</summary>
    public long? LastSuccessBytes { get; init; }

    /// <summary>When the last good full one was made.</summary>
    public DateTimeOffset? LastFullAt { get; init; }

    /// <summary>Its size, bytes.</summary>
    public long? LastFullBytes { get; init; }

    /// <summary>Whether the next backup must be full.</summary>
    public bool NextBackupFull { get; init; }

    /// <summary>Until when the last good backup satisfies the shortest RPO of its policies; up to date while it lies ahead; null when no policy asks.</summary>
    public DateTimeOffset? RpoDueAt { get; init; }

    /// <summary>Whether the last backup has warnings nobody acknowledged.</summary>
    public bool WarningsPresent { get; init; }

    /// <summary>What the last restore or recovery test said.</summary>
    public string? RestoreStatus { get; init; }

    /// <summary>The appliance that it belongs to, which joined this one; null for its own.</summary>
    public Guid? ApplianceGuid { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
