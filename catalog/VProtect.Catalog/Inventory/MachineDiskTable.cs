using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Disks of machines.</summary>
public sealed class MachineDiskTable : EditableTable<MachineDisk>
{
    private static readonly TableMap<MachineDisk> Rows = new("machine_disks");
    private static readonly ListShape Listed = ListShape.By("position");

    internal MachineDiskTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="machine">Their machine; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<MachineDisk>> ListAsync(Guid? machine, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("machine_guid", machine);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>Disks of these machines, in their order.</summary>
    public async Task<ILookup<Guid, MachineDisk>> OfMachinesAsync(IReadOnlyCollection<Guid> machines, CancellationToken cancellationToken) =>
        (await WhereAsync($"machine_guid IN {machines} ORDER BY machine_guid, position, guid", cancellationToken)).ToLookup(disk => disk.MachineGuid);
}
