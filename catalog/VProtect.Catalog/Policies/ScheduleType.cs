namespace VProtect.Catalog.Policies;

/// <summary>What a schedule starts.</summary>
public enum ScheduleType
{
    /// <summary>Backups of virtual machines.</summary>
    VmBackup,

    /// <summary>Snapshots kept on the platform.</summary>
    VmSnapshot,

    /// <summary>Backups by commands.</summary>
    AppBackup,
}
