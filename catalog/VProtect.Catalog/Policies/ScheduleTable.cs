using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Policies;

/// <summary>When rules run.</summary>
public sealed class ScheduleTable : EditableTable<Schedule>
{
    private static readonly TableMap<Schedule> Rows = new("schedules");
    private static readonly ListShape Listed = ListShape.ByName();

    internal ScheduleTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="type">What they start; null any.</param>
    /// <param name="tenant">Their tenant; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Schedule>> ListAsync(ScheduleType? type, string? tenant, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("type", type)
            .Equal("tenant_id", tenant)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>As above, only those that start rules of policies that a machine is in.</summary>
    public Task<ListPage<Schedule>> ListOfMachineAsync(
        ScheduleType? type, string? tenant, Guid machine, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("type", type)
            .Equal("tenant_id", tenant)
            .Contains("name_key", query.Filter)
            .Where("guid", $"""
                 IN (
                  SELECT rule_schedules.schedule_guid FROM policy_machines
                  JOIN rules ON rules.policy_guid = policy_machines.policy_guid
                  JOIN rule_schedules ON rule_schedules.rule_guid = rules.guid
                  WHERE policy_machines.machine_guid = {machine})
                """);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>Some of the rules that a schedule starts.</summary>
    public Task<IReadOnlyList<CatalogUse>> UsesAsync(Guid schedule, CancellationToken cancellationToken) => Session.UsesAsync(
        new Dictionary<string, SqlText>
        {
            ["rules"] = $"""
                SELECT rules.guid, policies.name || ' / ' || rules.name FROM rule_schedules
                JOIN rules ON rules.guid = rule_schedules.rule_guid JOIN policies ON policies.guid = rules.policy_guid
                WHERE rule_schedules.schedule_guid = {schedule}
                """,
        },
        cancellationToken);

    /// <summary>Active schedules whose time has come, the longest due first.</summary>
    public async Task<IReadOnlyList<Schedule>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        await WhereAsync($"active = 1 AND next_run_at <= {now} ORDER BY next_run_at, guid", cancellationToken);

    /// <summary>Active schedules of which nobody has said when they run next.</summary>
    public async Task<IReadOnlyList<Schedule>> UnplannedAsync(CancellationToken cancellationToken) =>
        await WhereAsync($"active = 1 AND next_run_at IS NULL ORDER BY guid", cancellationToken);

    /// <summary>Sets when a schedule runs next and, when it just ran, when that was. Not a new version.</summary>
    public Task SetNextRunAsync(Guid schedule, DateTimeOffset? lastRun, DateTimeOffset? nextRun, CancellationToken cancellationToken) => ChangeOneAsync(
        schedule,
        $"UPDATE schedules SET next_run_at = {nextRun}, last_run_at = COALESCE({lastRun}, last_run_at) WHERE guid = {schedule}",
        CatalogChangeKind.Updated,
        cancellationToken);

    /// <summary>Rules that a schedule starts.</summary>
    public async Task<IReadOnlyList<Guid>> RulesAsync(Guid schedule, CancellationToken cancellationToken) =>
        await new LinkTable(Session, "rule_schedules", "schedule_guid", "rule_guid").GetAsync<Guid>(schedule, cancellationToken);

    /// <summary>Rules of schedules of a page.</summary>
    public Task<ILookup<Guid, Guid>> RulesAsync(IReadOnlyCollection<Guid> schedules, CancellationToken cancellationToken) =>
        new LinkTable(Session, "rule_schedules", "schedule_guid", "rule_guid").GetManyAsync<Guid>(schedules, cancellationToken);

    /// <summary>Sets the rules that a schedule starts.</summary>
    public Task SetRulesAsync(Guid schedule, IReadOnlyCollection<Guid> rules, CancellationToken cancellationToken) =>
        new LinkTable(Session, "rule_schedules", "schedule_guid", "rule_guid").SetAsync(schedule, rules, cancellationToken);
}
