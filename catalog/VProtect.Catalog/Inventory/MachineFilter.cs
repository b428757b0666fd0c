namespace VProtect.Catalog.Inventory;

/// <summary>Which machines are wanted; what is null does not limit.</summary>
public sealed record MachineFilter
{
    /// <summary>On this host.</summary>
    public Guid? Hypervisor { get; init; }

    /// <summary>Of this manager.</summary>
    public Guid? HypervisorManager { get; init; }

    /// <summary>In this cluster.</summary>
    public Guid? Cluster { get; init; }

    /// <summary>Of this platform.</summary>
    public string? Platform { get; init; }

    /// <summary>Of this tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Whether the platform still has them.</summary>
    public bool? Present { get; init; }

    /// <summary>In this policy, whoever put them there.</summary>
    public Guid? Policy { get; init; }

    /// <summary>Whether they are in any backup policy.</summary>
    public bool? Protected { get; init; }

    /// <summary>With this tag.</summary>
    public string? Tag { get; init; }

    /// <summary>Whose last backup ended so.</summary>
    public RestorePoints.RestorePointState? LastBackupState { get; init; }

    /// <summary>Whether the last good backup still satisfies the recovery point objective; those that have none are neither.</summary>
    public bool? UpToDate { get; init; }
}
