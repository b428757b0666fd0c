using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>Snapshots kept on platforms.</summary>
public sealed class SnapshotTable : EditableTable<Snapshot>
{
    private static readonly TableMap<Snapshot> Rows = new("snapshots");
    private static readonly ListShape Listed = new("name", [new SortColumn("created", "created_at")], SortDirection.Desc);

    internal SnapshotTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="machine">Their machine; null any.</param>
    /// <param name="policy">The policy that made them; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Snapshot>> ListAsync(Guid? machine, Guid? policy, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("machine_guid", machine)
            .Equal("policy_guid", policy)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>The newest of each of some machines; those that have none are not in it.</summary>
    public async Task<IReadOnlyDictionary<Guid, Snapshot>> NewestOfMachinesAsync(IEnumerable<Guid> machines, CancellationToken cancellationToken)
    {
        var newest = new Dictionary<Guid, Snapshot>();
        foreach (Guid machine in machines)
        {
            foreach (Snapshot snapshot in await WhereAsync($"machine_guid = {machine} ORDER BY created_at DESC, guid DESC LIMIT 1", cancellationToken))
            {
                newest[machine] = snapshot;
            }
        }

        return newest;
    }
}
