using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Api.Tasks;

namespace VProtect.Server.Api.Backups;

/// <summary>A disk in a backup as clients see it, who call it a backup file.</summary>
internal sealed record BackupFileView(
    Guid Guid, string Path, string Name, long Size, long TransferSize, long StoredSize, DateTimeOffset BackupTime, NameAndGuid Backup, string Format, bool Encryption,
    bool Mountable, bool IscsiMountable, DateTimeOffset? RestoresTime, NameAndGuid? VmDisk);

/// <summary>Where a backup lies. A copy elsewhere is a backup of its own.</summary>
internal sealed record BackupLocationView(
    Guid Guid, NameAndGuid Backup, NameAndGuid? ProtectedEntity, DateTimeOffset? SnapshotTime, NameAndGuid? BackupDestination, RestorePointState Status);

/// <summary>A file system in a backup.</summary>
internal sealed record FileSystemView(Guid Guid, string? Label, string Type, long Size);

/// <summary>What belongs to backups: files, places, file systems, restores.</summary>
internal static class BackupPartsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder parts = api.MapGroup("").WithTags("backups");
        parts.MapGet("/backup-files", FilesAsync).Describe("Lists the disks in a backup.", Permission.BackupsRead, 400, 404);
        parts.MapGet("/backup-files/detailed/for-restore", FilesAsync).Describe("Lists the disks in a backup that can be restored.", Permission.BackupsRead, 400, 404);
        parts.MapGet("/backup-locations", LocationsAsync).Describe("Lists where backups lie.", Permission.BackupsRead, 400);
        parts.MapGet("/file-systems", FileSystemsAsync).Describe("Lists the file systems of a backup, once they are indexed.", Permission.BackupsRead, 400, 404);
        parts.MapGet("/restore-jobs", RestoresAsync).Describe("Lists restores, newest first.", Permission.TasksRead, 400);
    }

    private static async Task<Ok<List<BackupFileView>>> FilesAsync(
        [AsParameters] ListParameters list, Guid? backup, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        RestorePoint point = await session.RestorePoints.GetAsync(Named(backup), cancellationToken);
        Destination? destination = await session.Destinations.FindAsync(point.DestinationGuid, cancellationToken);
        ListPage<RestorePointDisk> page = await session.RestorePointDisks.ListAsync(point.Guid, list.ToQuery(), cancellationToken);
        return ListParameters.Answer(context, page, disk => new BackupFileView(
            disk.Guid,
            $"{point.RepositoryPointId}/{disk.DeviceId}",
            disk.Label,
            disk.SizeBytes,
            disk.ChangedBytes,
            disk.StoredBytes,
            point.CreatedAt,
            new NameAndGuid(point.Guid),
            disk.Format ?? "RAW",
            destination?.SealedKey is not null,
            Mountable: false,
            IscsiMountable: false,
            RestoresTime: null,
            disk.MachineDiskGuid is { } guid ? new NameAndGuid(guid, disk.Label) : null));
    }

    private static async Task<Ok<List<BackupLocationView>>> LocationsAsync(
        [AsParameters] ListParameters list,
        Guid? backup,
        [FromQuery(Name = "protected-entity")] Guid? machine,
        [FromQuery(Name = "backup-destination")] Guid? destination,
        HttpContext context,
        CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        var filter = new RestorePointFilter { Machine = machine, Destination = destination, States = [RestorePointState.Success] };
        ListPage<RestorePoint> page = backup is { } guid
            ? await OneAsync(session, guid, cancellationToken)
            : await session.RestorePoints.ListAsync(filter, list.ToQuery(), cancellationToken);
        var names = new Names();
        await names.AddAsync(session.Machines, page.Rows.Select(point => (Guid?)point.MachineGuid), cancellationToken);
        await names.AddAsync(session.Destinations, page.Rows.Select(point => (Guid?)point.DestinationGuid), cancellationToken);
        return ListParameters.Answer(context, page, point => new BackupLocationView(
            point.Guid, new NameAndGuid(point.Guid), names.Of(point.MachineGuid), point.SnapshotAt, names.Of(point.DestinationGuid), point.State));
    }

    private static async Task<Ok<List<FileSystemView>>> FileSystemsAsync(Guid? backup, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        await session.RestorePoints.GetAsync(Named(backup), cancellationToken);
        return ListParameters.Answer(context, new ListPage<FileSystemView>([], Total: 0, Next: null), view => view);
    }

    private static async Task<Ok<List<TaskView>>> RestoresAsync(
        [AsParameters] ListParameters list, Guid? backup, [FromQuery(Name = "protected-entity")] Guid? machine, string[]? state, HttpContext context,
        CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        var filter = new TaskFilter { Types = [TaskType.Restore], RestorePoint = backup, Machine = machine, States = EnumParameter.Parse<TaskState>("state", state) };
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<CatalogTask> page = await session.Tasks.ListAsync(filter, list.ToQuery(), cancellationToken);
        ListParameters.Answer(context, page, task => task.Guid);
        return TypedResults.Ok(await TaskViews.OfAsync(session, page.Rows, cancellationToken));
    }

    private static async Task<ListPage<RestorePoint>> OneAsync(CatalogSession session, Guid guid, CancellationToken cancellationToken)
    {
        RestorePoint? point = await session.RestorePoints.FindAsync(guid, cancellationToken);
        return new ListPage<RestorePoint>(point is { State: RestorePointState.Success } ? [point] : [], point is null ? 0 : 1, Next: null);
    }

    private static Guid Named(Guid? backup) => backup ?? throw new InvalidFieldException("backup", "It is missing.", "Name the backup, as ?backup=GUID.");
}
