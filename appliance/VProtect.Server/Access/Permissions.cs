namespace VProtect.Server.Access;

/// <summary>What is known of a permission.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it lets one do.</param>
/// <param name="CanBeLimited">Whether it may be given for selected objects only.</param>
internal sealed record PermissionInfo(string Name, string Description, bool CanBeLimited);

/// <summary>All permissions there are, and which includes which.</summary>
internal static class Permissions
{
    public static readonly IReadOnlyList<PermissionInfo> All =
    [
        new(Permission.Everything, "Everything; given for selected objects, everything that can be limited to them.", CanBeLimited: true),
        new(Permission.InventoryRead, "See platforms, hosts, machines, disks, snapshots, and names of credentials.", CanBeLimited: true),
        new(Permission.InventoryWrite, "All of inventory.machines, inventory.platforms and inventory.credentials.", CanBeLimited: true),
        new(Permission.InventoryMachines, "Change how machines and disks are backed up.", CanBeLimited: true),
        new(Permission.InventoryPlatforms, "Change, check and remove managers and hosts; for all objects, add them too.", CanBeLimited: true),
        new(Permission.InventoryCredentials, "Make, change and delete credentials.", CanBeLimited: false),
        new(Permission.PoliciesRead, "See policies, rules and schedules; for all objects, recovery plans too.", CanBeLimited: true),
        new(Permission.PoliciesWrite, "Change policies, rules and schedules; for all objects, make them, and recovery plans.", CanBeLimited: true),
        new(Permission.TasksRead, "See tasks, workflows and their logs.", CanBeLimited: true),
        new(Permission.TasksWrite, "All actions of tasks.", CanBeLimited: true),
        new(Permission.TasksBackup, "Back machines up.", CanBeLimited: true),
        new(Permission.TasksRestore, "Restore machines to platforms, and files into machines that run.", CanBeLimited: true),
        new(Permission.TasksRestoreFiles, "Restore disks to files on a node.", CanBeLimited: false),
        new(Permission.TasksMount, "Mount and unmount backups.", CanBeLimited: true),
        new(Permission.TasksSnapshot, "Take snapshots, and take machines back to them.", CanBeLimited: true),
        new(Permission.TasksInventory, "Read inventories of platforms.", CanBeLimited: true),
        new(Permission.TasksUpkeep, "Verify destinations and free their space.", CanBeLimited: true),
        new(Permission.TasksManage, "Cancel, reorder and delete tasks.", CanBeLimited: true),
        new(Permission.BackupsRead, "See backups, reports, and what is mounted.", CanBeLimited: true),
        new(Permission.BackupsWrite, "All of backups.edit, backups.hold and backups.delete.", CanBeLimited: true),
        new(Permission.BackupsEdit, "Describe backups, acknowledge warnings, say what retention shall do.", CanBeLimited: true),
        new(Permission.BackupsHold, "Hold backups and release them.", CanBeLimited: true),
        new(Permission.BackupsDelete, "Remove backups.", CanBeLimited: true),
        new(Permission.BackupsFiles, "Look into mounted backups and download from them.", CanBeLimited: true),
        new(Permission.DestinationsRead, "See destinations.", CanBeLimited: true),
        new(Permission.DestinationsWrite, "Change, check and remove destinations; for all objects, add them too.", CanBeLimited: true),
        new(Permission.MonitoringRead, "Read /metrics.", CanBeLimited: true),
        new(Permission.NodesRead, "See nodes and their settings.", CanBeLimited: false),
        new(Permission.NodesWrite, "Change nodes and their settings.", CanBeLimited: false),
        new(Permission.SettingsRead, "See global settings, mailing lists and the server's certificate.", CanBeLimited: false),
        new(Permission.SettingsWrite, "Change them.", CanBeLimited: false),
        new(Permission.UsersRead, "See users, groups, roles and sessions.", CanBeLimited: false),
        new(Permission.UsersWrite, "Change them, within what one may do oneself.", CanBeLimited: false),
        new(Permission.TokensRead, "See tokens.", CanBeLimited: false),
        new(Permission.TokensWrite, "Make tokens that act as oneself, and take tokens back.", CanBeLimited: false),
        new(Permission.AuditRead, "Read and verify the audit log.", CanBeLimited: false),
    ];

    private static readonly Dictionary<string, PermissionInfo> ByName = All.ToDictionary(info => info.Name, StringComparer.Ordinal);

    /// <summary>The permission of this name; null when there is none.</summary>
    public static PermissionInfo? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>Whether who has <paramref name="held"/> may do what needs <paramref name="asked"/>.</summary>
    public static bool Includes(string held, string asked)
    {
        if (held == asked || held == Permission.Everything)
        {
            return true;
        }

        // area.write is every action of the area but to see; looking into guests' files is given by name only.
        int dot = asked.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && held == $"{asked[..dot]}.write" && asked[dot..] != ".read" && asked != Permission.BackupsFiles;
    }
}
