namespace VProtect.Catalog.Tasks;

/// <summary>A line of a task's log.</summary>
public sealed record TaskLogLine
{
    /// <summary>Task.</summary>
    public required Guid TaskGuid { get; init; }

    /// <summary>Order within the task, from 1.</summary>
    public long Seq { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Weight.</summary>
    public required TaskLogLevel Level { get; init; }

    /// <summary>What; no secrets, no guest data.</summary>
    public required string Text { get; init; }
}
