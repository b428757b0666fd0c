using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>Machines of recovery plans, in order.</summary>
public sealed class RecoveryPlanStepTable : EditableTable<RecoveryPlanStep>
{
    private static readonly TableMap<RecoveryPlanStep> Rows = new("recovery_plan_steps");
    private static readonly ListShape Listed = ListShape.By("position");

    internal RecoveryPlanStepTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="plan">Their plan; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<RecoveryPlanStep>> ListAsync(Guid? plan, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("plan_guid", plan);
        return PageAsync(filter, query, cancellationToken);
    }
}
