using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>Disks of restore points, as repositories tell of them.</summary>
internal static class PointDisks
{
    /// <summary>Adds the disks of a restore point, tied to the machine's own where those are known.</summary>
    public static async Task InsertAsync(
        CatalogTransaction transaction, RestorePoint point, IReadOnlyList<BackupResultDisk> disks, CancellationToken cancellationToken)
    {
        IReadOnlyList<MachineDisk> own = (await transaction.MachineDisks.ListAsync(
            point.MachineGuid, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        Dictionary<string, Guid> byId = own.ToDictionary(disk => disk.DeviceId, disk => disk.Guid, StringComparer.Ordinal);
        foreach ((int position, BackupResultDisk disk) in disks.Index())
        {
            await transaction.RestorePointDisks.InsertAsync(
                new RestorePointDisk
                {
                    RestorePointGuid = point.Guid,
                    MachineDiskGuid = byId.TryGetValue(disk.Id, out Guid known) ? known : null,
                    DeviceId = disk.Id,
                    Label = disk.Name,
                    Position = position,
                    SizeBytes = disk.SizeBytes,
                    ChangedBytes = disk.ReadBytes,
                    StoredBytes = disk.StoredBytes,
                },
                cancellationToken);
        }
    }
}
