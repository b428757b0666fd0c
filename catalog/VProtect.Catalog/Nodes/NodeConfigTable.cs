using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Nodes;

/// <summary>Settings that several nodes share.</summary>
public sealed class NodeConfigTable : EditableTable<NodeConfig>
{
    private static readonly TableMap<NodeConfig> Rows = new("node_configs");
    private static readonly ListShape Listed = ListShape.ByName();

    internal NodeConfigTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<NodeConfig>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);

    /// <summary>The settings that new nodes get; null for none.</summary>
    public async Task<NodeConfig?> DefaultAsync(CancellationToken cancellationToken) => (await WhereAsync($"is_default = 1 ORDER BY guid LIMIT 1", cancellationToken)).FirstOrDefault();

    /// <summary>Some of what has these settings or is left to the nodes that have them.</summary>
    public Task<IReadOnlyList<CatalogUse>> UsesAsync(Guid nodeConfig, CancellationToken cancellationToken) => Session.UsesAsync(
        new Dictionary<string, SqlText>
        {
            ["nodes"] = $"SELECT guid, name FROM nodes WHERE node_config_guid = {nodeConfig}",
            ["hypervisor_managers"] = $"SELECT guid, name FROM hypervisor_managers WHERE node_config_guid = {nodeConfig}",
            ["hypervisors"] = $"SELECT guid, name FROM hypervisors WHERE node_config_guid = {nodeConfig}",
            ["destinations"] = $"""
                SELECT guid, name FROM destinations WHERE guid IN (
                  SELECT destination_guid FROM destination_node_configs WHERE node_config_guid = {nodeConfig})
                """,
        },
        cancellationToken);
}
