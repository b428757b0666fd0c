using VProtect.Catalog;
using VProtect.Catalog.Views;
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

    /// <summary>The name for a caller, and the part of the table that it may hear of, null for all of it; null when it may hear nothing.</summary>
    public static (string Name, CatalogView? View)? Of(string table, Caller caller)
    {
        if (!All.TryGetValue(table, out (string Name, string Permission) known))
        {
            return null;
        }

        if (caller.May(known.Permission))
        {
            return (known.Name, null);
        }

        return caller.ViewFor(known.Permission) is { } view ? (known.Name, view) : null;
    }

    /// <summary>Whether a change may have changed what the caller may hear: a stream then ends, and the client comes back with the rights it has by then.</summary>
    public static bool Unsettles(CatalogChange change, Caller caller) => change.Table switch
    {
        "users" => change.Guid == caller.UserGuid && change.Kind == CatalogChangeKind.Deleted,
        "sessions" => change.Guid == caller.ProofGuid && change.Kind == CatalogChangeKind.Deleted,
        "api_tokens" => change.Guid == caller.ProofGuid && change.Kind != CatalogChangeKind.Inserted,
        "roles" or "role_assignments" or "groups" => true,
        _ => false,
    };
}
