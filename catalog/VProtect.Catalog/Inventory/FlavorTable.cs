using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Sizes of machines that platforms offer.</summary>
public sealed class FlavorTable : EditableTable<Flavor>
{
    private static readonly TableMap<Flavor> Rows = new("flavors");
    private static readonly ListShape Listed = ListShape.ByName();

    internal FlavorTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="manager">Its manager; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Flavor>> ListAsync(Guid? manager, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("hypervisor_manager_guid", manager)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }
}
