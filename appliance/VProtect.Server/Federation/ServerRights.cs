using VProtect.Abstractions.Nodes.Wire;
using VProtect.Server.Access;

namespace VProtect.Server.Federation;

/// <summary>
/// What an appliance lets the server do that it joined, at most, and of that each user there what that user may. Never users, roles, tokens, settings,
/// credentials, nodes, or the audit log: whoever takes the server has not taken those.
/// </summary>
internal static class ServerRights
{
    private static readonly string[] All =
    [
        Permission.InventoryRead, Permission.InventoryMachines, Permission.InventoryPlatforms, Permission.PoliciesRead, Permission.PoliciesWrite, Permission.TasksRead,
        Permission.TasksWrite, Permission.BackupsRead, Permission.BackupsWrite, Permission.BackupsFiles, Permission.DestinationsRead, Permission.DestinationsWrite,
    ];

    /// <summary>Whether an endpoint that asks for a permission may concern a joined appliance.</summary>
    public static bool Concern(string permission) => All.Any(right => Permissions.Includes(right, permission));

    /// <summary>What a user of the server may do here.</summary>
    public static IReadOnlyList<Grant> Of(IEnumerable<ForwardedGrant> grants) =>
    [
        .. grants.SelectMany(grant => All
            .Where(right => Permissions.Includes(grant.Permission, right) || Permissions.Includes(right, grant.Permission))
            .Select(right => new Grant(Permissions.Includes(grant.Permission, right) ? right : grant.Permission, grant.Kind, grant.Object))),
    ];
}
