namespace VProtect.Catalog.Tasks;

/// <summary>
/// What is the work of the server's own node alone: the types below, and what is at platforms and destinations that are left to no node configuration, or to one
/// that no node has.
/// </summary>
/// <param name="Node">That node.</param>
/// <param name="Types">Types of tasks that no other node can do.</param>
public sealed record OwnWork(Guid Node, IReadOnlyCollection<TaskType> Types);
