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
}
