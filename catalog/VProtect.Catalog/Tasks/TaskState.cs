namespace VProtect.Catalog.Tasks;

/// <summary>Where a task stands.</summary>
public enum TaskState
{
    /// <summary>Waits for its time and a node.</summary>
    Queued,

    /// <summary>A node has it.</summary>
    Running,

    /// <summary>Done.</summary>
    Finished,

    /// <summary>Not done; the reason is in the status.</summary>
    Failed,

    /// <summary>Stopped by a user.</summary>
    Cancelled,
}
