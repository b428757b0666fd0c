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

    /// <summary>Some of what a credential opens.</summary>
    public Task<IReadOnlyList<CatalogUse>> UsesAsync(Guid credential, CancellationToken cancellationToken) => Session.UsesAsync(
        new Dictionary<string, SqlText>
        {
            ["hypervisor_managers"] = $"SELECT guid, name FROM hypervisor_managers WHERE credential_guid = {credential}",
            ["hypervisors"] = $"SELECT guid, name FROM hypervisors WHERE credential_guid = {credential}",
            ["machines"] = $"SELECT guid, name FROM machines WHERE ssh_credential_guid = {credential}",
            ["destinations"] = $"SELECT guid, name FROM destinations WHERE credential_guid = {credential}",
            ["mounts"] = $"SELECT guid, COALESCE(address, 'a mount') AS name FROM mounts WHERE settings LIKE {"%" + credential.ToString("D") + "%"}",
        },
        cancellationToken);
}
