using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Recovery;

/// <summary>Recovery plans.</summary>
public sealed class RecoveryPlanTable : EditableTable<RecoveryPlan>
{
    private static readonly TableMap<RecoveryPlan> Rows = new("recovery_plans");
    private static readonly ListShape Listed = ListShape.ByName();

    internal RecoveryPlanTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those of a tenant; null any.</summary>
    public Task<ListPage<RecoveryPlan>> ListAsync(string? tenant, ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Equal("tenant_id", tenant).Contains("name_key", query.Filter), query, cancellationToken);

    /// <summary>Active ones whose time has come, the longest due first.</summary>
    public async Task<IReadOnlyList<RecoveryPlan>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        await WhereAsync($"active = 1 AND next_run_at <= {now} ORDER BY next_run_at, guid", cancellationToken);

    /// <summary>Sets when a plan runs next and, when it just began, when that was. Not a new version.</summary>
    public Task SetNextRunAsync(Guid plan, DateTimeOffset? lastRun, DateTimeOffset? nextRun, CancellationToken cancellationToken) => ChangeOneAsync(
        plan,
        $"UPDATE recovery_plans SET next_run_at = {nextRun}, last_run_at = COALESCE({lastRun}, last_run_at) WHERE guid = {plan}",
        CatalogChangeKind.Updated,
        cancellationToken);
}
