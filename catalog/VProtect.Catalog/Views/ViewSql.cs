using VProtect.Catalog.Mirror;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Views;

/// <summary>
/// A view as SQL: a WITH that hides every table behind its part of the same name, so that no query, however it is written, sees more.
/// <code>
/// WITH machines AS (SELECT * FROM main.machines WHERE …), …  SELECT … FROM machines …
/// </code>
/// Inside, <c>main.x</c> is a whole table (PostgreSQL, where a WITH does not see itself, takes the bare name) and <c>x</c> the part defined above it: the order counts.
/// A test holds every table of the schema to be either here or in <see cref="Open"/>.
/// </summary>
internal static class ViewSql
{
    /// <summary>Tables that are never limited: endpoints about them need a permission for everything, or they hold no more than what the rows in view name.</summary>
    public static readonly IReadOnlySet<string> Open = new HashSet<string>(StringComparer.Ordinal)
    {
        "settings", "node_configs", "nodes", "destination_node_configs", "users", "groups", "group_members", "roles", "role_permissions", "role_assignments",
        "api_tokens", "sessions", "audit", "idempotency", "schema_migrations", "appliances", "feeds", "feed_changes",
    };

    /// <summary>What a column refers to. A row that is written through a view may name only what is in view.</summary>
    private static readonly Dictionary<string, string[]> References = new(StringComparer.Ordinal)
    {
        ["machine_guid"] = ["machines"],
        ["hypervisor_guid"] = ["hypervisors"],
        ["hypervisor_manager_guid"] = ["hypervisor_managers"],
        ["source_guid"] = ["hypervisors", "hypervisor_managers"],
        ["cluster_guid"] = ["hypervisor_clusters"],
        ["storage_guid"] = ["hypervisor_storages"],
        ["credential_guid"] = ["credentials"],
        ["ssh_credential_guid"] = ["credentials"],
        ["mailing_list_guid"] = ["mailing_lists"],
        ["destination_guid"] = ["destinations"],
        ["policy_guid"] = ["policies"],
        ["backup_policy_guid"] = ["policies"],
        ["snapshot_policy_guid"] = ["policies"],
        ["rule_guid"] = ["rules"],
        ["schedule_guid"] = ["schedules"],
        ["recovery_plan_guid"] = ["recovery_plans"],
        ["restore_point_guid"] = ["restore_points"],
        ["disk_guid"] = ["restore_point_disks"],
        ["machine_disk_guid"] = ["machine_disks"],
        ["task_guid"] = ["tasks"],
        ["mount_guid"] = ["mounts"],
    };

    /// <summary>Columns that reach beyond any part: files of nodes, and rules by which machines join by themselves.</summary>
    public static readonly IReadOnlySet<string> Guarded = new HashSet<string>(StringComparer.Ordinal) { "ssh_key_path", "auto_assign_mode" };

    /// <summary>Tables that a column refers to, any of which may hold the row; empty when it refers to nothing that is limited.</summary>
    public static IReadOnlyList<string> TargetsOf(string column) => References.GetValueOrDefault(column) ?? [];

    /// <summary>The tables that a view limits.</summary>
    public static IEnumerable<string> Limited => Parts(new CatalogView(), "").Select(part => part.Table);

    /// <summary>The WITH that goes before a SELECT.</summary>
    public static SqlText With(CatalogView view, string whole) => SqlText.Join(
        "", [SqlText.Raw("WITH "), SqlText.Join(", ", Parts(view, whole).Select(part => Part(part.Table, part.Columns, part.Body))), SqlText.Raw(" ")]);

