using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Access;

/// <summary>Roles that come with the program. They are made, and brought up to date, at every start; a role of a user's own that has such a name stays as it is.</summary>
internal static class BuiltInRoles
{
    private static readonly string[] Seeing =
    [
        Permission.InventoryRead, Permission.PoliciesRead, Permission.TasksRead, Permission.BackupsRead, Permission.DestinationsRead, Permission.NodesRead,
        Permission.MonitoringRead,
    ];

    private static readonly (string Name, string Description, string[] Permissions)[] All =
    [
        (FirstAdministrator.AdminRole, "May do everything.", [Permission.Everything]),
        ("OPERATOR", "Runs backups and restores, and keeps machines and policies.",
            [.. Seeing, Permission.InventoryMachines, Permission.PoliciesWrite, Permission.TasksWrite, Permission.BackupsEdit, Permission.BackupsHold]),
        ("RESTORER", "Restores and mounts backups, and takes files out of them.",
            [.. Seeing, Permission.TasksRestore, Permission.TasksMount, Permission.BackupsFiles]),
        ("VIEWER", "Sees all but users, settings and guests' files.", Seeing),
        ("AUDITOR", "Sees users, settings and the audit log.", [Permission.UsersRead, Permission.TokensRead, Permission.SettingsRead, Permission.AuditRead]),
    ];

    public static async Task EnsureAsync(CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        foreach ((string name, string description, string[] permissions) in All)
        {
            Role? role = (await transaction.Roles.ListAsync(new ListQuery { Filter = name, Size = 100 }, cancellationToken))
                .Rows.FirstOrDefault(row => string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase));
            if (role is { BuiltIn: false })
            {
                continue;
            }

            if (role is null)
            {
                role = new Role { Name = name, Description = description, BuiltIn = true };
                await transaction.Roles.InsertAsync(role, cancellationToken);
            }

            await transaction.Roles.SetPermissionsAsync(role.Guid, permissions, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
