namespace VProtect.Catalog.RestorePoints;

/// <summary>What retention means to do with a restore point.</summary>
public enum RetentionHint
{
    /// <summary>The rule decides.</summary>
    StandardRetention,

    /// <summary>Goes with the next run.</summary>
    ToRemove,

    /// <summary>Stays until somebody says otherwise.</summary>
    Archive,
}
