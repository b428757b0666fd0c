using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Machines, with their tags and what lists show of their last backups.</summary>
public sealed class MachineTable : EditableTable<Machine>
{
    private static readonly TableMap<Machine> Rows = new("machines");

    private static readonly ListShape Listed = ListShape.ByName(
        new SortColumn("lastBackup", "last_backup_at", Nullable: true),
        new SortColumn("lastSuccessfulBackup", "last_success_at", Nullable: true),
        new SortColumn("lastSuccessfulBackupSize", "last_success_bytes", Nullable: true),
        new SortColumn("lastSuccessfulFullBackup", "last_full_at", Nullable: true),
        new SortColumn("provisionedSize", "provisioned_bytes"),
        new SortColumn("rpoDue", "rpo_due_at", Nullable: true));

    internal MachineTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    private LinkTable Tagged => new(Session, "machine_tags", "machine_guid", "tag");

    /// <summary>A page of machines.</summary>
    public Task<ListPage<Machine>> ListAsync(MachineFilter filter, ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(ToSql(filter, query), query, cancellationToken);

    /// <summary>The machine that a platform knows by this identity, or null.</summary>
    public async Task<Machine?> FindByUuidAsync(Guid? manager, Guid? hypervisor, string uuid, CancellationToken cancellationToken)
    {
        SqlText owner = manager is not null
            ? SqlText.Of($"hypervisor_manager_guid = {manager}")
            : SqlText.Of($"hypervisor_manager_guid IS NULL AND hypervisor_guid = {hypervisor}");
        return (await WhereAsync($"uuid = {uuid} AND {owner} ORDER BY guid LIMIT 1", cancellationToken)).FirstOrDefault();
    }

    /// <summary>Tags of a machine.</summary>
    public async Task<IReadOnlyList<string>> TagsAsync(Guid machine, CancellationToken cancellationToken) =>
        await Tagged.GetAsync<string>(machine, cancellationToken);

    /// <summary>Tags of machines of a page.</summary>
    public Task<ILookup<Guid, string>> TagsAsync(IReadOnlyCollection<Guid> machines, CancellationToken cancellationToken) =>
        Tagged.GetManyAsync<string>(machines, cancellationToken);

    /// <summary>Replaces the tags of a machine.</summary>
    public async Task SetTagsAsync(Guid machine, IReadOnlyCollection<string> tags, CancellationToken cancellationToken)
    {
        await Tagged.SetAsync(machine, tags, cancellationToken);
        Session.Writer.Changed(Rows.Name, machine, CatalogChangeKind.Updated);
    }

    /// <summary>
    /// Notes how a backup ended, as lists show it. Not a new version: a backup that ends must not make a user's change of settings fail.
    /// </summary>
    /// <param name="machine">Machine.</param>
    /// <param name="point">The restore point; only its state, type, times and size are looked at.</param>
    /// <param name="rpoDueAt">Until when it satisfies the recovery point objective; used when it is good.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task RecordBackupAsync(Guid machine, RestorePoint point, DateTimeOffset? rpoDueAt, CancellationToken cancellationToken)
    {
        SqlText good = SqlText.Raw("");
        if (point.State == RestorePointState.Success)
        {
            good = $", last_success_at = {point.CreatedAt}, last_success_bytes = {point.SizeBytes}, rpo_due_at = {rpoDueAt}";
            if (point.Type == BackupType.Full)
            {
                good = $"{good}, last_full_at = {point.CreatedAt}, last_full_bytes = {point.SizeBytes}, next_backup_full = 0";
            }
        }

        return ChangeOneAsync(
            machine,
            $"""
            UPDATE machines SET last_backup_at = {point.CreatedAt}, last_backup_state = {point.State}, warnings_present = {point.Warnings > 0}{good}
            WHERE guid = {machine}
            """,
            CatalogChangeKind.Updated,
            cancellationToken);
    }

    /// <summary>Notes what the last restore or recovery test of a machine said. Not a new version.</summary>
    public Task SetRestoreStatusAsync(Guid machine, string status, CancellationToken cancellationToken) => ChangeOneAsync(
        machine, $"UPDATE machines SET restore_status = {status} WHERE guid = {machine}", CatalogChangeKind.Updated, cancellationToken);

    /// <summary>Sets until when the last good backup satisfies the recovery point objective, after a policy changed. Not a new version.</summary>
    public Task SetRpoDueAsync(Guid machine, DateTimeOffset? due, CancellationToken cancellationToken) => ChangeOneAsync(
        machine, $"UPDATE machines SET rpo_due_at = {due} WHERE guid = {machine}", CatalogChangeKind.Updated, cancellationToken);

    /// <summary>Notes that a platform showed machines. Not a new version, and not told: it happens to all of them every hour.</summary>
    public Task RecordSeenAsync(IReadOnlyCollection<Guid> machines, CancellationToken cancellationToken) => Session.Writer.ExecuteAsync(
        $"UPDATE machines SET last_seen_at = {Session.Time.GetUtcNow()} WHERE guid IN {machines}", cancellationToken);

    /// <summary>Machines whose next good backup was due after one time and up to another.</summary>
    public async Task<IReadOnlyList<Machine>> OverdueSinceAsync(DateTimeOffset after, DateTimeOffset until, CancellationToken cancellationToken) =>
        await WhereAsync($"rpo_due_at > {after} AND rpo_due_at <= {until} AND present = 1 ORDER BY rpo_due_at, guid", cancellationToken);

    /// <summary>How fresh the backups of all machines that are there are.</summary>
    public async Task<IReadOnlyList<MachineFreshness>> FreshnessAsync(CancellationToken cancellationToken) => await Session.QueryAsync(
        $"SELECT guid, name, last_success_at, rpo_due_at FROM machines WHERE present = 1 ORDER BY guid",
        row => new MachineFreshness(Guid.ParseExact(row.GetString(0), "D"), row.GetString(1), TimeOf(row, 2), TimeOf(row, 3)),
        cancellationToken);

    private static DateTimeOffset? TimeOf(System.Data.Common.DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(row.GetValue(column), null));

    /// <summary>Removes machines that their platform no longer has and that have no restore points; returns how many.</summary>
    public async Task<int> DeleteNonPresentAsync(CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        SqlText seen = await Session.OnlySeenAsync("machines", SqlText.Raw("present = 0"), cancellationToken);
        int deleted = await writer.ExecuteAsync(
            $"DELETE FROM machines WHERE present = 0{seen} AND appliance_guid IS NULL AND NOT EXISTS (SELECT 1 FROM restore_points WHERE restore_points.machine_guid = machines.guid)",
            cancellationToken);
        writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
        return deleted;
    }

    /// <summary>Notes that machines are gone with their manager, or with their host that stood alone.</summary>
    public async Task SetGoneAsync(Guid? manager, Guid? hypervisor, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        SqlText owner = manager is not null
            ? SqlText.Of($"hypervisor_manager_guid = {manager}")
            : SqlText.Of($"hypervisor_manager_guid IS NULL AND hypervisor_guid = {hypervisor}");
        await writer.ExecuteAsync($"UPDATE machines SET present = 0 WHERE {owner}", cancellationToken);
        writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
    }

    /// <summary>Makes the next backups of machines full ones; a good full one ends it. Not a new version.</summary>
    public async Task RequireFullAsync(IReadOnlyCollection<Guid> machines, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        SqlText seen = await Session.OnlySeenAsync("machines", $"guid IN {machines}", cancellationToken);
        await writer.ExecuteAsync($"UPDATE machines SET next_backup_full = 1 WHERE guid IN {machines}{seen}", cancellationToken);
        foreach (Guid machine in machines)
        {
            writer.Changed(Rows.Name, machine, CatalogChangeKind.Updated);
        }
    }

    /// <summary>Machines on each of these hosts.</summary>
    public Task<IReadOnlyDictionary<Guid, long>> CountByHypervisorAsync(IReadOnlyCollection<Guid> hypervisors, CancellationToken cancellationToken) =>
        CountAsync("hypervisor_guid", hypervisors, cancellationToken);

    /// <summary>Machines of each of these managers.</summary>
    public Task<IReadOnlyDictionary<Guid, long>> CountByManagerAsync(IReadOnlyCollection<Guid> managers, CancellationToken cancellationToken) =>
        CountAsync("hypervisor_manager_guid", managers, cancellationToken);

    private async Task<IReadOnlyDictionary<Guid, long>> CountAsync(string column, IReadOnlyCollection<Guid> guids, CancellationToken cancellationToken)
    {
        SqlText of = SqlText.Raw(column);
        List<(Guid Guid, long Count)> rows = await Session.QueryAsync(
            $"SELECT {of}, COUNT(*) FROM machines WHERE {of} IN {guids} GROUP BY {of}",
            row => (Guid.ParseExact(row.GetString(0), "D"), Convert.ToInt64(row.GetValue(1), null)),
            cancellationToken);
        return rows.ToDictionary(row => row.Guid, row => row.Count);
    }

    internal SqlFilter ToSql(MachineFilter filter, ListQuery query)
    {
        SqlFilter sql = new SqlFilter()
            .Equal("hypervisor_guid", filter.Hypervisor)
            .Equal("hypervisor_manager_guid", filter.HypervisorManager)
            .Equal("cluster_guid", filter.Cluster)
            .Equal("platform", filter.Platform)
            .Equal("tenant_id", filter.Tenant)
            .Equal("present", filter.Present)
            .Equal("last_backup_state", filter.LastBackupState)
            .Contains("name_key", query.Filter);
        if (filter.Policy is { } policy)
        {
            sql.Where("guid", $" IN (SELECT machine_guid FROM policy_machines WHERE policy_guid = {policy})");
        }

        if (filter.Tag is { } tag)
        {
            sql.Where("guid", $" IN (SELECT machine_guid FROM machine_tags WHERE tag = {tag})");
        }

        if (filter.Protected is { } wanted)
        {
            sql.Where("backup_policy_guid", SqlText.Raw(wanted ? " IS NOT NULL" : " IS NULL"));
        }

        DateTimeOffset now = Session.Time.GetUtcNow();
        return filter.UpToDate switch
        {
            true => sql.Where("rpo_due_at", $" >= {now}"),
            false => sql.Where("rpo_due_at", $" < {now}"),
            null => sql,
        };
    }
}
