namespace VProtect.Catalog.Inventory;

/// <summary>What errors of a pre- or post-command mean for the task.</summary>
public enum CommandErrorHandling
{
    /// <summary>The task fails.</summary>
    DontIgnore,

    /// <summary>Nothing.</summary>
    IgnoreWithoutWarning,

    /// <summary>The task goes on and warns.</summary>
    IgnoreWithWarning,
}
