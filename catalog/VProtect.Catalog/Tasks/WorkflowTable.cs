using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>Workflows: the tasks of one intent.</summary>
public sealed class WorkflowTable : EditableTable<Workflow>
{
    private static readonly TableMap<Workflow> Rows = new("workflows");
    private static readonly ListShape Listed = new("name", [new SortColumn("created", "created_at")], SortDirection.Desc);

    internal WorkflowTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="state">Where they stand; null any.</param>
    /// <param name="machine">Their machine; null any.</param>
    /// <param name="policy">Their policy; null any.</param>
    /// <param name="schedule">The schedule that started them; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Workflow>> ListAsync(WorkflowState? state, Guid? machine, Guid? policy, Guid? schedule, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("state", state)
            .Equal("machine_guid", machine)
            .Equal("policy_guid", policy)
            .Equal("schedule_guid", schedule)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>Runs of a recovery plan.</summary>
    public Task<ListPage<Workflow>> ListOfPlanAsync(Guid plan, ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Equal("recovery_plan_guid", plan), query, cancellationToken);

    /// <summary>Whether a run of a recovery plan has not ended.</summary>
    public async Task<bool> IsPlanUnderWayAsync(Guid plan, CancellationToken cancellationToken) =>
        await Session.NumberAsync($"SELECT 1 FROM workflows WHERE recovery_plan_guid = {plan} AND state = {WorkflowState.Running} LIMIT 1", cancellationToken) is not null;

    /// <summary>Removes workflows that ended before a time and have no tasks any more; returns how many.</summary>
    public async Task<int> DeleteEmptyAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        int deleted = await writer.ExecuteAsync(
            $"DELETE FROM workflows WHERE finished_at < {before} AND appliance_guid IS NULL AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.workflow_guid = workflows.guid)",
            cancellationToken);
        if (deleted > 0)
        {
            writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
        }

        return deleted;
    }
}
