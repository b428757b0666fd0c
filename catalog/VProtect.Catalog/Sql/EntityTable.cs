namespace VProtect.Catalog.Sql;

/// <summary>A table of rows with an identity: how they are found and listed.</summary>
/// <typeparam name="TRow">The row.</typeparam>
public abstract class EntityTable<TRow>
    where TRow : class, IEntity
{
    private protected EntityTable(CatalogSession session, TableMap<TRow> map, ListShape shape)
    {
        Session = session;
        Map = map;
        Shape = shape;
    }

    internal CatalogSession Session { get; }

    internal TableMap<TRow> Map { get; }

    internal ListShape Shape { get; }

    /// <summary>The row with this identity, or null.</summary>
    public async Task<TRow?> FindAsync(Guid guid, CancellationToken cancellationToken) =>
        (await WhereAsync($"guid = {guid}", cancellationToken)).FirstOrDefault();

    /// <summary>The row with this identity.</summary>
    /// <exception cref="Abstractions.VProtectException"><see cref="Abstractions.ErrorCode.CatalogNotFound"/>.</exception>
    public async Task<TRow> GetAsync(Guid guid, CancellationToken cancellationToken) =>
        await FindAsync(guid, cancellationToken) ?? throw CatalogErrors.NotFound(Map.Name, guid);

    /// <summary>Those of these rows that exist, in no order.</summary>
    public async Task<IReadOnlyList<TRow>> FindManyAsync(IReadOnlyCollection<Guid> guids, CancellationToken cancellationToken) =>
        await WhereAsync($"guid IN {guids}", cancellationToken);

    /// <summary>Names of rows, for the references of a page: those that exist.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> NamesAsync(IReadOnlyCollection<Guid> guids, CancellationToken cancellationToken)
    {
        SqlText name = SqlText.Raw(Shape.NameColumn ?? throw new NotSupportedException($"Rows of {Map.Name} have no name."));
        List<(Guid Guid, string Name)> rows = await Session.QueryAsync(
            $"SELECT guid, {name} FROM {Map.Table} WHERE guid IN {guids.Distinct().ToList()}",
            row => (Guid.ParseExact(row.GetString(0), "D"), row.GetString(1)),
            cancellationToken);
        return rows.ToDictionary(row => row.Guid, row => row.Name);
    }

    internal Task<List<TRow>> WhereAsync(SqlText conditionAndOrder, CancellationToken cancellationToken) =>
        Session.QueryAsync($"SELECT {Map.Select} FROM {Map.Table} WHERE {conditionAndOrder}", Map.Read, cancellationToken);

    internal Task<ListPage<TRow>> PageAsync(SqlFilter filter, ListQuery query, CancellationToken cancellationToken) =>
        new ListSelect<TRow>(Session, Map, Shape, filter, query).RunAsync(cancellationToken);
}
