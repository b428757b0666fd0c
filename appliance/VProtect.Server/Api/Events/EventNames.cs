using VProtect.Server.Access;

namespace VProtect.Server.Api.Events;

/// <summary>Tables of the catalog → name of their events, and the permission to hear them. What is not here is told to nobody.</summary>
internal static class EventNames
{
    private static readonly Dictionary<string, (string Name, string Permission)> All = new(StringComparer.Ordinal)
    {
        ["destinations"] = ("backup-destinations", Permission.DestinationsRead),
        ["hypervisor_clusters"] = ("hypervisor-clusters", Permission.InventoryRead),
        ["hypervisor_managers"] = ("hypervisor-managers", Permission.InventoryRead),
        ["hypervisor_storages"] = ("hypervisor-storages", Permission.InventoryRead),
        ["hypervisors"] = ("hypervisors", Permission.InventoryRead),
        ["machine_disks"] = ("virtual-machine-disks", Permission.InventoryRead),
        ["machines"] = ("virtual-machines", Permission.InventoryRead),
        ["mounts"] = ("mounted-backups", Permission.BackupsRead),
        ["networks"] = ("network", Permission.InventoryRead),
        ["nodes"] = ("nodes", Permission.NodesRead),
        ["policies"] = ("policies", Permission.PoliciesRead),
        ["restore_points"] = ("backups", Permission.BackupsRead),
        ["rules"] = ("rules", Permission.PoliciesRead),
        ["schedules"] = ("schedules", Permission.PoliciesRead),
        ["settings"] = ("global-settings", Permission.SettingsRead),
        ["snapshots"] = ("snapshots", Permission.InventoryRead),
        ["task_log"] = ("task-log", Permission.TasksRead),
        ["tasks"] = ("tasks", Permission.TasksRead),
        ["users"] = ("users", Permission.UsersRead),
        ["workflows"] = ("workflow-executions", Permission.TasksRead),
    };

    /// <summary>The name for a caller; null when it may not hear it.</summary>
    public static string? Of(string table, Caller caller) =>
        All.TryGetValue(table, out (string Name, string Permission) known) && caller.May(known.Permission) ? known.Name : null;
}
