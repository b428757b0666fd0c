namespace VProtect.Catalog.Inventory;

/// <summary>Whether a machine runs.</summary>
public enum PowerState
{
    /// <summary>The platform did not tell.</summary>
    Unknown,

    /// <summary>Running.</summary>
    On,

    /// <summary>Stopped.</summary>
    Off,

    /// <summary>Paused or saved to disk.</summary>
    Suspended,
}
