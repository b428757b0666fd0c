using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>Disks in restore points.</summary>
public sealed class RestorePointDiskTable : EditableTable<RestorePointDisk>
{
    private static readonly TableMap<RestorePointDisk> Rows = new("restore_point_disks");
    private static readonly ListShape Listed = ListShape.By("position");

    internal RestorePointDiskTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="restorePoint">Their restore point; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<RestorePointDisk>> ListAsync(Guid? restorePoint, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("restore_point_guid", restorePoint);
        return PageAsync(filter, query, cancellationToken);
    }
}
