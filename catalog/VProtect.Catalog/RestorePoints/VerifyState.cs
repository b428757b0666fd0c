namespace VProtect.Catalog.RestorePoints;

/// <summary>What the last verification found.</summary>
public enum VerifyState
{
    /// <summary>Not verified yet.</summary>
    None,

    /// <summary>All bytes were right.</summary>
    Good,

    /// <summary>Bytes were missing or wrong.</summary>
    Damaged,
}
