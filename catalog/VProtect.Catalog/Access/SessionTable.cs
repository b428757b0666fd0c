using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>Logins; only hashes are kept.</summary>
public sealed class SessionTable : EditableTable<UserSession>
{
    private static readonly TableMap<UserSession> Rows = new("sessions");
    private static readonly ListShape Listed = ListShape.By("expires_at");

    internal SessionTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="user">Their user; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<UserSession>> ListAsync(Guid? user, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("user_guid", user);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>A page of those that have not ended.</summary>
    /// <param name="user">Their user; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<UserSession>> ListUsableAsync(Guid? user, ListQuery query, CancellationToken cancellationToken) => PageAsync(
        new SqlFilter().Equal("user_guid", user).Where("expires_at", $" > {Session.Time.GetUtcNow()}"), query, cancellationToken);

    /// <summary>The login with this hash if it has not ended; or null.</summary>
    public async Task<UserSession?> FindUsableAsync(byte[] tokenHash, CancellationToken cancellationToken) => (await WhereAsync(
        $"token_hash = {tokenHash} AND expires_at > {Session.Time.GetUtcNow()}", cancellationToken)).FirstOrDefault();

    /// <summary>Notes that a login was used, and until when it now lasts. Not a new version.</summary>
    public Task RecordUseAsync(Guid session, DateTimeOffset expiresAt, CancellationToken cancellationToken) => ChangeOneAsync(
        session,
        $"UPDATE sessions SET last_used_at = {Session.Time.GetUtcNow()}, expires_at = {expiresAt} WHERE guid = {session}",
        CatalogChangeKind.Updated,
        cancellationToken);

    /// <summary>Removes logins that have ended; returns how many.</summary>
    public Task<int> RemoveEndedAsync(CancellationToken cancellationToken) =>
        Session.Writer.ExecuteAsync($"DELETE FROM sessions WHERE expires_at <= {Session.Time.GetUtcNow()}", cancellationToken);
}
