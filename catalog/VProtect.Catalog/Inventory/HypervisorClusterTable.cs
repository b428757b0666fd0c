using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Clusters.</summary>
public sealed class HypervisorClusterTable : EditableTable<HypervisorCluster>
{
    private static readonly TableMap<HypervisorCluster> Rows = new("hypervisor_clusters");
    private static readonly ListShape Listed = ListShape.ByName();

    internal HypervisorClusterTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="manager">Its manager; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<HypervisorCluster>> ListAsync(Guid? manager, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("hypervisor_manager_guid", manager)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }
}
