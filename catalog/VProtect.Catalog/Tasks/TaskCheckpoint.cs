namespace VProtect.Catalog.Tasks;

/// <summary>What a task has behind it, a record for each stage.</summary>
public sealed record TaskCheckpoint
{
    /// <summary>Task.</summary>
    public required Guid TaskGuid { get; init; }

    /// <summary>Stage, as the task names it.</summary>
    public required string Stage { get; init; }

    /// <summary>What is needed to go on; the task's own format.</summary>
    public required byte[] Data { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset At { get; init; }
}
