namespace VProtect.Abstractions.Nodes;

/// <summary>
/// How a node speaks to its server: the node always calls. In one process it is a method call; over a network the same records travel as JSON.
/// A channel belongs to one node, which the server knows by the channel, never by what is said over it.
/// All members are safe to call from several threads, and may be called again when an answer was lost.
/// </summary>
public interface INodeChannel
{
    /// <summary>
    /// Waits for something to do. A node with no slot free may ask too: it is then given only what takes no slot (checks of platforms and
    /// repositories, clean-up), which somebody waits for.
    /// </summary>
    /// <param name="status">How the node is; the server goes by it when it chooses.</param>
    /// <param name="cancellationToken">Ends the wait; then no order has been given.</param>
    /// <returns>An order for this node, or null after a while without one: ask again.</returns>
    ValueTask<TaskOrder?> LeaseAsync(NodeStatus status, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until orders of this node must end before they are done. A node always has one such call open beside the others: that is how a
    /// cancellation acts at once. What is lost with an answer is told again by <see cref="ReportAsync"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Orders and what to do with them, each told once; empty after a while without any: ask again.</returns>
    ValueTask<IReadOnlyList<TaskStop>> WaitForStopsAsync(CancellationToken cancellationToken);

    /// <summary>Tells how an order goes: at least every five seconds while it runs.</summary>
    /// <returns>What to do with it; <see cref="TaskDirective.Abandon"/> when it is not this node's.</returns>
    ValueTask<TaskDirective> ReportAsync(TaskReport report, CancellationToken cancellationToken);

    /// <summary>Tells how an order ended. Until this has returned the node keeps the outcome and tells it again.</summary>
    ValueTask CompleteAsync(TaskOutcome outcome, CancellationToken cancellationToken);
}

/// <summary>How a node is.</summary>
/// <param name="Version">Of its program.</param>
/// <param name="Running">Guids of the tasks it works on: what the server takes for running here and is not listed has been lost.</param>
/// <param name="SlotsFree">How many more it takes.</param>
/// <param name="Platforms">Names of the platforms it has connectors for.</param>
public sealed record NodeStatus(string Version, IReadOnlyList<string> Running, int SlotsFree, IReadOnlyList<string> Platforms)
{
    /// <summary>What it has mounted; null from a node that does not tell.</summary>
    public MountsStatus? Mounts { get; init; }
}

/// <summary>What a node has mounted, and what its mounts keep of what they have read. Chunks are counted since the node's start.</summary>
public sealed record MountsStatus
{
    /// <summary>Restore points that are served.</summary>
    public int Count { get; init; }

    /// <summary>Bytes kept in memory.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Bytes that may be kept in memory.</summary>
    public long MemoryBytesMax { get; init; }

    /// <summary>Bytes kept in the local file.</summary>
    public long FileBytes { get; init; }

    /// <summary>Bytes that the local file may take; 0 without one.</summary>
    public long FileBytesMax { get; init; }

    /// <summary>Chunks that reads found in memory, or on their way there.</summary>
    public long ChunksFromMemory { get; init; }

    /// <summary>Chunks that were brought into memory from the local file: for reads, and ahead of them.</summary>
    public long ChunksFromFile { get; init; }

    /// <summary>The same of those that came from repositories.</summary>
    public long ChunksFromRepositories { get; init; }
}

/// <summary>Something to do.</summary>
/// <param name="TaskGuid">The task.</param>
/// <param name="Attempt">1 for the first; a report or outcome of an earlier attempt is ignored.</param>
/// <param name="Work">What to do.</param>
/// <param name="Checkpoints">What earlier attempts reached: stage → its record, as the node wrote it.</param>
public sealed record TaskOrder(string TaskGuid, int Attempt, Work Work, IReadOnlyDictionary<string, string> Checkpoints)
{
    /// <summary>How the node is to work from now on; null: as before.</summary>
    public NodeSettings? Settings { get; init; }
}

/// <summary>How an order goes.</summary>
public sealed record TaskReport
{
    /// <summary>The task.</summary>
    public required string TaskGuid { get; init; }

