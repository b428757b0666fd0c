using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>Sets of permissions.</summary>
public sealed class RoleTable : EditableTable<Role>
{
    private static readonly TableMap<Role> Rows = new("roles");
    private static readonly ListShape Listed = ListShape.ByName();

    internal RoleTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<Role>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);

    /// <summary>Permissions of a role.</summary>
    public async Task<IReadOnlyList<string>> PermissionsAsync(Guid role, CancellationToken cancellationToken) =>
        await new LinkTable(Session, "role_permissions", "role_guid", "permission").GetAsync<string>(role, cancellationToken);

    /// <summary>Sets the permissions of a role.</summary>
    public Task SetPermissionsAsync(Guid role, IReadOnlyCollection<string> permissions, CancellationToken cancellationToken) =>
        new LinkTable(Session, "role_permissions", "role_guid", "permission").SetAsync(role, permissions, cancellationToken);
}
