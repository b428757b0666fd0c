using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>Machines to be brought back together.</summary>
public sealed class RecoveryPlanTable : EditableTable<RecoveryPlan>
{
    private static readonly TableMap<RecoveryPlan> Rows = new("recovery_plans");
    private static readonly ListShape Listed = ListShape.ByName();

    internal RecoveryPlanTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<RecoveryPlan>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);
}
