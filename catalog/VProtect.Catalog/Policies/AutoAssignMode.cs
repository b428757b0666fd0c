namespace VProtect.Catalog.Policies;

/// <summary>Whether machines join and leave a policy by themselves.</summary>
public enum AutoAssignMode
{
    /// <summary>Never.</summary>
    Disabled,

    /// <summary>They join.</summary>
    AssignOnly,

    /// <summary>They join, and move when another policy matches better.</summary>
    AssignAndRemove,
}
