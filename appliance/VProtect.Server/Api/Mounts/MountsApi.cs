using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Mounts;

namespace VProtect.Server.Api.Mounts;

/// <summary>Backups that are shown as disks, files or machines. They are set up and taken down by tasks.</summary>
internal static class MountsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder mounts = api.MapGroup("").WithTags("mounts");
        mounts.MapGet("/mounted-backups", ListAsync).Describe("Lists mounted backups, newest first.", Permission.BackupsRead, 400);
        mounts.MapGet("/mounted-backups/{guid:guid}", GetAsync).Describe("Gets a mounted backup.", Permission.BackupsRead, 404);
        mounts.MapPut("/mounted-backups/{guid:guid}/unmount-time", SetUnmountTimeAsync)
            .Describe("Changes when a mounted backup is unmounted by itself.", Permission.TasksMount, 400, 404, 409, 412);
        mounts.MapGet("/mounted-files", FilesAsync).Describe("Lists the disks of a backup that is mounted as devices.", Permission.BackupsRead, 400, 404);
    }

    private static async Task<Ok<List<MountView>>> ListAsync(
        Guid? backup, Guid? node, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Mount> page = await session.Mounts.ListAsync(backup, node, list.ToQuery(), cancellationToken);
        return ListParameters.Answer(context, page, await ViewsAsync(session, page.Rows, cancellationToken));
    }

    private static async Task<Ok<MountView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        Mount mount = await session.Mounts.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, mount.Version);
        return TypedResults.Ok((await ViewsAsync(session, [mount], cancellationToken))(mount));
    }

    private static async Task<Ok<MountView>> SetUnmountTimeAsync(
        Guid guid, UnmountTimeRequest request, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        long? version = RowVersion.Expected(context);
        if (request.UnmountTime is not { } at || at <= time.GetUtcNow())
        {
            throw new InvalidFieldException("unmountTime", "It is missing or has passed.", "Send a time to come, in milliseconds since 1970; to end it now, POST /api/tasks/unmount.");
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Mount mount = await transaction.Mounts.GetAsync(guid, cancellationToken);
        if (mount.State == MountState.Unmounting)
        {
            throw new VProtectException(ErrorCode.CatalogInUse, ErrorSide.Request, "It is being unmounted.", "Mount the backup again.");
        }

        await transaction.Mounts.UpdateAsync(mount with { UnmountAt = at, Version = version ?? mount.Version }, cancellationToken);
        Mount changed = await transaction.Mounts.GetAsync(guid, cancellationToken);
        MountView view = (await ViewsAsync(transaction, [changed], cancellationToken))(changed);
        await AuditTrail.AppendAsync(transaction, context, "mounted-backups.unmount-time", "mounted-backups", guid, view.ProtectedEntity?.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, changed.Version);
        return TypedResults.Ok(view);
    }

    private static async Task<Ok<List<MountedFileView>>> FilesAsync(
        [FromQuery(Name = "mounted-backup")] Guid? mount, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if (mount is not { } guid)
        {
            throw new InvalidFieldException("mounted-backup", "It is missing.", "Send the guid of a mounted backup.");
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        Mount found = await session.Mounts.GetAsync(guid, cancellationToken);
        if (found.Mode is MountMode.FileSystems)
        {
            return TypedResults.Ok(new List<MountedFileView>());
        }

        ListPage<RestorePointDisk> disks = await session.RestorePointDisks.ListAsync(found.RestorePointGuid, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        Dictionary<string, MountedDiskResult>? served = MountSettings.Of(found).Served?.ToDictionary(disk => disk.Id);
        return TypedResults.Ok(disks.Rows
            .Where(disk => served is null || served.ContainsKey(disk.DeviceId))
            .Select(disk => new MountedFileView(
                disk.Guid, new NameAndGuid(guid), disk.Label, disk.SizeBytes, served?[disk.DeviceId].Uri ?? found.Address, served?[disk.DeviceId].IsWritable ?? false))
            .ToList());
    }

    private static async Task<Func<Mount, MountView>> ViewsAsync(CatalogSession session, IReadOnlyList<Mount> mounts, CancellationToken cancellationToken)
    {
        Dictionary<Guid, RestorePoint> points = (await session.RestorePoints.FindManyAsync([.. mounts.Select(mount => mount.RestorePointGuid)], cancellationToken))
            .ToDictionary(point => point.Guid);
        NameLookup machines = await NameLookup.OfAsync(session.Machines, points.Values.Select(point => (Guid?)point.MachineGuid), cancellationToken);
        NameLookup nodes = await NameLookup.OfAsync(session.Nodes, mounts.Select(mount => mount.NodeGuid), cancellationToken);
        return mount =>
        {
            MountSettings settings = MountSettings.Of(mount);
            return new MountView(
                mount.Guid, new NameAndGuid(mount.RestorePointGuid), machines[points.GetValueOrDefault(mount.RestorePointGuid)?.MachineGuid], nodes[mount.NodeGuid],
                mount.Mode, mount.State, mount.CreatedAt, mount.UnmountAt, mount.AllowedClients, mount.Address, mount.StatusInfo, settings.IsWritable,
                settings.Boot is { } boot ? new MountedMachineView(boot.Name, new NameAndGuid(boot.Source), boot.IsIsolated) : null);
        };
    }
}
