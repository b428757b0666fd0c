using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Policies;

/// <summary>Rules of policies, with their destinations and schedules.</summary>
public sealed class RuleTable : EditableTable<Rule>
{
    private static readonly TableMap<Rule> Rows = new("rules");
    private static readonly ListShape Listed = new("name", [new SortColumn("position", "position"), new SortColumn("name", "name_key", Text: true)]);

    internal RuleTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="policy">Their policy; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Rule>> ListAsync(Guid? policy, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("policy_guid", policy)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>As above, only rules of policies of a kind.</summary>
    public Task<ListPage<Rule>> ListAsync(PolicyKind kind, Guid? policy, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("policy_guid", policy)
            .Contains("name_key", query.Filter)
            .Where("policy_guid", $" IN (SELECT guid FROM policies WHERE kind = {kind})");
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>Schedules of a rule.</summary>
    public async Task<IReadOnlyList<Guid>> SchedulesAsync(Guid rule, CancellationToken cancellationToken) =>
        await new LinkTable(Session, "rule_schedules", "rule_guid", "schedule_guid").GetAsync<Guid>(rule, cancellationToken);

    /// <summary>Schedules of rules of a page.</summary>
    public Task<ILookup<Guid, Guid>> SchedulesAsync(IReadOnlyCollection<Guid> rules, CancellationToken cancellationToken) =>
        new LinkTable(Session, "rule_schedules", "rule_guid", "schedule_guid").GetManyAsync<Guid>(rules, cancellationToken);

    /// <summary>Sets the schedules of a rule.</summary>
    public Task SetSchedulesAsync(Guid rule, IReadOnlyCollection<Guid> schedules, CancellationToken cancellationToken) =>
        new LinkTable(Session, "rule_schedules", "rule_guid", "schedule_guid").SetAsync(rule, schedules, cancellationToken);
}
