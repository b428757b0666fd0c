namespace VProtect.Catalog.Tasks;

/// <summary>
/// A node's right to act on a task. It holds as long as the node lives its generation and nobody ended the task; no clock is asked.
/// </summary>
/// <param name="Task">Task.</param>
/// <param name="Node">Node.</param>
/// <param name="Generation">The node's generation when it took the task.</param>
/// <param name="Attempt">Which try it is: a task that was given again is another lease.</param>
public readonly record struct TaskLease(Guid Task, Guid Node, long Generation, int Attempt);
