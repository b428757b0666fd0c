using System.Data.Common;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Mirror;

/// <summary>
/// What of this catalog belongs to appliances that joined it. What an appliance tells is believed of its own rows only: it can neither touch a row that is not
/// its own nor refer to one.
/// </summary>
public sealed class MirrorWriter
{
    /// <summary>Rows whose change is told to listeners one by one; of more they hear that the table changed.</summary>
    private const int SinglyMax = 200;

    /// <summary>Tables that are never mirrored and whose rows requests name.</summary>
    private static readonly string[] OwnTables = ["credentials", "mailing_lists", "node_configs", "nodes"];

    private readonly CatalogSession _session;

    internal MirrorWriter(CatalogSession session)
    {
        _session = session;
    }

    /// <summary>Those of these rows that belong to appliances, and to which. Of what this session sees.</summary>
    public async Task<IReadOnlyDictionary<Guid, Guid>> OwnersAsync(IReadOnlyCollection<Guid> guids, CancellationToken cancellationToken)
    {
        if (!_session.Source.HasOthers || guids.Count == 0)
        {
            return new Dictionary<Guid, Guid>();
        }

        // An appliance may call its rows as it likes. What is called so here, or by two of them, is none's.
        SqlText any = SqlText.Join(" UNION ALL ", MirrorTables.All.Select(table => SqlText.Of(
            $"SELECT guid, appliance_guid FROM {SqlText.Raw(table.Name)} WHERE guid IN {guids}")).Concat(OwnTables.Select(table => SqlText.Of(
            $"SELECT guid, NULL FROM {SqlText.Raw(table)} WHERE guid IN {guids}"))));
        List<(Guid Guid, Guid? Appliance)> rows = await _session.QueryAsync(
            any, row => (Guid.ParseExact(row.GetString(0), "D"), row.IsDBNull(1) ? (Guid?)null : Guid.ParseExact(row.GetString(1), "D")), cancellationToken);
        return rows.GroupBy(row => row.Guid).Where(same => same.Select(row => row.Appliance).Distinct().Count() == 1 && same.First().Appliance is not null)
            .ToDictionary(same => same.Key, same => same.First().Appliance!.Value);
    }

    /// <summary>How many rows of a table belong to an appliance. The table's name stands in our code.</summary>
    public async Task<long> CountAsync(string table, Guid appliance, CancellationToken cancellationToken) =>
        await _session.NumberAsync($"SELECT COUNT(*) FROM {SqlText.Raw(table)} WHERE appliance_guid = {appliance}", cancellationToken) ?? 0;

    /// <summary>How many rows an appliance has here, those that only join among them, and the bytes of their text. Of millions that takes seconds.</summary>
    public Task<(long Rows, long Bytes)> SizeAsync(Guid appliance, CancellationToken cancellationToken) =>
        SizeAsync(MirrorTables.All, _ => SqlText.Of($"appliance_guid = {appliance}"), cancellationToken);

    /// <summary>The same of some rows; of those that are here.</summary>
    public Task<(long Rows, long Bytes)> SizeAsync(Guid appliance, IReadOnlyList<FeedRow> rows, CancellationToken cancellationToken)
    {
        ILookup<string, Guid> guids = rows.ToLookup(row => row.Table, row => GuidOf(row.Guid), StringComparer.Ordinal);
        return SizeAsync(MirrorTables.All.Where(table => guids.Contains(table.Name)), table => SqlText.Of($"guid IN {guids[table.Name]} AND appliance_guid = {appliance}"), cancellationToken);
    }

    private async Task<(long Rows, long Bytes)> SizeAsync(IEnumerable<MirrorTable> tables, Func<MirrorTable, SqlText> which, CancellationToken cancellationToken)
    {
        (long rows, long bytes) = (0, 0);
        foreach (MirrorTable table in tables)
        {
            await AddAsync(table.Name, which(table));
            foreach (MirrorLink link in table.Links)
            {
                await AddAsync(link.Name, $"{SqlText.Raw(link.Owner)} IN (SELECT guid FROM {SqlText.Raw(table.Name)} WHERE {which(table)})");
            }
        }

        return (rows, bytes);

        async Task AddAsync(string table, SqlText which)
        {
            string texts = string.Join(" + ", (await ColumnsAsync(table, isText: true, cancellationToken)).Select(column => $"COALESCE(OCTET_LENGTH({column}), 0)"));
            (long count, long length) = (await _session.QueryAsync(
                $"SELECT COUNT(*), COALESCE(SUM({SqlText.Raw(texts)}), 0) FROM {SqlText.Raw(table)} WHERE {which}",
                row => (Convert.ToInt64(row.GetValue(0), null), Convert.ToInt64(row.GetValue(1), null)), cancellationToken))[0];
            rows += count;
            bytes += length;
        }
    }

    /// <summary>Removes all rows of an appliance.</summary>
    public async Task ClearAsync(Guid appliance, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = _session.Writer;
        foreach (MirrorTable table in MirrorTables.All.Reverse())
        {
            if (await writer.ExecuteAsync($"DELETE FROM {SqlText.Raw(table.Name)} WHERE appliance_guid = {appliance}", cancellationToken) > 0)
            {
                writer.Changed(table.Name, Guid.Empty, CatalogChangeKind.Reset);
            }
        }
    }

