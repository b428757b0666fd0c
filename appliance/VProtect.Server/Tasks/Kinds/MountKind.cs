using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Mounts;
using VProtect.Server.Tasks.Requests;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>MOUNT: a restore point is served as disks, and a machine started on them where that is asked for. UNMOUNT: it is not any more.</summary>
internal sealed class MountKind(References references, DestinationRefresh refresh, TaskRequests requests) : TaskKind
{
    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.Mount, TaskType.Unmount];

    /// <inheritdoc/>
    public override bool IsUrgent => true;

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        TaskParameters parameters = TaskParameters.Of(task);
        if (await MountOfAsync(transaction, parameters, cancellationToken) is not { } mount)
        {
            return task.Type == TaskType.Unmount
                ? null
                : throw new VProtectException(ErrorCode.ObjectUnknown, ErrorSide.Catalog, "The mount was removed.", "Mount the backup again.");
        }

        RestorePoint point = await transaction.RestorePoints.GetAsync(mount.RestorePointGuid, cancellationToken);
        RepositoryReference repository = await references.RepositoryAsync(transaction, point.DestinationGuid, cancellationToken);
        MountSettings settings = MountSettings.Of(mount);
        PlatformReference? platform = settings.Boot is { } wanted ? await references.PlatformAsync(transaction, wanted.Source, cancellationToken) : null;
        if (task.Type == TaskType.Unmount)
        {
            return new UnmountWork(repository, point.RepositoryPointId!, mount.Guid.ToString("D"), parameters.Commits, parameters.Label)
            {
                BootedOn = platform,
                KeepsMachine = parameters.KeepsMachine,
                StorageId = parameters.StorageUuid,
            };
        }

        return new MountWork
        {
            Repository = repository,
            PointId = point.RepositoryPointId!,
            MountGuid = mount.Guid.ToString("D"),
            Disks = settings.Disks ?? [],
            EndPoint = settings.EndPoint,
            AllowedClients = [.. mount.AllowedClients.Where(client => !IscsiAccess.IsName(client))],
            IsWritable = settings.IsWritable,
            IsTls = settings.IsTls,
            TlsClientAuthorities = settings.TlsClientAuthorities,
            Iscsi = mount.Mode != MountMode.Iscsi ? null : new IscsiAccess(
                [.. mount.AllowedClients.Where(IscsiAccess.IsName)],
                await references.AccountAsync(transaction, settings.Chap, cancellationToken),
                await references.AccountAsync(transaction, settings.MutualChap, cancellationToken)),
            Boot = settings.Boot is not { } boot ? null : new BootWork
            {
                Platform = platform!,
                Name = boot.Name,
                IsIsolated = boot.IsIsolated,
                Networks = boot.Networks ?? new Dictionary<int, string>(),
                IsAgain = settings.EndPoint is not null,
            },
        };
    }

    /// <inheritdoc/>
    public override async Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        TaskParameters parameters = TaskParameters.Of(task);
        if (await MountOfAsync(transaction, parameters, cancellationToken) is not { } mount)
        {
            return null;
        }

        if (task.Type == TaskType.Unmount)
        {
            await transaction.Mounts.DeleteAsync(mount.Guid, version: null, cancellationToken);
            if (parameters.KeepsMachine && MountSettings.Of(mount).Boot is { } boot)
            {
                // It is one of the platform's machines from now on.
                await requests.InventorySyncAsync(transaction, boot.Source, new PlainRequest(), TaskOrigin.Appliance, cancellationToken);
            }

            if (parameters.Commits && task.DestinationGuid is { } destination)
            {
                // What was committed is found there.
                refresh.Soon(destination);
            }

            return null;
        }

        if (result is not MountResult served)
        {
            return null;
        }

        MountSettings settings = MountSettings.Of(mount) with { EndPoint = served.EndPoint, Served = served.Disks };
        await transaction.Mounts.UpdateAsync(
            mount with
            {
                State = MountState.Mounted,
                NodeGuid = task.LeaseNodeGuid,
                AllowedClients = served.AllowedClients ?? mount.AllowedClients,
                Address = string.Join(' ', served.Disks.Select(disk => disk.Uri)),
                Settings = settings.ToJson(),
                StatusInfo = null,
            },
            cancellationToken);
        return settings.Boot is { } started ? $"The machine is called {started.Name}." : string.Join(", ", served.Disks.Select(disk => disk.Uri));
    }

    /// <inheritdoc/>
    public override async Task FailedAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        if (await MountOfAsync(transaction, TaskParameters.Of(task), cancellationToken) is { } mount)
        {
            await transaction.Mounts.UpdateAsync(
                mount with { State = MountState.Failed, StatusInfo = ending.StatusInfo ?? $"Its task was {ending.State.ToString().ToLowerInvariant()}." }, cancellationToken);
        }
    }

    private static async Task<Mount?> MountOfAsync(CatalogSession session, TaskParameters parameters, CancellationToken cancellationToken) =>
        parameters.Mount is { } guid ? await session.Mounts.FindAsync(guid, cancellationToken) : null;
}
