using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Audit;

/// <summary>The audit log: append only, each entry bound to the one before by its hash.</summary>
public sealed class AuditTable
{
    /// <summary>Entries that are checked at a time.</summary>
    private const int BatchEntries = 1000;

    private static readonly TableMap<AuditEntry> Rows = new("audit");
    private readonly CatalogSession _session;

    internal AuditTable(CatalogSession session)
    {
        _session = session;
    }

    /// <summary>
    /// Appends an entry; number and hashes are set here. Appending holds a lock until the transaction ends: append last.
    /// </summary>
    /// <returns>The entry as it was stored.</returns>
    public async Task<AuditEntry> AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = _session.Writer;
        await writer.ExclusiveAsync(CatalogLock.Audit, cancellationToken);
        AuditEntry? last = await NewestAsync(cancellationToken);
        AuditEntry next = entry with { Seq = (last?.Seq ?? 0) + 1, PrevHash = last?.Hash ?? new byte[SHA256.HashSizeInBytes] };
        next = next with { Hash = HashOf(next) };
        await writer.ExecuteAsync($"INSERT INTO audit ({Rows.ColumnNames}) VALUES ({Rows.Values(next)})", cancellationToken);
        writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
        return next;
    }

    /// <summary>The newest entry; null when there is none.</summary>
    public async Task<AuditEntry?> NewestAsync(CancellationToken cancellationToken) => (await _session.QueryAsync(
        $"SELECT {Rows.Select} FROM audit ORDER BY seq DESC LIMIT 1", Rows.Read, cancellationToken)).FirstOrDefault();

    /// <summary>The entry with this number; null when it is not there.</summary>
    public async Task<AuditEntry?> FindAsync(long seq, CancellationToken cancellationToken) => (await _session.QueryAsync(
        $"SELECT {Rows.Select} FROM audit WHERE seq = {seq}", Rows.Read, cancellationToken)).FirstOrDefault();

    /// <summary>Entries, newest first, for the page behind <paramref name="before"/>.</summary>
    /// <param name="actor">Only of this actor; null any.</param>
    /// <param name="action">Only this action; null any.</param>
    /// <param name="target">Only about this object; null any.</param>
    /// <param name="before">Only entries with a smaller number; null from the newest on.</param>
    /// <param name="size">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<AuditEntry>> ListAsync(
        string? actor, string? action, Guid? target, long? before, int size, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter().Equal("actor", actor).Equal("action", action).Equal("object_guid", target);
        if (before is { } bound)
        {
            filter.Where("seq", $" < {bound}");
        }

        return await _session.QueryAsync(
            $"SELECT {Rows.Select} FROM audit{filter.ToWhere((column, _) => column)} ORDER BY seq DESC LIMIT {size}", Rows.Read, cancellationToken);
    }

    /// <summary>
    /// Reads the whole chain. Null when it is whole; else the number of the first entry that was changed, or whose neighbour was removed.
    /// Removal of the newest entries shows only against a copy of the last hash kept elsewhere.
    /// </summary>
    public async Task<long?> VerifyAsync(CancellationToken cancellationToken)
    {
        long seq = 0;
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        while (true)
        {
            List<AuditEntry> batch = await _session.QueryAsync(
                $"SELECT {Rows.Select} FROM audit WHERE seq > {seq} ORDER BY seq LIMIT {BatchEntries}", Rows.Read, cancellationToken);
            foreach (AuditEntry entry in batch)
            {
                if (entry.Seq != seq + 1 || !entry.PrevHash.AsSpan().SequenceEqual(hash) || !entry.Hash.AsSpan().SequenceEqual(HashOf(entry)))
                {
                    return seq + 1;
                }

                (seq, hash) = (entry.Seq, entry.Hash);
            }

            if (batch.Count < BatchEntries)
            {
                return null;
            }
        }
    }

    /// <summary>SHA-256 over all that is stored but the hash itself; the layout is in SCHEMA.md.</summary>
    internal static byte[] HashOf(AuditEntry entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[8];
        foreach (Column<AuditEntry> column in Rows.Columns)
        {
            if (column.Name == "hash")
            {
                continue;
            }

            byte[]? bytes = column.Write(entry) switch
            {
                null => null,
                byte[] raw => raw,
                string text => Encoding.UTF8.GetBytes(text),
                object value => Number((long)value),
            };
            BinaryPrimitives.WriteInt64LittleEndian(number, bytes?.Length ?? -1);
            hash.AppendData(number);
            hash.AppendData(bytes ?? []);
        }

        return hash.GetHashAndReset();
    }

    private static byte[] Number(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }
}
