namespace VProtect.Catalog.Tasks;

/// <summary>Where a workflow, the tasks of one intent, stands.</summary>
public enum WorkflowState
{
    /// <summary>Tasks are waiting or running.</summary>
    Running,

    /// <summary>All were done.</summary>
    Finished,

    /// <summary>All were done, some with warnings.</summary>
    FinishedWithWarnings,

    /// <summary>Some were done.</summary>
    PartiallyFinished,

    /// <summary>None was done.</summary>
    Failed,

    /// <summary>None was done, and something needs a user.</summary>
    FailedWithCriticalErrors,

    /// <summary>Stopped by a user.</summary>
    Cancelled,

    /// <summary>Its tasks are gone.</summary>
    Unknown,
}
