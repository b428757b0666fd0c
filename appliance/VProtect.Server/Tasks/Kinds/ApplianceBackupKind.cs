using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Settings;
using VProtect.Server.Rebuild;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>APPLIANCE_BACKUP: a copy of the appliance itself is kept in a repository.</summary>
internal sealed class ApplianceBackupKind(References references, LiveSettings settings, DestinationRefresh refresh) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.ApplianceBackup];

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken) => new ApplianceBackupWork(
        await references.RepositoryAsync(transaction, task.DestinationGuid, cancellationToken),
        await ApplianceIdentities.OfAsync(transaction, cancellationToken),
        settings.Current.ApplianceBackupsKept);

    /// <inheritdoc/>
    public override Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        if (task.DestinationGuid is { } destination)
        {
            refresh.Soon(destination);
        }

        return Task.FromResult(result is ApplianceBackupResult copy ? $"Copy {copy.PointId[..8]} of the appliance; {copy.Copies} are kept." : null);
    }
}
