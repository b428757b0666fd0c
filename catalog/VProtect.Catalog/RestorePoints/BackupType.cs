namespace VProtect.Catalog.RestorePoints;

/// <summary>How much of the disks a backup reads.</summary>
public enum BackupType
{
    /// <summary>All data.</summary>
    Full,

    /// <summary>What changed since an earlier restore point.</summary>
    Incremental,
}