    /// <summary>
    /// The WITH that hides what belongs to other appliances from a statement; null when it is about nothing of theirs. Each part is only a condition, so that
    /// indexes serve as they do without it, and those that are not asked for are left out: reading them takes longer than a short statement.
    /// </summary>
    public static SqlText? Own(string whole, SqlText statement)
    {
        (string Table, string Columns, string Body)[] counts = [.. Counts.Where(counts => statement.Mentions(counts.Table))];
        string[] parts =
        [
            .. MirrorTables.All.Select(table => table.Name).Where(name => statement.Mentions(name) || counts.Any(counted => counted.Body.Contains($" {name} ", StringComparison.Ordinal)))
                .Select(name => $"{name} AS NOT MATERIALIZED (SELECT * FROM {whole}{name} WHERE appliance_guid IS NULL)"),
            .. counts.Select(counted => $"{counted.Table}{counted.Columns} AS ({counted.Body})"),
        ];
        return parts.Length == 0 ? null : SqlText.Raw($"WITH {string.Join(", ", parts)} ");
    }

    /// <summary>What the tables of counts are, of the rows in view.</summary>
    private static readonly (string Table, string Columns, string Body)[] Counts =
    [
        ("restore_point_counts", "(destination_guid, policy_guid, type, state, n)",
            "SELECT destination_guid, COALESCE(policy_guid, ''), type, state, COUNT(*) FROM restore_points GROUP BY 1, 2, 3, 4"),
        ("restore_point_machine_counts", "(machine_guid, state, n)", "SELECT machine_guid, state, COUNT(*) FROM restore_points GROUP BY 1, 2"),
        ("task_counts", "(type, state, n)", "SELECT type, state, COUNT(*) FROM tasks GROUP BY 1, 2"),
    ];

    private static SqlText Part(string table, string? columns, SqlText body) => SqlText.Join("", [SqlText.Raw($"{table}{columns} AS ("), body, SqlText.Raw(")")]);

