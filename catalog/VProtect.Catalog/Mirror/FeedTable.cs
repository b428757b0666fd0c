using System.Data.Common;
using System.Text.Json;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Mirror;

/// <summary>
/// What the server that this appliance joined has not been told yet. Triggers note which rows changed; what they are is read when they are told.
/// <code>
/// row changes ─► feed_changes (relation, guid, change + 1)     NextAsync ─► batch ─► server ─► AcknowledgeAsync: notes that are still the same go
/// </code>
/// One caller at a time tells.
/// </summary>
public sealed class FeedTable
{
    /// <summary>About how many characters a batch has at most.</summary>
    private const int CharsMax = 4 << 20;

    private readonly CatalogSession _session;

    internal FeedTable(CatalogSession session)
    {
        _session = session;
    }

    /// <summary>The feed and the number of its batch that was acknowledged last; null when there is none.</summary>
    public async Task<(string Feed, long Batch)?> FindAsync(CancellationToken cancellationToken) =>
        (await _session.QueryAsync($"SELECT feed, batch FROM feeds", row => ((string, long)?)(row.GetString(0), row.GetInt64(1)), cancellationToken)).FirstOrDefault();

    /// <summary>How many rows have not been told.</summary>
    public async Task<long> PendingAsync(CancellationToken cancellationToken) =>
        await _session.NumberAsync($"SELECT COUNT(*) FROM feed_changes", cancellationToken) ?? 0;

