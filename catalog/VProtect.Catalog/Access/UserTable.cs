using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>Who may log in.</summary>
public sealed class UserTable : EditableTable<User>
{
    private static readonly TableMap<User> Rows = new("users");
    private static readonly ListShape Listed = new("login", [new SortColumn("login", "login_key", Text: true)]);

    internal UserTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<User>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("login_key", query.Filter), query, cancellationToken);

    /// <summary>The user who types this login, without regard to case; or null.</summary>
    public async Task<User?> FindByLoginAsync(string login, CancellationToken cancellationToken) =>
        (await WhereAsync($"login_key = {login.ToLowerInvariant()}", cancellationToken)).FirstOrDefault();

    /// <summary>The user whom an outside source knows by this identity, without regard to case; or null.</summary>
    public async Task<User?> FindByExternalIdAsync(UserSource source, string externalId, CancellationToken cancellationToken) => (await WhereAsync(
        $"source = {source} AND LOWER(external_id) = LOWER({externalId}) ORDER BY guid", cancellationToken)).FirstOrDefault();

    /// <summary>Permissions of a user, from his own roles and those of his groups, with what they are limited to.</summary>
    public async Task<IReadOnlyList<GrantedPermission>> PermissionsAsync(Guid user, CancellationToken cancellationToken) => await Session.QueryAsync(
        $"""
        SELECT DISTINCT role_permissions.permission, role_assignments.scope_kind, role_assignments.scope_value
        FROM role_assignments JOIN role_permissions ON role_permissions.role_guid = role_assignments.role_guid
        WHERE role_assignments.user_guid = {user}
          OR role_assignments.group_guid IN (SELECT group_guid FROM group_members WHERE user_guid = {user})
        ORDER BY 1, 2, 3
        """,
        row => new GrantedPermission(
            row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2)),
        cancellationToken);
}
