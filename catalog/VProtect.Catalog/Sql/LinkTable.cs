using VProtect.Catalog.Views;

namespace VProtect.Catalog.Sql;

/// <summary>A table that joins one thing to many: its rows are replaced as a whole.</summary>
/// <param name="session">Session.</param>
/// <param name="table">Name of the table.</param>
/// <param name="owner">Column of the one.</param>
/// <param name="value">Column of the many.</param>
internal sealed class LinkTable(CatalogSession session, string table, string owner, string value)
{
    private readonly SqlText _table = SqlText.Raw(table);
    private readonly SqlText _owner = SqlText.Raw(owner);
    private readonly SqlText _value = SqlText.Raw(value);

    public Task<List<T>> GetAsync<T>(Guid of, CancellationToken cancellationToken) => session.QueryAsync(
        $"SELECT {_value} FROM {_table} WHERE {_owner} = {of} ORDER BY {_value}",
        row => ColumnCodec<T>.Instance.Read(row, 0),
        cancellationToken);

    /// <summary>For many owners at once: one query for a page.</summary>
    public async Task<ILookup<Guid, T>> GetManyAsync<T>(IReadOnlyCollection<Guid> of, CancellationToken cancellationToken)
    {
        List<(Guid Owner, T Value)> rows = await session.QueryAsync(
            $"SELECT {_owner}, {_value} FROM {_table} WHERE {_owner} IN {of} ORDER BY {_owner}, {_value}",
            row => (Guid.ParseExact(row.GetString(0), "D"), ColumnCodec<T>.Instance.Read(row, 1)),
            cancellationToken);
        return rows.ToLookup(row => row.Owner, row => row.Value);
    }

    /// <summary>Replaces the many of one. Through a view, what they refer to must be in it.</summary>
    public async Task SetAsync<T>(Guid of, IReadOnlyCollection<T> values, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = session.Writer;
        if (session.View is not null)
        {
            foreach (string target in ViewSql.TargetsOf(value))
            {
                foreach (Guid one in values.Cast<Guid>())
                {
                    if (!await session.SeesAsync(target, one, cancellationToken))
                    {
                        throw CatalogErrors.NotFound(target, one);
                    }
                }
            }
        }

        await writer.ExecuteAsync($"DELETE FROM {_table} WHERE {_owner} = {of}", cancellationToken);
        foreach (T one in values.Distinct())
        {
            await writer.ExecuteAsync($"INSERT INTO {_table} ({_owner}, {_value}) VALUES ({of}, {one})", cancellationToken);
        }
    }
}
