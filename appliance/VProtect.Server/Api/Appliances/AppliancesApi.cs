using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Views;
using VProtect.Server.Access;
using VProtect.Server.Api.Nodes;
using VProtect.Server.Api.Shared;
using VProtect.Server.Federation;
using VProtect.Server.Nodes;

namespace VProtect.Server.Api.Appliances;

/// <summary>Appliances that joined this one, and this one at the server that it joined.</summary>
internal static class AppliancesApi
{
    private const string Kind = "appliances";
    private const string JoinCommand = "vprotect appliance join";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder appliances = api.MapGroup("/appliances").WithTags(Kind);
        appliances.MapGet("", ListAsync).Describe("Lists the appliances that joined this one.", Permission.NodesRead, 400);
        appliances.MapGet("/{guid:guid}", GetAsync).Describe("Gets an appliance that joined this one.", Permission.NodesRead, 404);
        appliances.MapPost("", AddAsync).Describe("Adds an appliance, which joins with the token that only this answer tells.", Permission.NodesWrite, 400, 409);
        appliances.MapPost("/{guid:guid}/token", TokenAsync).Describe("Makes a token with which the appliance joins again.", Permission.NodesWrite, 404, 409);
        appliances.MapDelete("/{guid:guid}", DeleteAsync)
            .Describe("Removes an appliance: what it told is forgotten here. What it has stays with it, and it goes on by itself.", Permission.NodesWrite, 404, 412);

