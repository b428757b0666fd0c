using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>
/// DELETE and OLD_BACKUPS_REMOVAL: restore points are forgotten by the repository, then by the catalog. A row goes only after its restore point; when
/// forgetting fails all rows stay. What is held, locked, archived or mounted by the time the task begins is left alone.
/// </summary>
internal sealed class RemovalKind(References references, TimeProvider time) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.Delete, TaskType.OldBackupsRemoval];

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        List<string> ids = [];
        foreach (RestorePoint point in await PointsAsync(transaction, task, cancellationToken))
        {
            if (!await MayGoAsync(transaction, task, point, cancellationToken))
            {
                await SetAsync(transaction, point, Before(point), point.StatusInfo, cancellationToken);
                continue;
            }

            await SetAsync(transaction, point, RestorePointState.Removing, point.StatusInfo, cancellationToken);
            if (point.RepositoryPointId is { } id)
            {
                ids.Add(id);
            }
        }

        if (ids.Count > 0)
        {
            return new ForgetWork(await references.RepositoryAsync(transaction, task.DestinationGuid, cancellationToken), ids);
        }

        return null;
    }

    /// <inheritdoc/>
    public override async Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        int removed = 0;
        foreach (RestorePoint point in await PointsAsync(transaction, task, cancellationToken))
        {
            if (point.State == RestorePointState.Removing)
            {
                await transaction.RestorePoints.DeleteAsync(point.Guid, version: null, cancellationToken);
                removed++;
            }
        }

        return $"Backups removed: {removed}.";
    }

    /// <inheritdoc/>
    public override async Task FailedAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        foreach (RestorePoint point in await PointsAsync(transaction, task, cancellationToken))
        {
            if (point.State == RestorePointState.Removing)
            {
                await SetAsync(transaction, point, Before(point), $"It was not removed: {ending.StatusInfo}", cancellationToken);
            }
        }
    }

    private static RestorePointState Before(RestorePoint point) => point.State switch
    {
        RestorePointState.Removing => point.RepositoryPointId is null ? RestorePointState.Failed : RestorePointState.Success,
        RestorePointState state => state,
    };

    private static Task<IReadOnlyList<RestorePoint>> PointsAsync(CatalogSession session, CatalogTask task, CancellationToken cancellationToken) =>
        session.RestorePoints.FindManyAsync([.. TaskParameters.Of(task).Points!], cancellationToken);

    private static async Task SetAsync(
        CatalogTransaction transaction, RestorePoint point, RestorePointState state, string? info, CancellationToken cancellationToken)
    {
        if (point.State != state || point.StatusInfo != info)
        {
            await transaction.RestorePoints.UpdateAsync(point with { State = state, StatusInfo = info }, cancellationToken);
        }
    }

    private async Task<bool> MayGoAsync(CatalogSession session, CatalogTask task, RestorePoint point, CancellationToken cancellationToken)
    {
        bool isKept = point.Held || point.LockedUntil > time.GetUtcNow()
            || (task.Type == TaskType.OldBackupsRemoval && point.RetentionHint == RetentionHint.Archive)
            || point.State is RestorePointState.Pending or RestorePointState.Running;
        return !isKept && (await session.Mounts.ListAsync(point.Guid, node: null, new ListQuery { Size = 1 }, cancellationToken)).Total == 0;
    }
}
