using VProtect.Abstractions;

namespace VProtect.Catalog.Sql;

/// <summary>
/// One page of a list.
/// <code>
/// 1 how many?      ready counts when the conditions are about their columns, else COUNT over an index
/// 2 which way?     few match: by the condition, then sort      many match: along the order, dropping what does not match
/// 3 which rows?    identities only, from an index; from the far end when that is nearer; or behind a cursor
/// 4 the rows       by identity
/// </code>
/// </summary>
internal sealed class ListSelect<TRow>(CatalogSession session, TableMap<TRow> map, ListShape shape, SqlFilter filter, ListQuery query)
    where TRow : class, IEntity
{
    /// <summary>Matches that are fetched and sorted rather than met along the order: 5000 index entries are a few milliseconds.</summary>
    private const int FewMax = 5000;

    private readonly SortColumn _sort = shape.SortOf(query.OrderBy);
    private readonly SortDirection _direction = query.Direction ?? (query.OrderBy is null ? shape.Direction : SortDirection.Asc);

    public async Task<ListPage<TRow>> RunAsync(CancellationToken cancellationToken)
    {
        if (query.Page < 0 || query.Size is < 1 or > ListQuery.SizeMax)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument,
                ErrorSide.Request,
                $"There is no page {query.Page} of size {query.Size}.",
                $"page begins at 0, size is 1 to {ListQuery.SizeMax}.");
        }

        long total = await TotalAsync(cancellationToken); // 1
        long offset = query.After is null ? (long)query.Page * query.Size : 0;
        if (offset >= total)
        {
            return new ListPage<TRow>([], total, null);
        }

        List<TRow> rows = await session.QueryAsync(Select(total, offset), map.Read, cancellationToken); // 2 3 4

        // With a cursor nobody knows how many are behind: a full page may be followed by an empty one.
        bool more = query.After is null ? offset + rows.Count < total : rows.Count == query.Size;
        return new ListPage<TRow>(rows, total, more && rows.Count > 0 ? CursorOf(rows[^1]).ToString() : null);
    }

    /// <summary>The statement of step 2 to 4.</summary>
    internal SqlText Select(long total, long offset)
    {
        bool few = total <= FewMax;
        bool ordered = _sort == shape.Sorts[0] && filter.HasEquality; // an index has both
        string Spell(string column, bool isEquality) =>
            few || (ordered && isEquality) || column == _sort.Column ? Full(column) : session.Dialect.WithoutIndex(Full(column));

        SqlText? behind = query.After is { } after
            ? ListCursor.Parse(after, _sort).Condition(SqlText.Raw(Full(_sort.Column)), SqlText.Raw(Full("guid")), _direction, _sort.Nullable)
            : null;
        long size = behind is null ? Math.Min(query.Size, total - offset) : query.Size;
        bool fromEnd = behind is null && offset > total / 2;
        if (fromEnd)
        {
            offset = total - offset - size;
        }

        string along = few && !filter.IsEmpty && !ordered ? session.Dialect.WithoutIndex(Full(_sort.Column)) : Full(_sort.Column);
        return $"SELECT {map.Select} FROM (SELECT {SqlText.Raw(Full("guid"))} AS page_guid FROM {map.Table}{filter.ToWhere(Spell, behind, few ? session.Dialect.Rare : null)} ORDER BY {Order(along, fromEnd)} LIMIT {size} OFFSET {offset}) AS page JOIN {map.Table} ON {SqlText.Raw(Full("guid"))} = page.page_guid ORDER BY {Order(Full(_sort.Column), reversed: false)}";
    }

    /// <summary>The statement of step 1.</summary>
    internal SqlText Count()
    {
        if (shape.Counts?.FirstOrDefault(counts => filter.IsOnlyAbout(counts.Columns)) is { } counts)
        {
            return $"SELECT COALESCE(SUM(n), 0) FROM {SqlText.Raw(counts.Name)}{filter.ToWhere((column, _) => column)}";
        }

        return $"SELECT COUNT(*) FROM {map.Table}{filter.ToWhere((column, _) => Full(column))}";
    }

    private async Task<long> TotalAsync(CancellationToken cancellationToken) => await session.NumberAsync(Count(), cancellationToken) ?? 0;

    private string Full(string column) => $"{map.Name}.{column}";

    private SqlText Order(string column, bool reversed)
    {
        SortDirection direction = reversed ? (_direction == SortDirection.Asc ? SortDirection.Desc : SortDirection.Asc) : _direction;
        string word = direction == SortDirection.Asc ? "ASC" : "DESC";
        string nulls = _sort.Nullable ? session.Dialect.NullsOf(direction) : "";
        return SqlText.Raw($"{column} {word}{nulls}, {Full("guid")} {word}");
    }

    private ListCursor CursorOf(TRow row)
    {
        object? value = map.Columns.First(column => column.Name == _sort.Column).Write(row);
        return new ListCursor(_sort.Column, value as long?, value as string, row.Guid);
    }
}
