using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Networks.</summary>
public sealed class NetworkTable : EditableTable<Network>
{
    private static readonly TableMap<Network> Rows = new("networks");
    private static readonly ListShape Listed = ListShape.ByName();

    internal NetworkTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="manager">Its manager; null any.</param>
    /// <param name="hypervisor">Its host; null any.</param>
    /// <param name="shared">Whether all projects may use it; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Network>> ListAsync(Guid? manager, Guid? hypervisor, bool? shared, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("hypervisor_manager_guid", manager)
            .Equal("hypervisor_guid", hypervisor)
            .Equal("shared", shared)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }
}
