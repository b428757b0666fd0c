using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Places for disks on platforms.</summary>
public sealed class HypervisorStorageTable : EditableTable<HypervisorStorage>
{
    private static readonly TableMap<HypervisorStorage> Rows = new("hypervisor_storages");
    private static readonly ListShape Listed = ListShape.ByName();

    internal HypervisorStorageTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="manager">Its manager; null any.</param>
    /// <param name="hypervisor">Its host; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<HypervisorStorage>> ListAsync(Guid? manager, Guid? hypervisor, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("hypervisor_manager_guid", manager)
            .Equal("hypervisor_guid", hypervisor)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }
}