    /// <summary>Begins a feed in place of the one there was: everything is to be told.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await EndAsync(cancellationToken);
        CatalogTransaction writer = _session.Writer;
        await writer.ExecuteAsync($"INSERT INTO feeds (feed, batch) VALUES ({Guid.CreateVersion7()}, 0)", cancellationToken);
        foreach (MirrorTable table in MirrorTables.All)
        {
            await writer.ExecuteAsync(SqlText.Raw($"INSERT INTO feed_changes (relation, guid, change) SELECT '{table.Name}', guid, 1 FROM {table.Name}"), cancellationToken);
        }
    }

    /// <summary>Ends it: nothing is noted any more.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        CatalogTransaction writer = _session.Writer;
        await writer.ExecuteAsync($"DELETE FROM feeds", cancellationToken);
        await writer.ExecuteAsync($"DELETE FROM feed_changes", cancellationToken);
    }

    /// <inheritdoc cref="NextAsync(int, bool, CancellationToken)"/>
    public Task<(FeedBatch Batch, IReadOnlyList<long> Changes)?> NextAsync(int rowsMax, CancellationToken cancellationToken) => NextAsync(rowsMax, onlyGone: false, cancellationToken);

    /// <summary>The next batch: rows that are there, each behind what it refers to; and when all of those were told, rows that went, the other way round.</summary>
    /// <param name="rowsMax">How many rows at most.</param>
    /// <param name="onlyGone">Whether only rows that went are wanted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The batch, and for each of its rows which change it tells; null when there is no feed.</returns>
    public async Task<(FeedBatch Batch, IReadOnlyList<long> Changes)?> NextAsync(int rowsMax, bool onlyGone, CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken) is not { } feed)
        {
            return null;
        }

        List<FeedRow> rows = [];
        List<long> changes = [];
        int chars = 0;
        foreach (MirrorTable table in MirrorTables.All.TakeWhile(_ => !onlyGone && rows.Count < rowsMax && chars < CharsMax))
        {
            int begin = rows.Count;
            await _session.QueryAsync(
                $"""
                SELECT f.guid, f.change, t.* FROM feed_changes f JOIN {SqlText.Raw(table.Name)} t ON t.guid = f.guid
                WHERE f.relation = {table.Name} ORDER BY f.guid LIMIT {rowsMax - begin}
                """,
                row =>
                {
                    if (chars < CharsMax)
                    {
                        rows.Add(new FeedRow(table.Name, row.GetString(0), ColumnsOf(row, 2, ref chars), Links: null));
                        changes.Add(row.GetInt64(1));
                    }

                    return 0;
                },
                cancellationToken);
            await AddLinksAsync(table, rows, begin, cancellationToken);
        }

        foreach (MirrorTable table in MirrorTables.All.Reverse().TakeWhile(_ => rows.Count < rowsMax && chars < CharsMax))
        {
            await _session.QueryAsync(
                $"""
                SELECT f.guid, f.change FROM feed_changes f
                WHERE f.relation = {table.Name} AND NOT EXISTS (SELECT 1 FROM {SqlText.Raw(table.Name)} t WHERE t.guid = f.guid) ORDER BY f.guid LIMIT {rowsMax - rows.Count}
                """,
                row =>
                {
                    rows.Add(new FeedRow(table.Name, row.GetString(0), Columns: null, Links: null));
                    changes.Add(row.GetInt64(1));
                    return 0;
                },
                cancellationToken);
        }

        return (new FeedBatch(feed.Feed, feed.Batch + 1, rows), changes);
    }

    /// <summary>The server has taken a batch: what has not changed again since is told.</summary>
    public async Task AcknowledgeAsync(FeedBatch batch, IReadOnlyList<long> changes, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = _session.Writer;
        if (await writer.ExecuteAsync($"UPDATE feeds SET batch = {batch.Number} WHERE feed = {batch.Feed}", cancellationToken) == 0)
        {
            return;
        }

        for (int i = 0; i < batch.Rows.Count; i++)
        {
            await writer.ExecuteAsync(
                $"DELETE FROM feed_changes WHERE relation = {batch.Rows[i].Table} AND guid = {batch.Rows[i].Guid} AND change = {changes[i]}", cancellationToken);
        }
    }

    private async Task AddLinksAsync(MirrorTable table, List<FeedRow> rows, int begin, CancellationToken cancellationToken)
    {
        if (table.Links.Length == 0 || begin == rows.Count)
        {
            return;
        }

        string[] guids = [.. rows.Skip(begin).Select(row => row.Guid)];
        Dictionary<string, ILookup<string, IReadOnlyDictionary<string, JsonElement>>> all = [];
        foreach (MirrorLink link in table.Links)
        {
            int chars = 0;
            SqlText owner = SqlText.Raw(link.Owner);
            all[link.Name] = (await _session.QueryAsync(
                $"SELECT {owner}, t.* FROM {SqlText.Raw(link.Name)} t WHERE {owner} IN {guids}",
                row => (Owner: row.GetString(0), Columns: (IReadOnlyDictionary<string, JsonElement>)ColumnsOf(row, 1, ref chars)), cancellationToken)).ToLookup(row => row.Owner, row => row.Columns);
        }

        for (int i = begin; i < rows.Count; i++)
        {
            string guid = rows[i].Guid;
            rows[i] = rows[i] with { Links = all.ToDictionary(link => link.Key, link => (IReadOnlyList<IReadOnlyDictionary<string, JsonElement>>)[.. link.Value[guid]]) };
        }
    }

    private static Dictionary<string, JsonElement> ColumnsOf(DbDataReader row, int from, ref int chars)
    {
        Dictionary<string, JsonElement> columns = new(StringComparer.Ordinal);
        for (int i = from; i < row.FieldCount; i++)
        {
            string name = row.GetName(i);
            if (MirrorTables.Kept.Contains(name))
            {
                continue;
            }

            object? value = row.IsDBNull(i) ? null : row.GetValue(i);
            columns[name] = value switch
            {
                null => JsonSerializer.SerializeToElement((string?)null, NodeWireJson.Default.String),
                string text => JsonSerializer.SerializeToElement(text, NodeWireJson.Default.String),
                byte[] => JsonSerializer.SerializeToElement("", NodeWireJson.Default.String), // That there is a secret is told, and no more.
                _ => JsonSerializer.SerializeToElement(Convert.ToInt64(value, null), NodeWireJson.Default.Int64),
            };
            chars += name.Length + ((value as string)?.Length ?? 8);
        }

        return columns;
    }
}
