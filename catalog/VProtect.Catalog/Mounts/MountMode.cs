namespace VProtect.Catalog.Mounts;

/// <summary>How a restore point is shown.</summary>
public enum MountMode
{
    /// <summary>Its file systems, on a node.</summary>
    FileSystems,

    /// <summary>Its disks as NBD exports.</summary>
    Nbd,

    /// <summary>Its disks as iSCSI targets.</summary>
    Iscsi,

    /// <summary>As a machine booted from it.</summary>
    Machine,
}
