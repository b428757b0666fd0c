using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Inventory;

/// <summary>Sealed secrets.</summary>
public sealed class CredentialTable : EditableTable<Credential>
{
    private static readonly TableMap<Credential> Rows = new("credentials");
    private static readonly ListShape Listed = ListShape.ByName();

    internal CredentialTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<Credential>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);
}
