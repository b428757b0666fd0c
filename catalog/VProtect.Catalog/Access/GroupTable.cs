using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>Users who share roles.</summary>
public sealed class GroupTable : EditableTable<Group>
{
    private static readonly TableMap<Group> Rows = new("groups");
    private static readonly ListShape Listed = ListShape.ByName();

    internal GroupTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<Group>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);

    /// <summary>Users of a group.</summary>
    public async Task<IReadOnlyList<Guid>> MembersAsync(Guid group, CancellationToken cancellationToken) =>
        await new LinkTable(Session, "group_members", "group_guid", "user_guid").GetAsync<Guid>(group, cancellationToken);

    /// <summary>Sets the users of a group.</summary>
    public Task SetMembersAsync(Guid group, IReadOnlyCollection<Guid> users, CancellationToken cancellationToken) =>
        new LinkTable(Session, "group_members", "group_guid", "user_guid").SetAsync(group, users, cancellationToken);
}
