using VProtect.Abstractions;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>Answers to be given again when a client repeats a request with the same key.</summary>
public sealed class IdempotencyTable
{
    private static readonly TableMap<IdempotencyRecord> Rows = new("idempotency");
    private readonly CatalogSession _session;

    internal IdempotencyTable(CatalogSession session)
    {
        _session = session;
    }

    /// <summary>
    /// Takes a key, in the transaction that does the work. Null: it is the caller's, do the work and <see cref="CompleteAsync"/>.
    /// Else it was used before: give that answer. With PostgreSQL this waits for another who is at it.
    /// </summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.IdempotencyMismatch"/>: it was used for another request.</exception>
    public async Task<IdempotencyRecord?> TakeAsync(string key, string actor, byte[] requestHash, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = _session.Writer;
        int added = await writer.ExecuteAsync(
            $"""
            INSERT INTO idempotency (key, actor, request_hash, created_at) VALUES ({key}, {actor}, {requestHash}, {writer.Time.GetUtcNow()})
            ON CONFLICT (key, actor) DO NOTHING
            """,
            cancellationToken);
        if (added == 1)
        {
            return null;
        }

        List<IdempotencyRecord> found = await _session.QueryAsync(
            $"SELECT {Rows.Select} FROM idempotency WHERE key = {key} AND actor = {actor}", Rows.Read, cancellationToken);
        return found[0].RequestHash.AsSpan().SequenceEqual(requestHash)
            ? found[0]
            : throw new VProtectException(
                ErrorCode.IdempotencyMismatch,
                ErrorSide.Request,
                "The idempotency key was used before for another request.",
                "Use a new key for every new request.");
    }

    /// <summary>Stores the answer.</summary>
    public Task CompleteAsync(string key, string actor, int status, string response, CancellationToken cancellationToken) => _session.Writer.ExecuteAsync(
        $"UPDATE idempotency SET status = {status}, response = {response} WHERE key = {key} AND actor = {actor}", cancellationToken);

    /// <summary>Forgets keys that are older; returns how many.</summary>
    public Task<int> RemoveOlderAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        _session.Writer.ExecuteAsync($"DELETE FROM idempotency WHERE created_at < {before}", cancellationToken);
}
