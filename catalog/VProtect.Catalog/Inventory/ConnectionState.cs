namespace VProtect.Catalog.Inventory;

/// <summary>Whether a remote end could be reached when it was last tried.</summary>
public enum ConnectionState
{
    /// <summary>Not tried yet.</summary>
    Unknown,

    /// <summary>Reached.</summary>
    Online,

    /// <summary>Not reached.</summary>
    Offline,

    /// <summary>Reached, but it refused us or answered wrongly.</summary>
    Failed,
}
