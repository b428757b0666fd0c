namespace VProtect.Server.Access;

/// <summary>Permissions as roles hold them: <c>area.read</c> or <c>area.write</c>. Stored: names only grow.</summary>
internal static class Permission
{
    /// <summary>Held by the built-in role ADMIN.</summary>
    public const string Everything = "*";

    /// <summary>What everybody who is logged in may do with their own session, password and name.</summary>
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
    public const string TasksRead = "tasks.read";
    public const string TasksWrite = "tasks.write";
    public const string BackupsRead = "backups.read";
    public const string BackupsWrite = "backups.write";
    public const string DestinationsRead = "destinations.read";
    public const string DestinationsWrite = "destinations.write";
    public const string NodesRead = "nodes.read";
    public const string NodesWrite = "nodes.write";
    public const string MonitoringRead = "monitoring.read";
}
