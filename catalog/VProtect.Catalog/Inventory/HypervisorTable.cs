using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Hosts.</summary>
public sealed class HypervisorTable : EditableTable<Hypervisor>
{
    private static readonly TableMap<Hypervisor> Rows = new("hypervisors");
    private static readonly ListShape Listed = ListShape.ByName();

    internal HypervisorTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="manager">Its manager; null any.</param>
    /// <param name="cluster">Its cluster; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Hypervisor>> ListAsync(Guid? manager, Guid? cluster, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("hypervisor_manager_guid", manager)
            .Equal("cluster_guid", cluster)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>Hosts that stand alone: each is a platform connection of its own.</summary>
    public async Task<IReadOnlyList<Hypervisor>> AloneAsync(CancellationToken cancellationToken) =>
        await WhereAsync($"hypervisor_manager_guid IS NULL ORDER BY name_key, guid", cancellationToken);

    /// <summary>Notes whether a host was reached and when. Not a new version.</summary>
    public Task RecordStateAsync(Guid host, ConnectionState state, string? info, DateTimeOffset? seenAt, CancellationToken cancellationToken) => ChangeOneAsync(
        host,
        $"""
        UPDATE hypervisors SET state = {state}, state_info = {info}, last_seen_at = COALESCE({seenAt}, last_seen_at) WHERE guid = {host}
        """,
        CatalogChangeKind.Updated,
        cancellationToken);

    /// <summary>As above, only those of a platform; null any.</summary>
    public Task<ListPage<Hypervisor>> ListAsync(string? platform, Guid? manager, Guid? cluster, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("platform", platform)
            .Equal("hypervisor_manager_guid", manager)
            .Equal("cluster_guid", cluster)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }
}
