namespace VProtect.Catalog.Policies;

/// <summary>Which copy a destination of a rule receives.</summary>
public enum DestinationRole
{
    /// <summary>The backup itself.</summary>
    Primary,

    /// <summary>A copy of it.</summary>
    Secondary,
}
