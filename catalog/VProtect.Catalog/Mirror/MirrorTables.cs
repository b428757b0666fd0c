namespace VProtect.Catalog.Mirror;

/// <summary>A table of which a designated server shows what its appliances have.</summary>
/// <param name="Name">Name.</param>
/// <param name="Reading">Reads rows as those who show them do.</param>
/// <param name="Needs">Columns without which a row means nothing: what they refer to must be there.</param>
/// <param name="HasUniqueName">Whether two rows may not have one name: appliances know nothing of each other's.</param>
/// <param name="Links">Rows that only join, and go with the row that they belong to.</param>
internal sealed record MirrorTable(
    string Name, Func<CatalogSession, Func<IReadOnlyCollection<Guid>, CancellationToken, Task>> Reading, string[] Needs, bool HasUniqueName = false, params MirrorLink[] Links);

/// <summary>A table of rows that only join.</summary>
/// <param name="Name">Name.</param>
/// <param name="Owner">Column with the row that they go with.</param>
internal sealed record MirrorLink(string Name, string Owner);

/// <summary>What travels from an appliance to the server that it joined, table by table. A test holds every table, and every reference, to be either here or kept.</summary>
internal static class MirrorTables
{
    /// <summary>The tables, each behind those that it refers to.</summary>
    public static readonly IReadOnlyList<MirrorTable> All =
    [
        new("hypervisor_managers", session => session.HypervisorManagers.FindManyAsync, [], HasUniqueName: true),
        new("hypervisor_clusters", session => session.HypervisorClusters.FindManyAsync, ["hypervisor_manager_guid"]),
        new("hypervisors", session => session.Hypervisors.FindManyAsync, []),
        new("hypervisor_storages", session => session.HypervisorStorages.FindManyAsync, []),
        new("networks", session => session.Networks.FindManyAsync, []),
        new("flavors", session => session.Flavors.FindManyAsync, ["hypervisor_manager_guid"]),
        new("destinations", session => session.Destinations.FindManyAsync, [], HasUniqueName: true),
        new("schedules", session => session.Schedules.FindManyAsync, []),
        new("policies", session => session.Policies.FindManyAsync, [], HasUniqueName: true, new MirrorLink("policy_matches", "policy_guid"), new MirrorLink("policy_clusters", "policy_guid")),
        new("rules", session => session.Rules.FindManyAsync, ["policy_guid"], HasUniqueName: false, new MirrorLink("rule_schedules", "rule_guid")),
        new("rule_destinations", session => session.RuleDestinations.FindManyAsync, ["rule_guid", "destination_guid"]),
        new("machines", session => session.Machines.FindManyAsync, [], HasUniqueName: false, new MirrorLink("machine_tags", "machine_guid"), new MirrorLink("policy_machines", "machine_guid")),
        new("machine_disks", session => session.MachineDisks.FindManyAsync, ["machine_guid"]),
        new("restore_points", session => session.RestorePoints.FindManyAsync, ["machine_guid", "destination_guid"]),
        new("restore_point_disks", session => session.RestorePointDisks.FindManyAsync, ["restore_point_guid"]),
        new("snapshots", session => session.Snapshots.FindManyAsync, ["machine_guid"]),
        new("recovery_plans", session => session.RecoveryPlans.FindManyAsync, [], HasUniqueName: true),
        new("workflows", session => session.Workflows.FindManyAsync, []),
        new("tasks", session => session.Tasks.FindManyAsync, []),
        new("mounts", session => session.Mounts.FindManyAsync, ["restore_point_guid"]),
        new("mounted_file_systems", session => session.MountedFileSystems.FindManyAsync, ["mount_guid"]),
    ];

    /// <summary>What a column refers to; such a row must be the same appliance's.</summary>
    public static readonly IReadOnlyDictionary<string, string> References = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["hypervisor_manager_guid"] = "hypervisor_managers",
        ["cluster_guid"] = "hypervisor_clusters",
        ["hypervisor_guid"] = "hypervisors",
        ["storage_guid"] = "hypervisor_storages",
        ["destination_guid"] = "destinations",
        ["schedule_guid"] = "schedules",
        ["policy_guid"] = "policies",
        ["backup_policy_guid"] = "policies",
        ["snapshot_policy_guid"] = "policies",
        ["rule_guid"] = "rules",
        ["machine_guid"] = "machines",
        ["machine_disk_guid"] = "machine_disks",
        ["restore_point_guid"] = "restore_points",
        ["disk_guid"] = "restore_point_disks",
        ["recovery_plan_guid"] = "recovery_plans",
        ["workflow_guid"] = "workflows",
        ["linked_task_guid"] = "tasks",
        ["depends_on_guid"] = "tasks",
        ["task_guid"] = "tasks",
        ["mount_guid"] = "mounts",
    };

    /// <summary>Columns of JSON.</summary>
    public static readonly IReadOnlySet<string> Json = new HashSet<string>(StringComparer.Ordinal)
    {
        "settings", "projects", "pre_command_args", "pre_command_ignored_exit_codes", "post_command_args", "post_command_ignored_exit_codes", "days_of_week", "months", "occurrences",
        "file_systems", "parameters", "result", "allowed_clients", "steps",
    };

    /// <summary>Columns of bytes: of these only that they are not null.</summary>
    public static readonly IReadOnlySet<string> Bytes = new HashSet<string>(StringComparer.Ordinal) { "sealed_key", "token" };

    /// <summary>Columns that never leave their appliance: what opens things, nodes, leases, files of nodes, and whose the row is.</summary>
    public static readonly IReadOnlySet<string> Kept = new HashSet<string>(StringComparer.Ordinal)
    {
        "credential_guid", "ssh_credential_guid", "node_config_guid", "mailing_list_guid", "node_guid", "lease_node_guid", "lease_generation", "ssh_key_path", "appliance_guid",
    };

    /// <summary>Column of a row's node: at the server that is the appliance.</summary>
    public const string NodeColumn = "node_guid";
}