    /// <summary>As in the order.</summary>
    public required int Attempt { get; init; }

    /// <summary>What is going on, in a few words.</summary>
    public required string Stage { get; init; }

    /// <summary>Bytes gone through.</summary>
    public long DoneBytes { get; init; }

    /// <summary>Of how many; 0 when unknown.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Bytes written to the destination.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Lines for the task's log since the last report that was heard.</summary>
    public IReadOnlyList<TaskLine> Lines { get; init; } = [];

    /// <summary>How many lines of this attempt were told before <see cref="Lines"/>: by it the server knows those again of which it has heard and its answer was lost.</summary>
    public int LinesBefore { get; init; }

    /// <summary>Checkpoints reached since the last report.</summary>
    public IReadOnlyDictionary<string, string> Checkpoints { get; init; } = new Dictionary<string, string>();
}

/// <summary>How much a line of a log matters.</summary>
public enum LineLevel
{
    /// <summary>What was done.</summary>
    Information = 0,

    /// <summary>The administrator should know; the task goes on.</summary>
    Warning = 1,

    /// <summary>Why it failed.</summary>
    Error = 2,
}

/// <summary>A line of a task's log.</summary>
/// <param name="At">When, on the node's clock; for display.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Text">A sentence; no secret, no guest data.</param>
public sealed record TaskLine(DateTimeOffset At, LineLevel Level, string Text);

/// <summary>What to do with a running order.</summary>
public enum TaskDirective
{
    /// <summary>Go on.</summary>
    Continue = 0,

    /// <summary>Stop at once, clean up, and complete it as cancelled.</summary>
    Cancel = 1,

    /// <summary>It is not this node's any more: stop at once, clean up, complete nothing.</summary>
    Abandon = 2,
}

/// <summary>An order that must end before it is done.</summary>
/// <param name="TaskGuid">The task.</param>
/// <param name="Attempt">As in the order; another attempt of the same task is not meant.</param>
/// <param name="Directive"><see cref="TaskDirective.Cancel"/> or <see cref="TaskDirective.Abandon"/>.</param>
public sealed record TaskStop(string TaskGuid, int Attempt, TaskDirective Directive);

/// <summary>How an order can end.</summary>
public enum TaskEnd
{
    /// <summary>Done; perhaps with warnings.</summary>
    Succeeded = 0,

    /// <summary>Failed.</summary>
    Failed = 1,

    /// <summary>Cancelled as told.</summary>
    Cancelled = 2,
}

/// <summary>How an order ended.</summary>
public sealed record TaskOutcome
{
    /// <summary>The task.</summary>
    public required string TaskGuid { get; init; }

    /// <summary>As in the order.</summary>
    public required int Attempt { get; init; }

    /// <summary>How.</summary>
    public required TaskEnd End { get; init; }

    /// <summary>What it made or found; null when it failed.</summary>
    public WorkResult? Result { get; init; }

    /// <summary>Why it failed; null otherwise.</summary>
    public TaskFault? Fault { get; init; }

    /// <summary>Lines for the task's log since the last report that was heard.</summary>
    public IReadOnlyList<TaskLine> Lines { get; init; } = [];

    /// <summary>As in <see cref="TaskReport.LinesBefore"/>.</summary>
    public int LinesBefore { get; init; }
}

/// <summary>A failure, as <see cref="VProtectException"/> tells it.</summary>
/// <param name="Code">Stable number.</param>
/// <param name="Side">Where.</param>
/// <param name="Message">What happened.</param>
/// <param name="Guidance">What to do next.</param>
/// <param name="Retry">Whether trying again may help.</param>
public sealed record TaskFault(ErrorCode Code, ErrorSide Side, string Message, string Guidance, RetryAdvice Retry);
