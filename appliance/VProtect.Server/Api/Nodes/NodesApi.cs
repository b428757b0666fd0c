using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Nodes;
using VProtect.Server.Tasks;

namespace VProtect.Server.Api.Nodes;

/// <summary>The processes that move bytes.</summary>
internal static class NodesApi
{
    private const string Kind = "nodes";
    private const int TasksMax = 64;
    private const int TasksDefault = 4;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder nodes = api.MapGroup("/nodes").WithTags("nodes");
        nodes.MapGet("", ListAsync).Describe("Lists nodes; appliances that joined are none: GET /api/appliances.", Permission.NodesRead, 400);
        nodes.MapGet("/{guid:guid}", GetAsync).Describe("Gets a node.", Permission.NodesRead, 404);
        nodes.MapPost("", AddAsync).Describe("Adds a node of another machine, which joins with the token that only this answer tells.", Permission.NodesWrite, 400, 409);
        nodes.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a node's name, limit of tasks or settings.", Permission.NodesWrite, 400, 404, 409, 412);
        nodes.MapPost("/{guid:guid}/token", TokenAsync).Describe("Makes a token with which the node joins again, from the same machine or another.", Permission.NodesWrite, 404, 409);
        nodes.MapPost("/{guid:guid}/fail", FailAsync).Describe("Says that a node that is offline does not come back to what it works on: that begins again elsewhere or fails, at once.", Permission.NodesWrite, 404, 409);
        nodes.MapDelete("/{guid:guid}", DeleteAsync).Describe("Removes a node: it may call no more, and what it works on begins again elsewhere or fails.", Permission.NodesWrite, 404, 409, 412);
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
        int? tasksMax = TasksOf(request.MaxTasks);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Node before = await transaction.Nodes.GetAsync(guid, cancellationToken);
        NodeConfig? config = await Reference.FindAsync(transaction.NodeConfigs, request.NodeConfig, "nodeConfig", cancellationToken);
        Node node = before with
        {
            Version = RowVersion.Expected(context) ?? before.Version,
            Name = TextField.Name("name", before.Name, request.Name),
            MaxTasks = tasksMax ?? before.MaxTasks,
            NodeConfigGuid = config?.Guid ?? before.NodeConfigGuid,
        };
        await transaction.Nodes.UpdateAsync(node, cancellationToken);
        Ok<NodeView> answer = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "nodes.update", Kind, guid, node.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }

    private static async Task<Created<NodeJoinView>> AddAsync(
        NodeRequest request, HttpContext context, CatalogDatabase catalog, NodeAuthority authority, NodeEnrolment enrolment, NodePort port, TimeProvider time,
        CancellationToken cancellationToken)
    {
        int tasksMax = TasksOf(request.MaxTasks) ?? TasksDefault;
        string name = TextField.Name("name", before: null, request.Name);
        int at = await OpenPortAsync(catalog, authority, port, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        NodeConfig? config = await Reference.FindAsync(transaction.NodeConfigs, request.NodeConfig, "nodeConfig", cancellationToken)
            ?? await transaction.NodeConfigs.DefaultAsync(cancellationToken);
        (Node node, JoinToken token) = enrolment.NewToken(
            new Node { Name = name, State = NodeState.Pending, EnrolledAt = time.GetUtcNow(), MaxTasks = tasksMax, NodeConfigGuid = config?.Guid });
        await transaction.Nodes.InsertAsync(node, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "nodes.add", Kind, node.Guid, name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, node.Version);
        return TypedResults.Created($"/api/nodes/{node.Guid}", NodeJoinView.Of(node, token, context, at));
    }

    private static async Task<Ok<NodeJoinView>> TokenAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, NodeAuthority authority, NodeEnrolment enrolment, NodePort port, LocalNode local, CancellationToken cancellationToken)
    {
        RefuseLocal(guid, local);
        int at = await OpenPortAsync(catalog, authority, port, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        (Node node, JoinToken token) = enrolment.NewToken(await transaction.Nodes.GetAsync(guid, cancellationToken));
        await transaction.Nodes.UpdateAsync(node, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "nodes.token", Kind, guid, node.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(NodeJoinView.Of(node, token, context, at));
    }

    private static async Task<NoContent> DeleteAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, LostOrders lost, LocalNode local, CancellationToken cancellationToken)
    {
        RefuseLocal(guid, local);
        IReadOnlyList<CatalogTask> tasks;
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            Node node = await transaction.Nodes.GetAsync(guid, cancellationToken);
            long? expected = RowVersion.Expected(context);
            if (expected is { } version && version != node.Version)
            {
                // As the deletion below would say, before the tasks are taken from it.
                await transaction.Nodes.DeleteAsync(guid, version, cancellationToken);
            }

            if (await transaction.Appliances.FindAsync(guid, cancellationToken) is not null)
            {
                throw new VProtectException(
                    ErrorCode.TaskUnfit, ErrorSide.Request, "This is an appliance that joined, with a catalog of its own.", $"Remove it as one: vprotect appliance remove {node.Name}.");
            }

            tasks = await lost.GiveUpAsync(transaction, guid, cancellationToken);
            await transaction.Nodes.DeleteAsync(guid, version: null, cancellationToken);
            await AuditTrail.AppendAsync(transaction, context, "nodes.delete", Kind, guid, node.Name, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        lost.CleanUp(tasks);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> FailAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, LostOrders lost, CancellationToken cancellationToken)
    {
        IReadOnlyList<CatalogTask> tasks;
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            Node node = await transaction.Nodes.GetAsync(guid, cancellationToken);
            if (node.State != NodeState.Offline)
            {
                throw new VProtectException(
                    ErrorCode.TaskUnfit, ErrorSide.Request, $"The node {node.Name} is not offline: what it works on goes on.",
                    "Cancel its tasks (vprotect task cancel), remove the node, or wait until it counts as offline (setting nodeTimeout).");
            }

            tasks = await lost.GiveUpAsync(transaction, guid, cancellationToken);
            await AuditTrail.AppendAsync(transaction, context, "nodes.fail", Kind, guid, node.Name, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        lost.CleanUp(tasks);
        return TypedResults.NoContent();
    }

    /// <summary>There is an authority and its port is open, or nothing is promised.</summary>
    public static async Task<int> OpenPortAsync(CatalogDatabase catalog, NodeAuthority authority, NodePort port, CancellationToken cancellationToken)
    {
        if (!authority.IsMade)
        {
            await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
            await authority.EnsureAsync(transaction, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return await port.OpenAsync(cancellationToken);
    }

    private static void RefuseLocal(Guid guid, LocalNode local)
    {
        if (guid == local.Guid)
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, "This is the node in the server's own process: it joins nothing and cannot be removed.",
                "Start the server with --role server to run it without.");
        }
    }

    private static int? TasksOf(int? value) => value is < 1 or > TasksMax
        ? throw new InvalidFieldException("maxTasks", "It is out of range.", $"Send a number from 1 to {TasksMax}.")
        : value;

    private static async Task<Ok<NodeView>> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Node node = await session.Nodes.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, node.Version);
        return TypedResults.Ok(NodeView.Of(node, await NameLookup.OfAsync(session.NodeConfigs, [node.NodeConfigGuid], cancellationToken)));
    }
}
