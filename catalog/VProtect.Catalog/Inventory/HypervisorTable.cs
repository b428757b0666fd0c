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
}
