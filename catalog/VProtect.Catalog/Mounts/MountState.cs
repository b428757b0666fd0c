namespace VProtect.Catalog.Mounts;

/// <summary>Where a mount stands.</summary>
public enum MountState
{
    /// <summary>Being set up.</summary>
    Mounting,

    /// <summary>In use.</summary>
    Mounted,

    /// <summary>Being taken down.</summary>
    Unmounting,

    /// <summary>Set-up or removal failed; the status tells.</summary>
    Failed,
}
