using System.Data.Common;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Statistics;

/// <summary>Numbers of the dashboard and of reports, added up in the database.</summary>
public sealed class BackupStatistics
{
    private readonly CatalogSession _session;

    internal BackupStatistics(CatalogSession session)
    {
        _session = session;
    }

    /// <summary>How many machines that are there have a backup policy that runs, one that no schedule starts, or none.</summary>
    public async Task<ProtectionCounts> ProtectionAsync(CancellationToken cancellationToken) => (await _session.QueryAsync(
        $"""
        SELECT
          COALESCE(SUM(scheduled), 0),
          COALESCE(SUM(assigned - scheduled), 0),
          COALESCE(SUM(1 - assigned), 0)
        FROM (
          SELECT
            CASE WHEN EXISTS (
              SELECT 1 FROM policy_machines JOIN policies ON policies.guid = policy_machines.policy_guid
              WHERE policy_machines.machine_guid = machines.guid AND policies.kind = {PolicyKind.VmBackup}) THEN 1 ELSE 0 END AS assigned,
            CASE WHEN EXISTS (
              SELECT 1 FROM policy_machines JOIN policies ON policies.guid = policy_machines.policy_guid
              JOIN rules ON rules.policy_guid = policies.guid JOIN rule_schedules ON rule_schedules.rule_guid = rules.guid
              JOIN schedules ON schedules.guid = rule_schedules.schedule_guid
              WHERE policy_machines.machine_guid = machines.guid AND policies.kind = {PolicyKind.VmBackup}
                AND policies.active = 1 AND rules.active = 1 AND schedules.active = 1) THEN 1 ELSE 0 END AS scheduled
          FROM machines WHERE present = 1) AS counted
        """,
        row => new ProtectionCounts(Number(row, 0), Number(row, 1), Number(row, 2)),
        cancellationToken))[0];

    /// <summary>How the restore points ended that were asked for in a span of time.</summary>
    public async Task<IReadOnlyDictionary<RestorePointState, BackupSums>> ByStateAsync(DateTimeOffset from, DateTimeOffset before, CancellationToken cancellationToken)
    {
        List<(RestorePointState State, BackupSums Sums)> rows = await _session.QueryAsync(
            $"""
            SELECT state, COUNT(*), {Sum("size_bytes")}, {Sum("changed_bytes")}, {Sum("stored_bytes")} FROM restore_points
            WHERE created_at >= {from} AND created_at < {before} GROUP BY state
            """,
            row => (ApiName.Parse<RestorePointState>(row.GetString(0)), new BackupSums(Number(row, 1), Number(row, 2), Number(row, 3), Number(row, 4))),
            cancellationToken);
        return rows.ToDictionary(row => row.State, row => row.Sums);
    }

    /// <summary>Sums of the good restore points of each machine, the most stored first.</summary>
    /// <param name="from">Asked for at this time or later.</param>
    /// <param name="before">Asked for before this time.</param>
    /// <param name="machines">Only of these; null any.</param>
    /// <param name="tenant">Only of this tenant; null any.</param>
    /// <param name="size">How many machines at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<MachineSums>> ByMachineAsync(
        DateTimeOffset from, DateTimeOffset before, IReadOnlyCollection<Guid>? machines, string? tenant, int size, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("restore_points.state", (RestorePointState?)RestorePointState.Success)
            .From("restore_points.created_at", from)
            .Before("restore_points.created_at", before)
            .In("restore_points.machine_guid", machines)
            .Equal("machines.tenant_id", tenant);
        return await _session.QueryAsync(
            $"""
            SELECT machines.guid, machines.name, machines.tenant_id, machines.backup_policy_guid, COUNT(*) AS points,
              {Sum("restore_points.size_bytes")}, {Sum("restore_points.changed_bytes")}, {Sum("restore_points.stored_bytes")} AS stored
            FROM restore_points JOIN machines ON machines.guid = restore_points.machine_guid{filter.ToWhere((column, _) => column)}
            GROUP BY machines.guid, machines.name, machines.tenant_id, machines.backup_policy_guid
            ORDER BY stored DESC, machines.guid LIMIT {size}
            """,
            row => new MachineSums(
                Guid.ParseExact(row.GetString(0), "D"),
                row.GetString(1),
                row.IsDBNull(2) ? null : row.GetString(2),
                row.IsDBNull(3) ? null : Guid.ParseExact(row.GetString(3), "D"),
                new BackupSums(Number(row, 4), Number(row, 5), Number(row, 6), Number(row, 7))),
            cancellationToken);
    }

    /// <summary>What good backups stored at each destination.</summary>
    /// <param name="from">Asked for at this time or later.</param>
    /// <param name="before">Asked for before this time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyDictionary<Guid, StoredSpan>> StoredByDestinationAsync(DateTimeOffset from, DateTimeOffset before, CancellationToken cancellationToken)
    {
        List<(Guid Destination, StoredSpan Stored)> rows = await _session.QueryAsync(
            $"""
            SELECT destination_guid, {Sum("stored_bytes")}, MIN(created_at) FROM restore_points
            WHERE state = {RestorePointState.Success} AND created_at >= {from} AND created_at < {before} GROUP BY destination_guid
            """,
            row => (Guid.ParseExact(row.GetString(0), "D"), new StoredSpan(Number(row, 1), Time(row, 2)!.Value)),
            cancellationToken);
        return rows.ToDictionary(row => row.Destination, row => row.Stored);
    }

    /// <summary>What verification found of the good restore points that are kept, and when a restore last succeeded.</summary>
    public async Task<VerificationSums> VerificationAsync(CancellationToken cancellationToken) => (await _session.QueryAsync(
        $"""
        SELECT
          COALESCE(SUM(CASE WHEN verify_state = {VerifyState.Good} THEN 1 ELSE 0 END), 0),
          COALESCE(SUM(CASE WHEN verify_state = {VerifyState.Damaged} THEN 1 ELSE 0 END), 0),
          COUNT(*),
          MAX(verified_at),
          (SELECT MAX(finished_at) FROM tasks WHERE type = {TaskType.Restore} AND state = {TaskState.Finished})
        FROM restore_points WHERE state = {RestorePointState.Success}
        """,
        row => new VerificationSums(Number(row, 0), Number(row, 2) - Number(row, 0) - Number(row, 1), Number(row, 1), Time(row, 3), Time(row, 4)),
        cancellationToken))[0];

    // What is stored already may be anything: a catalog of an older version took what an appliance told.
    private SqlText Sum(string column) => _session.Dialect.Sum(column);

    private static DateTimeOffset? Time(DbDataReader row, int column) => row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(Number(row, column));

    private static long Number(DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), null);
}
