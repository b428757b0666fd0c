using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Nodes;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Nodes;

/// <summary>Settings that several nodes share; platforms and destinations may be left to the nodes that have certain ones.</summary>
internal static class NodeConfigsApi
{
    private const string Kind = "node-configurations";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder configs = api.MapGroup("/node-configurations").WithTags("nodes");
        configs.MapGet("", ListAsync).Describe("Lists settings of nodes.", Permission.NodesRead, 400);
        configs.MapGet("/{guid:guid}", GetAsync).Describe("Gets settings of nodes.", Permission.NodesRead, 404);
        configs.MapPost("", CreateAsync).Describe("Makes settings of nodes.", Permission.NodesWrite, 400, 409);
        configs.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes settings of nodes.", Permission.NodesWrite, 400, 404, 409, 412);
        configs.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes settings that nothing has.", Permission.NodesWrite, 404, 409, 412);
    }

    private static async Task<Ok<List<NodeConfigView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return ListParameters.Answer(context, await session.NodeConfigs.ListAsync(list.ToQuery(), cancellationToken), NodeConfigView.Of);
    }

    private static async Task<Ok<NodeConfigView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        NodeConfig config = await session.NodeConfigs.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, config.Version);
        return TypedResults.Ok(NodeConfigView.Of(config));
    }

    private static async Task<Created<NodeConfigView>> CreateAsync(
        NodeConfigRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        NodeConfig config = Applied(new NodeConfig { Name = "" }, request);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.NodeConfigs.InsertAsync(config, cancellationToken);
        await KeepOneDefaultAsync(transaction, config, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "node-configurations.create", Kind, config.Guid, config.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, config.Version);
        return TypedResults.Created($"/api/node-configurations/{config.Guid}", NodeConfigView.Of(config));
    }

    private static async Task<Ok<NodeConfigView>> UpdateAsync(
        Guid guid, NodeConfigRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        NodeConfig before = await transaction.NodeConfigs.GetAsync(guid, cancellationToken);
        NodeConfig config = Applied(before with { Version = RowVersion.Expected(context) ?? before.Version }, request);
        long version = await transaction.NodeConfigs.UpdateAsync(config, cancellationToken);
        await KeepOneDefaultAsync(transaction, config, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "node-configurations.update", Kind, guid, config.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(NodeConfigView.Of(config));
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        NodeConfig config = await transaction.NodeConfigs.GetAsync(guid, cancellationToken);
        Reference.RequireUnused($"'{config.Name}'", await transaction.NodeConfigs.UsesAsync(guid, cancellationToken));
        await transaction.NodeConfigs.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "node-configurations.delete", Kind, guid, config.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task KeepOneDefaultAsync(CatalogTransaction transaction, NodeConfig config, CancellationToken cancellationToken)
    {
        if (config.IsDefault)
        {
            ListPage<NodeConfig> all = await transaction.NodeConfigs.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
            foreach (NodeConfig other in all.Rows.Where(other => other.IsDefault && other.Guid != config.Guid))
            {
                await transaction.NodeConfigs.UpdateAsync(other with { IsDefault = false }, cancellationToken);
            }
        }
    }

    private static NodeConfig Applied(NodeConfig before, NodeConfigRequest request)
    {
        var problems = new FieldProblems();
        NodeConfigSettings.Parse(request.Settings ?? new Dictionary<string, JsonElement>(), problems);
        problems.ThrowIfAny();

        return before with
        {
            Name = TextField.Name("name", before.Name, request.Name),
            Description = TextField.Applied("description", before.Description, request.Description),
            Settings = request.Settings is null ? before.Settings : JsonSerializer.Serialize(request.Settings),
            IsDefault = request.DefaultConfiguration ?? before.IsDefault,
        };
    }
}
