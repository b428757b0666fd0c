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

    /// <summary>A page of those that work here: appliances that joined have certificates as nodes do, and do no work for others.</summary>
    public Task<ListPage<Node>> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        PageAsync(new SqlFilter().Contains("name_key", query.Filter).Where("guid", $" NOT IN (SELECT guid FROM appliances)"), query, cancellationToken);

    /// <summary>All that call this server: nodes, and appliances that joined.</summary>
    public async Task<IReadOnlyList<Node>> CallersAsync(CancellationToken cancellationToken) => await WhereAsync($"1 = 1 ORDER BY name_key, guid", cancellationToken);

    /// <summary>The node that has this certificate, or was given it to go on with; null when none may use it.</summary>
    public async Task<Node?> FindByCertificateAsync(string thumbprint, CancellationToken cancellationToken) => (await WhereAsync(
        $"certificate_thumbprint = {thumbprint} OR next_certificate_thumbprint = {thumbprint}", cancellationToken)).FirstOrDefault();

    /// <summary>The node that may join with this token now; null when none may.</summary>
    public async Task<Node?> FindByTokenAsync(byte[] tokenHash, CancellationToken cancellationToken) => (await WhereAsync(
        $"token_hash = {tokenHash} AND token_expires_at > {Session.Time.GetUtcNow()}", cancellationToken)).FirstOrDefault();

    /// <summary>Notes where a node is heard from, and that the certificate it was given to go on with is the one that counts now. Not a new version.</summary>
    public Task RecordUseAsync(Guid node, string thumbprint, string? address, CancellationToken cancellationToken) => ChangeOneAsync(
        node,
        $"""
        UPDATE nodes SET address = {address}, certificate_thumbprint = {thumbprint},
          next_certificate_thumbprint = CASE WHEN next_certificate_thumbprint = {thumbprint} THEN NULL ELSE next_certificate_thumbprint END
        WHERE guid = {node}
        """,
        CatalogChangeKind.Updated,
        cancellationToken);

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
