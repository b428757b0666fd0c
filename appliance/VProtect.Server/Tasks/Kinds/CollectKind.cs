using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>COLLECT: frees the space of what no restore point needs.</summary>
internal sealed class CollectKind(References references, DestinationRefresh refresh) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.Collect];

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken) =>
        new CollectWork(await references.RepositoryAsync(transaction, task.DestinationGuid, cancellationToken));

    /// <inheritdoc/>
    public override Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        if (task.DestinationGuid is { } destination)
        {
            refresh.Soon(destination);
        }

        return Task.FromResult(result is CollectWorkResult freed ? $"Freed {freed.FreedBytes} bytes; {freed.CondemnedBytes} more with the next collection." : null);
    }
}
