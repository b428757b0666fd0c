namespace VProtect.Catalog.Tasks;

/// <summary>Weight of a line in a task's log.</summary>
public enum TaskLogLevel
{
    /// <summary>For developers.</summary>
    Debug,

    /// <summary>What happened.</summary>
    Info,

    /// <summary>Worth a look; the task goes on.</summary>
    Warning,

    /// <summary>Why it failed.</summary>
    Error,
}
