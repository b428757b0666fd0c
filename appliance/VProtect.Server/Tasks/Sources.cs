using VProtect.Catalog;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Tasks;

/// <summary>Platform connections: managers, and hosts without one.</summary>
internal static class Sources
{
    /// <summary>All of them.</summary>
    public static async Task<List<Guid>> AllAsync(CatalogSession session, CancellationToken cancellationToken) =>
    [
        .. (await session.HypervisorManagers.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows.Select(manager => manager.Guid),
        .. (await session.Hypervisors.AloneAsync(cancellationToken)).Select(host => host.Guid),
    ];
}
