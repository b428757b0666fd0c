using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>Bearer tokens; only hashes are kept.</summary>
public sealed class ApiTokenTable : EditableTable<ApiToken>
{
    private static readonly TableMap<ApiToken> Rows = new("api_tokens");
    private static readonly ListShape Listed = ListShape.ByName();

    internal ApiTokenTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="user">Their user; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<ApiToken>> ListAsync(Guid? user, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("user_guid", user)
            .Contains("name_key", query.Filter);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>The token with this hash if it may be used now; or null.</summary>
    public async Task<ApiToken?> FindUsableAsync(byte[] tokenHash, CancellationToken cancellationToken) => (await WhereAsync(
        $"token_hash = {tokenHash} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {Session.Time.GetUtcNow()})", cancellationToken)).FirstOrDefault();

    /// <summary>Notes that a token was used. Not a new version.</summary>
    public Task RecordUseAsync(Guid token, CancellationToken cancellationToken) => ChangeOneAsync(
        token,
        $"UPDATE api_tokens SET last_used_at = {Session.Time.GetUtcNow()} WHERE guid = {token}",
        CatalogChangeKind.Updated,
        cancellationToken);
}
