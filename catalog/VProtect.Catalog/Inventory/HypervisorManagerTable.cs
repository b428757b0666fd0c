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
}
