namespace VProtect.Catalog.Policies;

/// <summary>Who put a machine into a policy.</summary>
public enum AssignmentSource
{
    /// <summary>A user.</summary>
    Manual,

    /// <summary>The policy's own lists.</summary>
    Auto,
}
