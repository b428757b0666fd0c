using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Nodes;

/// <summary>The processes that move bytes.</summary>
internal static class NodesApi
{
    private const int TasksMax = 64;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder nodes = api.MapGroup("/nodes").WithTags("nodes");
        nodes.MapGet("", ListAsync).Describe("Lists nodes.", Permission.NodesRead, 400);
        nodes.MapGet("/{guid:guid}", GetAsync).Describe("Gets a node.", Permission.NodesRead, 404);
        nodes.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a node's name, limit of tasks or settings.", Permission.NodesWrite, 400, 404, 409, 412);
    }

    private static async Task<Ok<List<NodeView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Node> page = await session.Nodes.ListAsync(list.ToQuery(), cancellationToken);
        NameLookup configs = await NameLookup.OfAsync(session.NodeConfigs, page.Rows.Select(node => node.NodeConfigGuid), cancellationToken);
        return ListParameters.Answer(context, page, node => NodeView.Of(node, configs));
    }

    private static async Task<Ok<NodeView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await AnswerAsync(session, guid, context, cancellationToken);
    }

    private static async Task<Ok<NodeView>> UpdateAsync(
        Guid guid, NodeRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if (request.MaxTasks is < 1 or > TasksMax)
        {
            throw new InvalidFieldException("maxTasks", "It is out of range.", $"Send a number from 1 to {TasksMax}.");
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Node before = await transaction.Nodes.GetAsync(guid, cancellationToken);
        NodeConfig? config = await Reference.FindAsync(transaction.NodeConfigs, request.NodeConfig, "nodeConfig", cancellationToken);
        Node node = before with
        {
            Version = RowVersion.Expected(context) ?? before.Version,
            Name = TextField.Name("name", before.Name, request.Name),
            MaxTasks = request.MaxTasks ?? before.MaxTasks,
            NodeConfigGuid = config?.Guid ?? before.NodeConfigGuid,
        };
        await transaction.Nodes.UpdateAsync(node, cancellationToken);
        Ok<NodeView> answer = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "nodes.update", "nodes", guid, node.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }

    private static async Task<Ok<NodeView>> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Node node = await session.Nodes.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, node.Version);
        return TypedResults.Ok(NodeView.Of(node, await NameLookup.OfAsync(session.NodeConfigs, [node.NodeConfigGuid], cancellationToken)));
    }
}
