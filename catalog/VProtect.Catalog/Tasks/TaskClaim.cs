namespace VProtect.Catalog.Tasks;

/// <summary>What a node asks for when it has room for a task.</summary>
public sealed record TaskClaim
{
    /// <summary>The node.</summary>
    public required Guid Node { get; init; }

    /// <summary>Its generation: an older one gets nothing.</summary>
    public required long Generation { get; init; }

    /// <summary>What it can do.</summary>
    public required IReadOnlyCollection<TaskType> Types { get; init; }

    /// <summary>Tasks that it may run at once; those that it runs count.</summary>
    public required int NodeRunningMax { get; init; }

    /// <summary>Tasks that may read from or write to one source at once, on all nodes; default no limit.</summary>
    public int SourceRunningMax { get; init; } = int.MaxValue;

    /// <summary>Which work is the server's own node's.</summary>
    public required OwnWork Own { get; init; }

    /// <summary>Tasks that may run at once on all nodes; default no limit.</summary>
    public int RunningMax { get; init; } = int.MaxValue;
}
