namespace VProtect.Catalog.Tasks;

/// <summary>What a task does.</summary>
public enum TaskType
{
    /// <summary>Reads what a file system holds.</summary>
    Index,

    /// <summary>Reads a machine's disks.</summary>
    Export,

    /// <summary>Writes what was read to a destination.</summary>
    Store,

    /// <summary>Writes a restore point's disks.</summary>
    Restore,

    /// <summary>Makes a machine from restored disks.</summary>
    Import,

    /// <summary>Shows a restore point as disks or files.</summary>
    Mount,

    /// <summary>Ends a mount.</summary>
    Unmount,

    /// <summary>Forgets a restore point.</summary>
    Delete,

    /// <summary>Takes a snapshot kept on the platform.</summary>
    Snapshot,

    /// <summary>Takes a machine back to a snapshot.</summary>
    SnapshotReversion,

    /// <summary>Applies retention to restore points.</summary>
    OldBackupsRemoval,

    /// <summary>Applies retention to snapshots.</summary>
    OldSnapshotsRemoval,

    /// <summary>Reads what a platform holds.</summary>
    InventorySync,

    /// <summary>Reads stored bytes and checks them.</summary>
    Verify,

    /// <summary>Frees space of what nobody needs.</summary>
    Collect,

    /// <summary>Copies restore points to another destination.</summary>
    Replicate,

    /// <summary>Boots restore points as a recovery plan says.</summary>
    RecoveryTest,

    /// <summary>Makes and sends a report.</summary>
    Report,

    /// <summary>Keeps a copy of the appliance itself in a repository.</summary>
    ApplianceBackup,

    /// <summary>Writes files of a mounted restore point into a machine that runs.</summary>
    FileRestore,
}