    /// <summary>Makes an appliance's rows as it tells. A session for this must see others' rows.</summary>
    /// <returns>How many rows were left out: their guid is another's, or what they need is not there.</returns>
    /// <exception cref="VProtectException"><see cref="ErrorCode.InvalidArgument"/>: the rows are not understood; <see cref="ErrorCode.CatalogInUse"/> and others of the database.</exception>
    public async Task<int> ApplyAsync(Guid appliance, IReadOnlyList<FeedRow> rows, CancellationToken cancellationToken)
    {
        int skipped = 0;
        ILookup<string, FeedRow> present = rows.Where(row => row.Columns is not null).ToLookup(row => row.Table, StringComparer.Ordinal);
        ILookup<string, FeedRow> gone = rows.Where(row => row.Columns is null).ToLookup(row => row.Table, StringComparer.Ordinal);
        if (rows.FirstOrDefault(row => MirrorTables.All.All(table => table.Name != row.Table)) is { } strange)
        {
            throw NotUnderstood($"There is no table '{strange.Table}'.");
        }

        foreach (MirrorTable table in MirrorTables.All.Where(table => present.Contains(table.Name)))
        {
            List<FeedRow> own = [.. present[table.Name]];
            int written = await WriteAsync(appliance, table, own, cancellationToken);
            await RequireReadableAsync(table, own, cancellationToken);

            // A second time those that refer to others of the same table, which are there only now.
            string[] inward = [.. MirrorTables.References.Where(reference => reference.Value == table.Name).Select(reference => reference.Key)];
            List<FeedRow> again = [.. own.Where(row => inward.Any(column => row.Columns!.TryGetValue(column, out JsonElement value) && value.ValueKind == JsonValueKind.String))];
            if (again.Count > 0)
            {
                await WriteAsync(appliance, table, again, cancellationToken);
            }

            skipped += own.Count - written;
            Tell(table, own, CatalogChangeKind.Updated);
        }

        foreach (MirrorTable table in MirrorTables.All.Reverse().Where(table => gone.Contains(table.Name)))
        {
            List<FeedRow> own = [.. gone[table.Name]];
            await _session.Writer.ExecuteAsync(
                $"DELETE FROM {SqlText.Raw(table.Name)} WHERE guid IN {own.Select(row => GuidOf(row.Guid))} AND appliance_guid = {appliance}", cancellationToken);
            Tell(table, own, CatalogChangeKind.Deleted);
        }

        return skipped;
    }

    private async Task<int> WriteAsync(Guid appliance, MirrorTable table, List<FeedRow> rows, CancellationToken cancellationToken)
    {
        string[] known = await ColumnsAsync(table.Name, cancellationToken);
        Dictionary<string, HashSet<string>> there = await TargetsAsync(appliance, rows.Select(row => row.Columns!), cancellationToken);
        int written = 0;
        foreach (FeedRow row in rows)
        {
            Dictionary<string, object?> values = ValuesOf(row.Columns!, known, there);
            Guid guid = GuidOf(row.Guid);
            values["guid"] = guid.ToString("D");
            values["appliance_guid"] = appliance.ToString("D");
            if (known.Contains(MirrorTables.NodeColumn))
            {
                values[MirrorTables.NodeColumn] = appliance.ToString("D");
            }

            if (table.HasUniqueName)
            {
                // It is searched and sorted by its name, and is in nobody's way.
                values["name_key"] = $"{values.GetValueOrDefault("name_key")}\u001f{guid:D}";
            }

            if (table.Needs.All(column => values.GetValueOrDefault(column) is not null) && await WriteRowAsync(table, values, appliance, cancellationToken))
            {
                written++;
                await WriteLinksAsync(appliance, table, guid, row.Links, cancellationToken);
            }
        }

        return written;
    }

    /// <summary>A row that nobody can read would be in the way of all others of its list.</summary>
    private async Task RequireReadableAsync(MirrorTable table, List<FeedRow> rows, CancellationToken cancellationToken)
    {
        try
        {
            await table.Reading(_session)([.. rows.Select(row => GuidOf(row.Guid))], cancellationToken);
        }
        catch (Exception failure) when (failure is FormatException or JsonException or ArgumentException or InvalidCastException or OverflowException or InvalidOperationException)
        {
            throw NotUnderstood($"A row of {table.Name} cannot be read: {failure.Message}");
        }
    }

    private async Task<bool> WriteRowAsync(MirrorTable table, Dictionary<string, object?> values, Guid appliance, CancellationToken cancellationToken)
    {
        SqlText name = SqlText.Raw(table.Name);
        string columns = string.Join(", ", values.Keys);
        string changes = string.Join(", ", values.Keys.Where(column => column is not ("guid" or "appliance_guid")).Select(column => $"{column} = excluded.{column}"));
        return await _session.Writer.ExecuteAsync(
            $"""
            INSERT INTO {name} ({SqlText.Raw(columns)}) VALUES {values.Values}
            ON CONFLICT (guid) DO UPDATE SET {SqlText.Raw(changes)} WHERE {name}.appliance_guid = {appliance}
            """,
            cancellationToken) > 0;
    }

