using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Machines;

/// <summary>Disks of machines, and which of them backups leave out.</summary>
internal static class DisksApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder disks = api.MapGroup("/virtual-machine-disks").WithTags("virtual machines");
        disks.MapGet("", ListAsync).Describe("Lists disks, or those of a machine.", Permission.InventoryRead, 400);
        disks.MapGet("/{guid:guid}", GetAsync).Describe("Gets a disk.", Permission.InventoryRead, 404);
        disks.MapPut("/{guid:guid}/settings", UpdateAsync).Describe("Takes a disk out of backups, or back in.", Permission.InventoryMachines, 400, 404, 412);
    }

    private static async Task<Ok<List<DiskView>>> ListAsync(
        [FromQuery(Name = "virtual-machine")] Guid? machine, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<MachineDisk> page = await session.MachineDisks.ListAsync(machine, list.ToQuery(), cancellationToken);
        return ListParameters.Answer(context, page, await ViewsAsync(session, page.Rows, cancellationToken));
    }

    private static async Task<Ok<DiskView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await AnswerAsync(session, guid, context, cancellationToken);
    }

    private static async Task<Ok<DiskView>> UpdateAsync(
        Guid guid, DiskSettingsRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        MachineDisk before = await transaction.MachineDisks.GetAsync(guid, cancellationToken);
        bool isExcluded = request.Excluded ?? before.Excluded;
        MachineDisk disk = before with
        {
            Version = RowVersion.Expected(context) ?? before.Version,
            Excluded = isExcluded,
            ExcludeReason = isExcluded ? TextField.Applied("excludeReason", before.ExcludeReason, request.ExcludeReason) : null,
        };
        await transaction.MachineDisks.UpdateAsync(disk, cancellationToken);
        Ok<DiskView> answer = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "virtual-machine-disks.settings", "virtual-machine-disks", guid, disk.Label, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }

    private static async Task<Ok<DiskView>> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        MachineDisk disk = await session.MachineDisks.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, disk.Version);
        return TypedResults.Ok((await ViewsAsync(session, [disk], cancellationToken))(disk));
    }

    private static async Task<Func<MachineDisk, DiskView>> ViewsAsync(CatalogSession session, IReadOnlyList<MachineDisk> disks, CancellationToken cancellationToken)
    {
        NameLookup machines = await NameLookup.OfAsync(session.Machines, disks.Select(disk => (Guid?)disk.MachineGuid), cancellationToken);
        NameLookup storages = await NameLookup.OfAsync(session.HypervisorStorages, disks.Select(disk => disk.StorageGuid), cancellationToken);
        return disk => new DiskView(
            disk.Guid, disk.Label, disk.DeviceId, disk.Uuid, machines.Of(disk.MachineGuid), disk.Position, disk.SizeBytes, storages[disk.StorageGuid], disk.Format,
            disk.Excluded, disk.ExcludeReason, disk.Present);
    }
}
