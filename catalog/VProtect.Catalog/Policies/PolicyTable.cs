using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Policies;

/// <summary>Policies, with their machines and their lists for automatic assignment.</summary>
public sealed class PolicyTable : EditableTable<Policy>
{
    private static readonly TableMap<Policy> Rows = new("policies");
    private static readonly TableMap<PolicyMachine> Machines = new("policy_machines");
    private static readonly TableMap<PolicyMatch> Matches = new("policy_matches");
    private static readonly ListShape Listed = ListShape.ByName(new SortColumn("priority", "priority"));

    internal PolicyTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="kind">What they make; null any.</param>
    /// <param name="tenant">Their tenant; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<Policy>> ListAsync(PolicyKind? kind, string? tenant, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("kind", kind)
            .Equal("tenant_id", tenant)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>Machines of a policy, and who put them there.</summary>
    public async Task<IReadOnlyList<PolicyMachine>> MachinesAsync(Guid policy, CancellationToken cancellationToken) => await Session.QueryAsync(
        $"SELECT {Machines.Select} FROM policy_machines WHERE policy_guid = {policy} ORDER BY machine_guid", Machines.Read, cancellationToken);

    /// <summary>Policies of these machines.</summary>
    public async Task<IReadOnlyList<PolicyMachine>> OfMachinesAsync(IReadOnlyCollection<Guid> machines, CancellationToken cancellationToken) =>
        await Session.QueryAsync(
            $"SELECT {Machines.Select} FROM policy_machines WHERE machine_guid IN {machines} ORDER BY machine_guid, policy_guid", Machines.Read, cancellationToken);

    /// <summary>Puts a machine into a policy; one that is there already changes who put it there. Lists then show the policy of highest priority.</summary>
    public async Task AssignAsync(Guid policy, Guid machine, AssignmentSource by, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        await RequireSeenAsync(policy, machine, cancellationToken);
        await writer.ExecuteAsync(
            $"""
            INSERT INTO policy_machines (policy_guid, machine_guid, assigned_by, assigned_at) VALUES ({policy}, {machine}, {by}, {writer.Time.GetUtcNow()})
            ON CONFLICT (policy_guid, machine_guid) DO UPDATE SET assigned_by = excluded.assigned_by
            """,
            cancellationToken);
        await ShowHighestAsync(writer, policy, machine, cancellationToken);
    }

    /// <summary>Takes a machine out of a policy. Nothing happens when it is not in it.</summary>
    public async Task UnassignAsync(Guid policy, Guid machine, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        await RequireSeenAsync(policy, machine, cancellationToken);
        await writer.ExecuteAsync($"DELETE FROM policy_machines WHERE policy_guid = {policy} AND machine_guid = {machine}", cancellationToken);
        await ShowHighestAsync(writer, policy, machine, cancellationToken);
    }

    /// <summary>The include and exclude lists of these policies.</summary>
    public async Task<IReadOnlyList<PolicyMatch>> MatchesAsync(IReadOnlyCollection<Guid> policies, CancellationToken cancellationToken) =>
        await Session.QueryAsync(
            $"SELECT {Matches.Select} FROM policy_matches WHERE policy_guid IN {policies} ORDER BY policy_guid, kind, value", Matches.Read, cancellationToken);

    /// <summary>Replaces the include and exclude lists of a policy.</summary>
    public async Task SetMatchesAsync(Guid policy, IReadOnlyCollection<PolicyMatch> matches, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        if (Session.View is not null)
        {
            RequireSame((await MatchesAsync([policy], cancellationToken)).Select(match => (match.Kind, match.Value)), matches.Select(match => (match.Kind, match.Value)));
            return;
        }

        await writer.ExecuteAsync($"DELETE FROM policy_matches WHERE policy_guid = {policy}", cancellationToken);
        foreach (PolicyMatch match in matches.Distinct())
        {
            await writer.ExecuteAsync(
                $"INSERT INTO policy_matches (policy_guid, kind, value) VALUES ({policy}, {match.Kind}, {match.Value})", cancellationToken);
        }
    }