    private async Task WriteLinksAsync(
        Guid appliance, MirrorTable table, Guid owner, IReadOnlyDictionary<string, IReadOnlyList<IReadOnlyDictionary<string, JsonElement>>>? links, CancellationToken cancellationToken)
    {
        foreach (MirrorLink link in table.Links)
        {
            SqlText name = SqlText.Raw(link.Name);
            await _session.Writer.ExecuteAsync($"DELETE FROM {name} WHERE {SqlText.Raw(link.Owner)} = {owner}", cancellationToken);
            if (links?.GetValueOrDefault(link.Name) is not { Count: > 0 } rows)
            {
                continue;
            }

            string[] known = await ColumnsAsync(link.Name, cancellationToken);
            Dictionary<string, HashSet<string>> there = await TargetsAsync(appliance, rows, cancellationToken);
            foreach (IReadOnlyDictionary<string, JsonElement> row in rows)
            {
                Dictionary<string, object?> values = ValuesOf(row, known, there);
                values[link.Owner] = owner.ToString("D");
                if (values.All(value => value.Value is not null))
                {
                    await _session.Writer.ExecuteAsync(
                        $"INSERT INTO {name} ({SqlText.Raw(string.Join(", ", values.Keys))}) VALUES {values.Values} ON CONFLICT DO NOTHING", cancellationToken);
                }
            }
        }
    }

    /// <summary>Those rows that these may refer to, by table.</summary>
    private async Task<Dictionary<string, HashSet<string>>> TargetsAsync(
        Guid appliance, IEnumerable<IReadOnlyDictionary<string, JsonElement>> rows, CancellationToken cancellationToken)
    {
        Dictionary<string, HashSet<string>> wanted = new(StringComparer.Ordinal);
        foreach ((string column, JsonElement value) in rows.SelectMany(row => row))
        {
            if (value.ValueKind == JsonValueKind.String && MirrorTables.References.TryGetValue(column, out string? target))
            {
                (wanted.TryGetValue(target, out HashSet<string>? some) ? some : wanted[target] = new HashSet<string>(StringComparer.Ordinal)).Add(value.GetString()!);
            }
        }

        foreach ((string target, HashSet<string> guids) in wanted)
        {
            wanted[target] = [.. await _session.QueryAsync(
                $"SELECT guid FROM {SqlText.Raw(target)} WHERE guid IN {guids} AND appliance_guid = {appliance}", row => row.GetString(0), cancellationToken)];
        }

        return wanted;
    }

    private static Dictionary<string, object?> ValuesOf(IReadOnlyDictionary<string, JsonElement> row, string[] known, Dictionary<string, HashSet<string>> there)
    {
        Dictionary<string, object?> values = new(StringComparer.Ordinal);
        foreach ((string column, JsonElement value) in row)
        {
            // A newer appliance has columns that are not known here.
            if (!known.Contains(column) || MirrorTables.Kept.Contains(column))
            {
                continue;
            }

            if (MirrorTables.Json.Contains(column) && value.ValueKind == JsonValueKind.String && !IsJson(value.GetString()!))
            {
                throw NotUnderstood($"{column} is no JSON.");
            }

            object? told = value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String when MirrorTables.Bytes.Contains(column) => Array.Empty<byte>(),
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number when value.TryGetInt64(out long number) => MirrorNumbers.Kept(column, number),
                _ => throw NotUnderstood($"{column} is neither text nor a whole number."),
            };
            values[column] = told is string guid && MirrorTables.References.TryGetValue(column, out string? target) && !there[target].Contains(guid) ? null : told;
        }

        return values;
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Names of the columns that a table has here.</summary>
    private Task<string[]> ColumnsAsync(string table, CancellationToken cancellationToken) => ColumnsAsync(table, isText: false, cancellationToken);

    private async Task<string[]> ColumnsAsync(string table, bool isText, CancellationToken cancellationToken)
    {
        await using DbCommand command = _session.CommandOf(SqlText.Raw($"SELECT * FROM {table} WHERE 1 = 0"));
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        return [.. Enumerable.Range(0, reader.FieldCount).Where(i => !isText || reader.GetFieldType(i) == typeof(string)).Select(reader.GetName)];
    }

    private void Tell(MirrorTable table, List<FeedRow> rows, CatalogChangeKind kind)
    {
        if (rows.Count > SinglyMax)
        {
            _session.Writer.Changed(table.Name, Guid.Empty, CatalogChangeKind.Reset);
            return;
        }

        foreach (FeedRow row in rows)
        {
            _session.Writer.Changed(table.Name, GuidOf(row.Guid), kind);
        }
    }

    private static Guid GuidOf(string text) => Guid.TryParseExact(text, "D", out Guid guid) ? guid : throw NotUnderstood("A guid is none.");

    private static VProtectException NotUnderstood(string what) =>
        new(ErrorCode.InvalidArgument, ErrorSide.Request, $"The rows of the appliance are not understood: {what}", "Use the same version on both appliances.", RetryAdvice.Later);
}
