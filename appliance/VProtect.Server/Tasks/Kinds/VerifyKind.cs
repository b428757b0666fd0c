using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>VERIFY: stored bytes are read and checked.</summary>
internal sealed class VerifyKind(References references, TimeProvider time) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.Verify];

    /// <inheritdoc/>
    public override bool IsHarmlessTwice => true;

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        TaskParameters parameters = TaskParameters.Of(task);
        RepositoryReference repository = await references.RepositoryAsync(transaction, task.DestinationGuid, cancellationToken);
        return new VerifyWork(repository, parameters.SamplePercent, parameters.BytesPerSecondMax);
    }

    /// <inheritdoc/>
    public override async Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        if (result is not VerifyWorkResult found || task.DestinationGuid is not { } destination)
        {
            return null;
        }

        bool isWhole = TaskParameters.Of(task).SamplePercent == 100;
        await transaction.RestorePoints.RecordVerifiedAsync(
            destination, task.StartedAt ?? task.CreatedAt, found.TouchedPoints, isWhole, cancellationToken);
        if (found.BadChunks == 0)
        {
            return null;
        }

        string damage = $"{Quantity.Of(found.BadChunks, "chunk is damaged", "chunks are damaged")}; {Quantity.Of(found.TouchedPoints.Count, "backup needs", "backups need")} {(found.BadChunks == 1 ? "it" : "them")}.";
        await transaction.Tasks.AppendLogAsync(
            task.Guid, [new TaskLogLine { TaskGuid = task.Guid, At = time.GetUtcNow(), Level = TaskLogLevel.Warning, Text = damage }], cancellationToken);
        return damage;
    }
}
