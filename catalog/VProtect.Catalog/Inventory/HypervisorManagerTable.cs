using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Management end points of platforms.</summary>
public sealed class HypervisorManagerTable : EditableTable<HypervisorManager>
{
    private static readonly TableMap<HypervisorManager> Rows = new("hypervisor_managers");
    private static readonly ListShape Listed = ListShape.ByName();

    internal HypervisorManagerTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<HypervisorManager>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);

    /// <summary>Notes whether a manager was reached, and when its inventory was read. Not a new version.</summary>
    public Task RecordStateAsync(Guid manager, ConnectionState state, string? info, DateTimeOffset? syncedAt, CancellationToken cancellationToken) => ChangeOneAsync(
        manager,
        $"""
        UPDATE hypervisor_managers SET state = {state}, state_info = {info}, synced_at = COALESCE({syncedAt}, synced_at),
          last_seen_at = COALESCE({syncedAt}, last_seen_at)
        WHERE guid = {manager}
        """,
        CatalogChangeKind.Updated,
        cancellationToken);

    /// <summary>As above, only those of a platform; null any.</summary>
    public Task<ListPage<HypervisorManager>> ListAsync(string? platform, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("platform", platform)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }
}
