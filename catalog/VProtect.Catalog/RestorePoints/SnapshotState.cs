namespace VProtect.Catalog.RestorePoints;

/// <summary>Where a snapshot on the platform stands.</summary>
public enum SnapshotState
{
    /// <summary>Asked for.</summary>
    Creating,

    /// <summary>It exists.</summary>
    Present,

    /// <summary>Its removal was asked for.</summary>
    Removing,

    /// <summary>Making or removing it failed; it may exist.</summary>
    Failed,
}
