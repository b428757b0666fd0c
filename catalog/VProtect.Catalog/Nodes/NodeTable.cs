using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Nodes;

/// <summary>Nodes, and the generations that void the leases of dead ones.</summary>
public sealed class NodeTable : EditableTable<Node>
{
    private static readonly TableMap<Node> Rows = new("nodes");
    private static readonly ListShape Listed = ListShape.ByName();

    internal NodeTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of all.</summary>
    public Task<ListPage<Node>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter), query, cancellationToken);

    /// <summary>
    /// Notes that a node was heard of. Not a new version: a heartbeat must not make a user's change fail. False when the node is unknown or
    /// no longer of this generation: it must start anew.
    /// </summary>
    public async Task<bool> HeartbeatAsync(
        Guid node, long generation, string programVersion, long stagingTotalBytes, long stagingUsedBytes, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        int changed = await writer.ExecuteAsync(
            $"""
            UPDATE nodes SET last_seen_at = {writer.Time.GetUtcNow()}, program_version = {programVersion},
              staging_total_bytes = {stagingTotalBytes}, staging_used_bytes = {stagingUsedBytes}
            WHERE guid = {node} AND generation = {generation}
            """,
            cancellationToken);
        if (changed == 1)
        {
            writer.Changed(Rows.Name, node, CatalogChangeKind.Updated);
        }

        return changed == 1;
    }

    /// <summary>
    /// Begins a node's next life and sets its state: it has started, or it was declared dead. All leases that it held are void from now on;
    /// <c>TaskTable.VoidLeasesAsync</c> tells which tasks that leaves.
    /// </summary>
    /// <returns>The new generation.</returns>
    public async Task<long> NextGenerationAsync(Guid node, NodeState state, CancellationToken cancellationToken)
    {
        await ChangeOneAsync(
            node,
            $"UPDATE nodes SET generation = generation + 1, state = {state}, version = version + 1 WHERE guid = {node}",
            CatalogChangeKind.Updated,
            cancellationToken);
        return (await GetAsync(node, cancellationToken)).Generation;
    }
}
