using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Destinations;

/// <summary>Destinations, with the nodes that may reach them.</summary>
public sealed class DestinationTable : EditableTable<Destination>
{
    private static readonly TableMap<Destination> Rows = new("destinations");
    private static readonly ListShape Listed = ListShape.ByName();

    internal DestinationTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<Destination>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);

    /// <summary>Some of the rules that send backups to a destination.</summary>
    public Task<IReadOnlyList<CatalogUse>> UsesAsync(Guid destination, CancellationToken cancellationToken) => Session.UsesAsync(
        new Dictionary<string, SqlText>
        {
            ["rules"] = $"""
                SELECT rules.guid, policies.name || ' / ' || rules.name FROM rule_destinations
                JOIN rules ON rules.guid = rule_destinations.rule_guid JOIN policies ON policies.guid = rules.policy_guid
                WHERE rule_destinations.destination_guid = {destination}
                """,
        },
        cancellationToken);

    /// <summary>The one that on-demand backups go to, or null.</summary>
    public async Task<Destination?> FindDefaultAsync(CancellationToken cancellationToken) =>
        (await WhereAsync($"is_default = 1 ORDER BY guid LIMIT 1", cancellationToken)).FirstOrDefault();

    /// <summary>Notes what was found at a destination. Not a new version.</summary>
    public Task RecordStateAsync(
        Guid destination, ConnectionState state, string? info, long usedBytes, long availableBytes, long logicalBytes, CancellationToken cancellationToken) =>
        ChangeOneAsync(
            destination,
            $"""
            UPDATE destinations SET state = {state}, state_info = {info}, checked_at = {Session.Time.GetUtcNow()},
              used_bytes = {usedBytes}, available_bytes = {availableBytes}, logical_bytes = {logicalBytes}
            WHERE guid = {destination}
            """,
            CatalogChangeKind.Updated,
            cancellationToken);

    /// <summary>Notes what a backup has added, until somebody looks again. Not a new version, and not a look.</summary>
    public Task AddUseAsync(Guid destination, long storedBytes, long logicalBytes, CancellationToken cancellationToken) => ChangeOneAsync(
        destination,
        $"""
        UPDATE destinations SET used_bytes = used_bytes + {storedBytes}, logical_bytes = logical_bytes + {logicalBytes},
          available_bytes = CASE WHEN available_bytes > {storedBytes} THEN available_bytes - {storedBytes} ELSE 0 END
        WHERE guid = {destination}
        """,
        CatalogChangeKind.Updated,
        cancellationToken);

    /// <summary>Nodes that may reach a destination, by their shared settings; none for all.</summary>
    public async Task<IReadOnlyList<Guid>> NodeConfigsAsync(Guid destination, CancellationToken cancellationToken) =>
        await new LinkTable(Session, "destination_node_configs", "destination_guid", "node_config_guid").GetAsync<Guid>(destination, cancellationToken);

    /// <summary>Sets the nodes that may reach a destination.</summary>
    public Task SetNodeConfigsAsync(Guid destination, IReadOnlyCollection<Guid> nodeConfigs, CancellationToken cancellationToken) =>
        new LinkTable(Session, "destination_node_configs", "destination_guid", "node_config_guid").SetAsync(destination, nodeConfigs, cancellationToken);
}
