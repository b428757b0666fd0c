namespace VProtect.Catalog.Policies;

/// <summary>What a policy makes.</summary>
public enum PolicyKind
{
    /// <summary>Backups of virtual machines.</summary>
    VmBackup,

    /// <summary>Snapshots kept on the platform.</summary>
    VmSnapshot,
}