    private static IEnumerable<(string Table, string? Columns, SqlText Body)> Parts(CatalogView view, string whole)
    {
        SqlText Whole(string table) => SqlText.Raw(whole + table);
        (string, string?, SqlText) Of(string table, SqlText condition) => (table, null, SqlText.Of($"SELECT * FROM {Whole(table)} WHERE {condition}"));
        static SqlText If(bool shown, SqlText condition, SqlText? otherwise = null) => shown ? condition : otherwise ?? SqlText.Raw("1 = 0");

        yield return Of("machines", $"""
            guid IN {view.Machines} OR hypervisor_guid IN {view.Hypervisors} OR hypervisor_manager_guid IN {view.HypervisorManagers}
            OR guid IN (SELECT machine_guid FROM {Whole("policy_machines")} WHERE policy_guid IN {view.Policies})
            """);
        yield return Of("hypervisors", $"""
            guid IN {view.Hypervisors} OR hypervisor_manager_guid IN {view.HypervisorManagers}
            OR {If(view.ShowsPlatforms, $"guid IN (SELECT hypervisor_guid FROM machines)")}
            """);
        yield return Of("hypervisor_managers", $"""
            guid IN {view.HypervisorManagers}
            OR {If(view.ShowsPlatforms, $"guid IN (SELECT hypervisor_manager_guid FROM machines) OR guid IN (SELECT hypervisor_manager_guid FROM hypervisors)")}
            """);
        const string ofPlatform = "hypervisor_manager_guid IN (SELECT guid FROM hypervisor_managers)";
        yield return Of("hypervisor_clusters", SqlText.Raw(ofPlatform));
        const string ofHost = $"{ofPlatform} OR hypervisor_guid IN (SELECT guid FROM hypervisors)";
        yield return Of("hypervisor_storages", SqlText.Raw(ofHost));
        yield return Of("networks", SqlText.Raw(ofHost));
        yield return Of("flavors", SqlText.Raw(ofPlatform));

        // What belongs to machines.
        const string ofMachine = "machine_guid IN (SELECT guid FROM machines)";
        yield return Of("machine_tags", SqlText.Raw(ofMachine));
        yield return Of("machine_disks", SqlText.Raw(ofMachine));
        yield return Of("snapshots", SqlText.Raw(ofMachine));
        yield return Of("restore_points", SqlText.Raw(ofMachine));
        const string ofPoint = "restore_point_guid IN (SELECT guid FROM restore_points)";
        yield return Of("restore_point_disks", SqlText.Raw(ofPoint));
        yield return Of("mounts", SqlText.Raw(ofPoint));
        yield return Of("mounted_file_systems", SqlText.Raw("mount_guid IN (SELECT guid FROM mounts)"));

        // Policies.
        yield return Of("policies", $"""
            guid IN {view.Policies}
            OR {If(view.ShowsPolicies, $"guid IN (SELECT policy_guid FROM {Whole("policy_machines")} WHERE machine_guid IN (SELECT guid FROM machines))")}
            """);
        const string ofPolicy = "policy_guid IN (SELECT guid FROM policies)";
        yield return Of("policy_machines", SqlText.Raw($"{ofPolicy} AND {ofMachine}"));
        yield return Of("policy_matches", SqlText.Raw(ofPolicy));
        yield return Of("policy_clusters", SqlText.Raw(ofPolicy));
        yield return Of("rules", SqlText.Raw(ofPolicy));
        const string ofRule = "rule_guid IN (SELECT guid FROM rules)";
        yield return Of("rule_destinations", SqlText.Raw(ofRule));

        // A schedule that also starts rules of others is not in view: to change it would change theirs.
        yield return Of("schedules", $"""
            guid IN (SELECT schedule_guid FROM {Whole("rule_schedules")} WHERE {SqlText.Raw(ofRule)})
            AND {If(view.ShowsPolicies, SqlText.Raw("1 = 1"), $"guid NOT IN (SELECT schedule_guid FROM {Whole("rule_schedules")} WHERE rule_guid NOT IN (SELECT guid FROM rules))")}
            """);
        yield return Of("rule_schedules", SqlText.Raw($"{ofRule} AND schedule_guid IN (SELECT guid FROM schedules)"));
        yield return Of("destinations", $"""
            guid IN {view.Destinations}
            OR {If(view.ShowsDestinations, $"guid IN (SELECT destination_guid FROM restore_points) OR guid IN (SELECT destination_guid FROM rule_destinations)")}
            """);
        yield return Of("credentials", SqlText.Raw("""
            guid IN (SELECT credential_guid FROM hypervisors) OR guid IN (SELECT credential_guid FROM hypervisor_managers)
            OR guid IN (SELECT ssh_credential_guid FROM machines) OR guid IN (SELECT credential_guid FROM destinations)
            """));

        // Work: of a machine, or of a host, manager or destination that is in view by itself. What has parts outside is not in view.
        SqlText ownTask = $"""
            machine_guid IN (SELECT guid FROM machines)
            OR (machine_guid IS NULL AND (
              workflow_guid IN (SELECT guid FROM {Whole("workflows")} WHERE machine_guid IN (SELECT guid FROM machines))
              OR hypervisor_guid IN {view.Hypervisors} OR source_guid IN {view.Hypervisors} OR source_guid IN {view.HypervisorManagers}
              OR (destination_guid IN {view.Destinations} AND restore_point_guid IS NULL)))
            """;
        yield return Of("tasks", ownTask);
        const string ofTask = "task_guid IN (SELECT guid FROM tasks)";
        yield return Of("task_log", SqlText.Raw(ofTask));
        yield return Of("task_checkpoints", SqlText.Raw(ofTask));
        yield return Of("workflows", $"""
            machine_guid IN (SELECT guid FROM machines)
            OR (machine_guid IS NULL AND guid IN (SELECT workflow_guid FROM tasks)
              AND NOT EXISTS (
                SELECT 1 FROM {Whole("tasks")} AS every WHERE every.workflow_guid = {Whole("workflows")}.guid AND every.guid NOT IN (SELECT guid FROM tasks)))
            """);

        // Recovery plans join machines of many owners; mailing lists are the appliance's.
        yield return Of("recovery_plans", SqlText.Raw("1 = 0"));
        yield return Of("mailing_lists", SqlText.Raw("1 = 0"));
        foreach ((string table, string columns, string body) in Counts)
        {
            yield return (table, columns, SqlText.Raw(body));
        }
    }
}