        RouteGroupBuilder membership = api.MapGroup("/membership").WithTags(Kind);
        membership.MapGet("", MembershipAsync).Describe("Tells which server this appliance joined, and how it stands with it.", Permission.NodesRead);
        membership.MapPost("", JoinAsync).Describe("Joins a server: it shows what this appliance has, and users there may work with it.", Permission.NodesWrite, 400, 409);
        membership.MapPut("", MoveAsync).Describe("Follows the server to another address.", Permission.NodesWrite, 400, 409);
        membership.MapDelete("", LeaveAsync).Describe("Leaves the server. Nothing changes here.", Permission.NodesWrite, 400, 409);
    }

    private static async Task<Ok<List<ApplianceView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, JoinedAppliances joined, ApplianceQuota quota, CancellationToken cancellationToken)
    {
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<JoinedAppliance> page = await session.Appliances.ListAsync(list.ToQuery(), cancellationToken);
        Dictionary<Guid, ApplianceView> views = [];
        foreach (JoinedAppliance appliance in page.Rows)
        {
            views[appliance.Guid] = await ApplianceView.OfAsync(session, appliance, joined.IsHere(appliance.Guid), quota.ProblemOf(appliance.Guid), cancellationToken);
        }

        return ListParameters.Answer(context, page, appliance => views[appliance.Guid]);
    }

    private static async Task<Ok<ApplianceView>> GetAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, JoinedAppliances joined, ApplianceQuota quota, CancellationToken cancellationToken)
    {
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        JoinedAppliance appliance = await session.Appliances.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, appliance.Version);
        return TypedResults.Ok(await ApplianceView.OfAsync(session, appliance, joined.IsHere(guid), quota.ProblemOf(guid), cancellationToken));
    }

    private static async Task<Created<NodeJoinView>> AddAsync(
        ApplianceRequest request, HttpContext context, CatalogDatabase catalog, NodeAuthority authority, NodeEnrolment enrolment, NodePort port, MembershipService membership,
        TimeProvider time, CancellationToken cancellationToken)
    {
        if (membership.Current is { } own)
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, $"This appliance has itself joined the server at {own.Server}, and appliances are joined one deep.",
                "Let the other appliance join that server, or leave it first (vprotect appliance leave).");
        }

        string name = TextField.Name("name", before: null, request.Name);
        int at = await NodesApi.OpenPortAsync(catalog, authority, port, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        (Node node, JoinToken token) = enrolment.NewToken(new Node { Name = name, State = NodeState.Pending, EnrolledAt = time.GetUtcNow() });
        await transaction.Nodes.InsertAsync(node, cancellationToken);
        var appliance = new JoinedAppliance { Guid = node.Guid };
        await transaction.Appliances.InsertAsync(appliance, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "appliances.add", Kind, node.Guid, name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, appliance.Version);
        return TypedResults.Created($"/api/appliances/{node.Guid}", NodeJoinView.Of(node, token, context, at, JoinCommand));
    }

    private static async Task<Ok<NodeJoinView>> TokenAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, NodeAuthority authority, NodeEnrolment enrolment, NodePort port, CancellationToken cancellationToken)
    {
        int at = await NodesApi.OpenPortAsync(catalog, authority, port, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Appliances.GetAsync(guid, cancellationToken);
        (Node node, JoinToken token) = enrolment.NewToken(await transaction.Nodes.GetAsync(guid, cancellationToken));
        await transaction.Nodes.UpdateAsync(node, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "appliances.token", Kind, guid, node.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(NodeJoinView.Of(node, token, context, at, JoinCommand));
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, ApplianceCalls appliances, CancellationToken cancellationToken)
    {
        await appliances.RemoveAsync(
            guid, RowVersion.Expected(context),
            (transaction, node) => AuditTrail.AppendAsync(transaction, context, "appliances.delete", Kind, guid, node.Name, cancellationToken), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<MembershipView>> MembershipAsync(MembershipService membership, CancellationToken cancellationToken) =>
        TypedResults.Ok(membership.Current is { } current
            ? new MembershipView(
                Joined: true, current.Guid, current.Name, current.Server, membership.InStepAt, await membership.PendingAsync(cancellationToken), membership.Problem is { } problem ? $"{problem.Message} {problem.Guidance}" : null)
            : new MembershipView(Joined: false, null, null, null, null, null, null));

    private static async Task<Ok<MembershipView>> JoinAsync(
        MembershipRequest request, HttpContext context, CatalogDatabase catalog, NodeAuthority authority, MembershipService membership, CancellationToken cancellationToken)
    {
        string server = InvalidFieldException.RequireText("server", request.Server, lengthMax: 255);
        string word = InvalidFieldException.RequireText("token", request.Token, lengthMax: 200);
        if (membership.Current is { } current)
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, $"This appliance has joined the server at {current.Server} already, as {current.Name}.", "Leave it first: vprotect appliance leave.");
        }

        if (catalog.HasOthers && await HasAppliancesAsync(catalog, cancellationToken))
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, "Other appliances have joined this one, and appliances are joined one deep.",
                "Let those join the other server too, and remove them here first (vprotect appliance remove NAME).");
        }

        if (authority.IsMade && JoinToken.TryParse(word, out JoinToken? token) && token.AuthorityHash == authority.Hash)
        {
            throw new InvalidFieldException("token", "It was made by this appliance itself.", "Run the command at the appliance that is to join.");
        }

        await membership.JoinAsync(server, word, cancellationToken);
        return await NotedAsync("appliance.join", context, catalog, membership);
    }

    private static async Task<Ok<MembershipView>> MoveAsync(
        MembershipRequest request, HttpContext context, CatalogDatabase catalog, MembershipService membership, CancellationToken cancellationToken)
    {
        RequireMember(membership);
        await membership.MoveAsync(InvalidFieldException.RequireText("server", request.Server, lengthMax: 255), cancellationToken);
        return await NotedAsync("appliance.move", context, catalog, membership);
    }

    private static async Task<Ok<MembershipView>> LeaveAsync(
        bool? anyway, HttpContext context, CatalogDatabase catalog, MembershipService membership, CancellationToken cancellationToken)
    {
        if (anyway is not true)
        {
            // Else also a membership that cannot be read is left.
            RequireMember(membership);
        }

        await membership.LeaveAsync(anyway ?? false, cancellationToken);
        return await NotedAsync("appliance.leave", context, catalog, membership);
    }

    private static void RequireMember(MembershipService membership)
    {
        if (membership.Current is null)
        {
            throw new VProtectException(ErrorCode.TaskUnfit, ErrorSide.Request, "This appliance has joined no server.", "Nothing is to be done.");
        }
    }

    private static async Task<bool> HasAppliancesAsync(CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return (await session.Appliances.AllAsync(cancellationToken)).Count > 0;
    }

    /// <summary>What was done is not undone when the caller has gone.</summary>
    private static async Task<Ok<MembershipView>> NotedAsync(string action, HttpContext context, CatalogDatabase catalog, MembershipService membership)
    {
        await using (CatalogTransaction transaction = await catalog.BeginAsync(CancellationToken.None))
        {
            await AuditTrail.AppendAsync(transaction, context, action, Kind, guid: null, membership.Current?.Server, CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
        }

        return await MembershipAsync(membership, CancellationToken.None);
    }
}
