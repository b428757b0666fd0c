using System.Collections.Frozen;
using VProtect.Catalog.Views;

namespace VProtect.Server.Access;

/// <summary>What a grant is limited to, by the names that the catalog stores.</summary>
internal static class GrantScope
{
    public const string Machine = "machine";
    public const string Hypervisor = "hypervisor";
    public const string Manager = "hypervisor-manager";
    public const string Policy = "policy";
    public const string Destination = "destination";

    /// <summary>Kind → the catalog's table of such objects.</summary>
    public static readonly FrozenDictionary<string, string> Tables = new Dictionary<string, string>
    {
        [Machine] = "machines",
        [Hypervisor] = "hypervisors",
        [Manager] = "hypervisor_managers",
        [Policy] = "policies",
        [Destination] = "destinations",
    }.ToFrozenDictionary(StringComparer.Ordinal);
}

/// <summary>A permission that somebody has.</summary>
/// <param name="Permission">Its name.</param>
/// <param name="Kind">Kind of the object that it is limited to; null for everything.</param>
/// <param name="Object">That object; empty for everything.</param>
internal sealed record Grant(string Permission, string? Kind, Guid Object)
{
    /// <summary>The part of the catalog in which these grants give a permission; null when they do not give it at all.</summary>
    /// <param name="grants">Limited ones.</param>
    /// <param name="permission">The permission that is asked for.</param>
    public static CatalogView? ViewOf(IEnumerable<Grant> grants, string permission)
    {
        if (Permissions.Find(permission) is not { CanBeLimited: true })
        {
            return null;
        }

        ILookup<string?, Guid> objects = grants.Where(grant => grant.Kind is not null && Permissions.Includes(grant.Permission, permission))
            .ToLookup(grant => grant.Kind, grant => grant.Object);
        bool isRead = permission.EndsWith(".read", StringComparison.Ordinal);
        return objects.Count == 0
            ? null
            : new CatalogView
            {
                Machines = [.. objects[GrantScope.Machine]],
                Hypervisors = [.. objects[GrantScope.Hypervisor]],
                HypervisorManagers = [.. objects[GrantScope.Manager]],
                Policies = [.. objects[GrantScope.Policy]],
                Destinations = [.. objects[GrantScope.Destination]],

                // To see a machine is to see where it runs, what backs it up and where its backups are; to change those is another matter.
                ShowsPlatforms = permission is not (Access.Permission.InventoryPlatforms or Access.Permission.TasksInventory),
                ShowsDestinations = permission is not (Access.Permission.DestinationsRead or Access.Permission.DestinationsWrite or Access.Permission.TasksUpkeep),
                ShowsPolicies = isRead && permission != Access.Permission.PoliciesRead,
            };
    }
}
