namespace VProtect.Server.Access;

/// <summary>
/// Permissions as roles and tokens hold them: <c>area.read</c> to see, <c>area.write</c> for every change in the area, or one action of it by itself.
/// Stored: names only grow. <see cref="Permissions"/> says what each is for.
/// </summary>
internal static class Permission
{
    /// <summary>Held by the built-in role ADMIN.</summary>
    public const string Everything = "*";

    /// <summary>What everybody who is logged in may do with their own sessions, password and name.</summary>
    public const string Self = "self";

    public const string UsersRead = "users.read";
    public const string UsersWrite = "users.write";
    public const string TokensRead = "tokens.read";
    public const string TokensWrite = "tokens.write";
    public const string AuditRead = "audit.read";
    public const string SettingsRead = "settings.read";
    public const string SettingsWrite = "settings.write";
    public const string PoliciesRead = "policies.read";
    public const string PoliciesWrite = "policies.write";
    public const string InventoryRead = "inventory.read";
    public const string InventoryWrite = "inventory.write";
    public const string InventoryMachines = "inventory.machines";
    public const string InventoryPlatforms = "inventory.platforms";
    public const string InventoryCredentials = "inventory.credentials";
    public const string TasksRead = "tasks.read";
    public const string TasksWrite = "tasks.write";
    public const string TasksBackup = "tasks.backup";
    public const string TasksRestore = "tasks.restore";
    public const string TasksRestoreFiles = "tasks.restore-files";
    public const string TasksMount = "tasks.mount";
    public const string TasksSnapshot = "tasks.snapshot";
    public const string TasksInventory = "tasks.inventory";
    public const string TasksUpkeep = "tasks.upkeep";
    public const string TasksManage = "tasks.manage";
    public const string BackupsRead = "backups.read";
    public const string BackupsWrite = "backups.write";
    public const string BackupsEdit = "backups.edit";
    public const string BackupsHold = "backups.hold";
    public const string BackupsDelete = "backups.delete";
    public const string BackupsFiles = "backups.files";
    public const string DestinationsRead = "destinations.read";
    public const string DestinationsWrite = "destinations.write";
    public const string NodesRead = "nodes.read";
    public const string NodesWrite = "nodes.write";
    public const string MonitoringRead = "monitoring.read";
}
