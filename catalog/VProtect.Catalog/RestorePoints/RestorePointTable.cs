using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>Restore points as the catalog knows them. The repository decides which exist; this is what is fast to ask.</summary>
public sealed class RestorePointTable : EditableTable<RestorePoint>
{
    private static readonly TableMap<RestorePoint> Rows = new("restore_points");

    private static readonly ListShape Listed = new(
        null,
        [new SortColumn("created", "created_at"), new SortColumn("size", "size_bytes"), new SortColumn("stored", "stored_bytes")],
        SortDirection.Desc,
        [CountTable.RestorePoints, CountTable.RestorePointsOfMachines]);

    internal RestorePointTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of restore points, newest first unless said otherwise. <see cref="ListQuery.Filter"/> is about the machine's name.</summary>
    public Task<ListPage<RestorePoint>> ListAsync(RestorePointFilter filter, ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(ToSql(filter, query), query, cancellationToken);

    /// <summary>The one that a repository knows by this identity, or null.</summary>
    public async Task<RestorePoint?> FindInRepositoryAsync(Guid destination, string repositoryPointId, CancellationToken cancellationToken) =>
        (await WhereAsync($"repository_point_id = {repositoryPointId} AND destination_guid = {destination} ORDER BY guid LIMIT 1", cancellationToken))
        .FirstOrDefault();

    /// <summary>Removes the rows of a destination's restore points, which stay in its repository; returns how many.</summary>
    public async Task<int> ForgetDestinationAsync(Guid destination, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        int forgotten = await writer.ExecuteAsync($"DELETE FROM restore_points WHERE destination_guid = {destination}", cancellationToken);
        if (forgotten > 0)
        {
            writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
        }

        return forgotten;
    }

    /// <summary>The good ones of a machine, newest first: what retention looks at.</summary>
    /// <param name="machine">Machine.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<RestorePoint>> GoodOfMachineAsync(Guid machine, int limit = int.MaxValue, CancellationToken cancellationToken = default) =>
        await WhereAsync($"machine_guid = {machine} AND state = {RestorePointState.Success} ORDER BY created_at DESC, guid DESC LIMIT {limit}", cancellationToken);

    /// <summary>
    /// The good ones of some machines, newest first for each. A query for each machine, as its index gives them in order: asked for many at once, SQLite takes the
    /// index of the state, which is that of nearly all.
    /// </summary>
    /// <param name="machines">Machines.</param>
    /// <param name="limit">At most so many of each.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyDictionary<Guid, IReadOnlyList<RestorePoint>>> GoodOfMachinesAsync(
        IEnumerable<Guid> machines, int limit = int.MaxValue, CancellationToken cancellationToken = default)
    {
        var points = new Dictionary<Guid, IReadOnlyList<RestorePoint>>();
        foreach (Guid machine in machines)
        {
            points[machine] = await GoodOfMachineAsync(machine, limit, cancellationToken);
        }

        return points;
    }

    /// <summary>What the catalog believes to be in a destination: identity, identity in the repository, and whether it is held.</summary>
    public async Task<IReadOnlyList<(Guid Guid, string PointId, bool Held)>> StoredAsync(Guid destination, CancellationToken cancellationToken) =>
        await Session.QueryAsync(
            $"""
            SELECT guid, repository_point_id, held FROM restore_points
            WHERE destination_guid = {destination} AND state = {RestorePointState.Success} AND repository_point_id IS NOT NULL
            """,
            row => (Guid.ParseExact(row.GetString(0), "D"), row.GetString(1), Convert.ToInt64(row.GetValue(2), null) == 1),
            cancellationToken);

    /// <summary>Notes what a verification found. Not a new version.</summary>
    /// <param name="destination">Where.</param>
    /// <param name="madeBefore">When it began: later restore points were not looked at.</param>
    /// <param name="damaged">Those that need damaged bytes, by their identity in the repository.</param>
    /// <param name="isWhole">Whether it read everything, so that the others are good.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RecordVerifiedAsync(
        Guid destination, DateTimeOffset madeBefore, IReadOnlyCollection<string> damaged, bool isWhole, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        DateTimeOffset now = writer.Time.GetUtcNow();
        if (isWhole)
        {
            await writer.ExecuteAsync(
                $"""
                UPDATE restore_points SET verify_state = {VerifyState.Good}, verified_at = {now}
                WHERE destination_guid = {destination} AND state = {RestorePointState.Success} AND finished_at <= {madeBefore}
                """,
                cancellationToken);
        }

        foreach (string[] some in damaged.Chunk(1000))
        {
            await writer.ExecuteAsync(
                $"""
                UPDATE restore_points SET verify_state = {VerifyState.Damaged}, verified_at = {now}
                WHERE destination_guid = {destination} AND repository_point_id IN {some}
                """,
                cancellationToken);
        }

        writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
    }

    /// <summary>How many there are for each state; cheap at any number of restore points.</summary>
    public async Task<IReadOnlyDictionary<RestorePointState, long>> CountByStateAsync(Guid? machine, CancellationToken cancellationToken)
    {
        CountTable counts = machine is null ? CountTable.RestorePoints : CountTable.RestorePointsOfMachines;
        SqlText where = new SqlFilter().Equal("machine_guid", machine).ToWhere((column, _) => column);
        List<(RestorePointState State, long Count)> rows = await Session.QueryAsync(
            $"SELECT state, SUM(n) FROM {SqlText.Raw(counts.Name)}{where} GROUP BY state HAVING SUM(n) <> 0",
            row => (ApiName.Parse<RestorePointState>(row.GetString(0)), Convert.ToInt64(row.GetValue(1), null)),
            cancellationToken);
        return rows.ToDictionary(row => row.State, row => row.Count);
    }

    internal static SqlFilter ToSql(RestorePointFilter filter, ListQuery query)
    {
        SqlFilter sql = new SqlFilter()
            .Equal("machine_guid", filter.Machine)
            .Equal("destination_guid", filter.Destination)
            .Equal("policy_guid", filter.Policy)
            .Equal("type", filter.Type)
            .In("state", filter.States)
            .From("created_at", filter.From)
            .Before("created_at", filter.Before);
        return string.IsNullOrEmpty(query.Filter)
            ? sql
            : sql.Where("machine_guid", $" IN (SELECT guid FROM machines WHERE name_key LIKE {SqlFilter.Pattern(query.Filter)} ESCAPE '\\')");
    }
}
