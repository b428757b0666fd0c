using System.Text.Json;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>
/// What the engine knows of one kind of work; everything else is the same for all. One object for all tasks, so without state.
/// Every method runs in the transaction that changes the task's own state, before its commit.
/// </summary>
internal abstract class TaskKind
{
    /// <summary>Types that it is for.</summary>
    public abstract IReadOnlyList<TaskType> Types { get; }

    /// <summary>Whether people wait for it and it moves no data, so that it does not wait for backups to end.</summary>
    public virtual bool IsUrgent => false;

    /// <summary>Whether a task may begin again after it was interrupted: when what it left behind does no harm.</summary>
    public virtual bool IsRepeatable(CatalogTask task) => true;

    /// <summary>
    /// Whether two nodes may do it at the same time without harm: then it is moved as soon as its node is offline, though that one may still work on it.
    /// What is not waits until the lease is over.
    /// </summary>
    public virtual bool IsHarmlessTwice => false;

    /// <summary>A task is given to a node: what it has to do. Null when nothing is left to be done, and the task is done.</summary>
    /// <exception cref="Abstractions.VProtectException">It cannot be done; the task fails with this.</exception>
    public abstract Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken);

    /// <summary>A task is done: writes what it made or found.</summary>
    /// <param name="transaction">Where.</param>
    /// <param name="task">The task, still running.</param>
    /// <param name="result">As the node told it; null when there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What is worth knowing; null nothing.</returns>
    public virtual Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(null);

    /// <summary>A task has failed for good or was cancelled.</summary>
    public virtual Task FailedAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A task waits again: it will be tried once more.</summary>
    public virtual Task WaitsAgainAsync(CatalogTransaction transaction, CatalogTask task, string? reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The result as it is kept with the task.</summary>
    public virtual string? ResultOf(WorkResult? result) => result is null ? null : JsonSerializer.Serialize(result, JsonSerializerOptions.Web);
}
