using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Mounts;

/// <summary>Restore points shown as disks, files or machines.</summary>
public sealed class MountTable : EditableTable<Mount>
{
    private static readonly TableMap<Mount> Rows = new("mounts");
    private static readonly ListShape Listed = ListShape.Newest();

    internal MountTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="restorePoint">Their restore point; null any.</param>
    /// <param name="node">The node that serves them; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Mount>> ListAsync(Guid? restorePoint, Guid? node, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("restore_point_guid", restorePoint)
            .Equal("node_guid", node);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>Mounts whose time has come.</summary>
    public async Task<IReadOnlyList<Mount>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        await WhereAsync($"unmount_at <= {now} ORDER BY unmount_at, guid", cancellationToken);
}
