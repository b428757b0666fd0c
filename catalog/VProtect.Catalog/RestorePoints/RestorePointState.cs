namespace VProtect.Catalog.RestorePoints;

/// <summary>Where a restore point stands.</summary>
public enum RestorePointState
{
    /// <summary>Its task has not begun.</summary>
    Pending,

    /// <summary>Being written.</summary>
    Running,

    /// <summary>Committed: it can be restored.</summary>
    Success,

    /// <summary>Not made; the reason is in the status.</summary>
    Failed,

    /// <summary>Stopped by a user before it was committed.</summary>
    Cancelled,

    /// <summary>To be forgotten; may be gone from the repository already.</summary>
    Removing,
}
