using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>Roles given to users and groups.</summary>
public sealed class RoleAssignmentTable : EditableTable<RoleAssignment>
{
    private static readonly TableMap<RoleAssignment> Rows = new("role_assignments");
    private static readonly ListShape Listed = ListShape.By("guid");

    internal RoleAssignmentTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="role">The role; null any.</param>
    /// <param name="user">The user; null any.</param>
    /// <param name="group">The group; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<RoleAssignment>> ListAsync(Guid? role, Guid? user, Guid? group, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("role_guid", role)
            .Equal("user_guid", user)
            .Equal("group_guid", group);
        return PageAsync(filter, query, cancellationToken);
    }
}