    /// <summary>Clusters whose machines belong to a policy.</summary>
    public async Task<IReadOnlyList<Guid>> ClustersAsync(Guid policy, CancellationToken cancellationToken) =>
        await new LinkTable(Session, "policy_clusters", "policy_guid", "cluster_guid").GetAsync<Guid>(policy, cancellationToken);

    /// <summary>Sets the clusters whose machines belong to a policy.</summary>
    public async Task SetClustersAsync(Guid policy, IReadOnlyCollection<Guid> clusters, CancellationToken cancellationToken)
    {
        if (Session.View is not null)
        {
            RequireSame(await ClustersAsync(policy, cancellationToken), clusters);
            return;
        }

        await new LinkTable(Session, "policy_clusters", "policy_guid", "cluster_guid").SetAsync(policy, clusters, cancellationToken);
    }

    /// <summary>Rules by which machines join reach machines that are not in view: they stay as they are.</summary>
    private static void RequireSame<T>(IEnumerable<T> before, IEnumerable<T> after)
    {
        if (!before.ToHashSet().SetEquals(after))
        {
            throw CatalogErrors.OutOfView("rules by which machines join by themselves reach beyond them");
        }
    }

    private async Task RequireSeenAsync(Guid policy, Guid machine, CancellationToken cancellationToken)
    {
        if (Session.View is not null)
        {
            await GetAsync(policy, cancellationToken);
            await Session.Machines.GetAsync(machine, cancellationToken);
        }
    }

    /// <summary>Shows machines of a policy the one of highest priority anew, after its priority was changed.</summary>
    public async Task ShowHighestAsync(Guid policy, CancellationToken cancellationToken)
    {
        SqlText machines = $"guid IN (SELECT machine_guid FROM policy_machines WHERE policy_guid = {policy})";
        await ShowHighestAsync(Session.Writer, policy, machines, cancellationToken);
        Session.Writer.Changed("machines", Guid.Empty, CatalogChangeKind.Reset);
    }

    private async Task ShowHighestAsync(CatalogTransaction writer, Guid policy, Guid machine, CancellationToken cancellationToken)
    {
        await ShowHighestAsync(writer, policy, SqlText.Of($"guid = {machine}"), cancellationToken);
        writer.Changed("machines", machine, CatalogChangeKind.Updated);
        writer.Changed(Rows.Name, policy, CatalogChangeKind.Updated);
    }

    // Old clients know one policy of a kind for each machine: the one of highest priority.
    private async Task ShowHighestAsync(CatalogTransaction writer, Guid policy, SqlText machines, CancellationToken cancellationToken)
    {
        PolicyKind kind = (await GetAsync(policy, cancellationToken)).Kind;
        SqlText column = SqlText.Raw(kind == PolicyKind.VmBackup ? "backup_policy_guid" : "snapshot_policy_guid");
        await writer.ExecuteAsync(
            $"""
            UPDATE machines SET {column} = (
              SELECT policies.guid FROM policy_machines JOIN policies ON policies.guid = policy_machines.policy_guid
              WHERE policy_machines.machine_guid = machines.guid AND policies.kind = {kind}
              ORDER BY policies.priority DESC, policies.guid LIMIT 1)
            WHERE {machines}
            """,
            cancellationToken);
    }

    /// <summary>Machines of these policies with their names, in the order of the names.</summary>
    public async Task<ILookup<Guid, (Guid Machine, string Name)>> MachineNamesAsync(IReadOnlyCollection<Guid> policies, CancellationToken cancellationToken)
    {
        List<(Guid Policy, Guid Machine, string Name)> rows = await Session.QueryAsync(
            $"""
            SELECT policy_machines.policy_guid, machines.guid, machines.name
            FROM policy_machines JOIN machines ON machines.guid = policy_machines.machine_guid
            WHERE policy_machines.policy_guid IN {policies} ORDER BY machines.name_key, machines.guid
            """,
            row => (Guid.ParseExact(row.GetString(0), "D"), Guid.ParseExact(row.GetString(1), "D"), row.GetString(2)),
            cancellationToken);
        return rows.ToLookup(row => row.Policy, row => (row.Machine, row.Name));
    }
}
