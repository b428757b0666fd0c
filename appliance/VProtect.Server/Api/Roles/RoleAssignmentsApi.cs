using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Views;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Roles;

/// <summary>Who has which role, for everything or for selected objects. Nobody gives, or takes away, what he has not.</summary>
internal static class RoleAssignmentsApi
{
    private const string Kind = "role-assignments";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder given = api.MapGroup("/role-assignments").WithTags("roles");
        given.MapGet("", ListAsync).Describe("Lists who has which role; of a role, a user or a group.", Permission.UsersRead, 400);
        given.MapPost("", CreateAsync).Describe("Gives a user or a group a role, for everything or for one object.", Permission.UsersWrite, 400, 404, 409);
        given.MapDelete("/{guid:guid}", DeleteAsync).Describe("Takes a role away.", Permission.UsersWrite, 404, 409);
    }

    private static async Task<Ok<List<RoleAssignmentView>>> ListAsync(
        Guid? role, Guid? user, Guid? group, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<RoleAssignment> page = await session.RoleAssignments.ListAsync(role, user, group, list.ToQuery(), cancellationToken);
        List<RoleAssignmentView> views = await ViewsAsync(session, page.Rows, cancellationToken);
        ListParameters.Answer(context, page, row => row.Guid);
        return TypedResults.Ok(views);
    }

    private static async Task<Created<RoleAssignmentView>> CreateAsync(
        RoleAssignmentRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if ((request.User is null) == (request.Group is null))
        {
            throw new InvalidFieldException("user", "Exactly one of user and group gets a role.", "Send the one or the other.");
        }

        if (request.ScopeKind is { } kind && !GrantScope.Tables.ContainsKey(kind))
        {
            throw new InvalidFieldException("scopeKind", $"Roles cannot be limited to '{kind}'.", $"Use one of: {string.Join(", ", GrantScope.Tables.Keys.Order(StringComparer.Ordinal))}.");
        }

        if ((request.ScopeKind is null) != (request.Scope is null))
        {
            throw new InvalidFieldException("scope", "A limit is a kind and an object.", "Send both, or neither for everything.");
        }

        Guid role = request.Role?.Guid ?? throw new InvalidFieldException("role", "It is missing.", """Send {"guid": "..."}.""");
        var given = new RoleAssignment
        {
            RoleGuid = role,
            UserGuid = request.User?.Guid,
            GroupGuid = request.Group?.Guid,
            ScopeKind = request.ScopeKind,
            ScopeValue = request.Scope?.Guid.ToString("D"),
        };
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Role known = await transaction.Roles.GetAsync(role, cancellationToken);
        Caller.Of(context).RequireToHave(await transaction.Roles.PermissionsAsync(role, cancellationToken));
        string to = given.UserGuid is { } user
            ? (await transaction.Users.GetAsync(user, cancellationToken)).Login
            : (await transaction.Groups.GetAsync(given.GroupGuid!.Value, cancellationToken)).Name;
        if (request.Scope is { } scope && !await transaction.SeesAsync(GrantScope.Tables[request.ScopeKind!], scope.Guid, cancellationToken))
        {
            throw new InvalidFieldException("scope", $"There is no {request.ScopeKind} {scope.Guid}.", "List them again.");
        }

        RoleAssignment? same = (await transaction.RoleAssignments.ListAsync(role, given.UserGuid, given.GroupGuid, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken))
            .Rows.FirstOrDefault(row => row.ScopeKind == given.ScopeKind && row.ScopeValue == given.ScopeValue);
        if (same is null)
        {
            await transaction.RoleAssignments.InsertAsync(given, cancellationToken);
            await AuditTrail.AppendAsync(transaction, context, "roles.give", Kind, given.Guid, Text(known, to, given), cancellationToken);
        }

        RoleAssignmentView view = (await ViewsAsync(transaction, [same ?? given], cancellationToken))[0];
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/role-assignments/{view.Guid}", view);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        RoleAssignment given = await transaction.RoleAssignments.GetAsync(guid, cancellationToken);
        Role role = await transaction.Roles.GetAsync(given.RoleGuid, cancellationToken);
        Caller.Of(context).RequireToHave(await transaction.Roles.PermissionsAsync(role.Guid, cancellationToken));
        RoleAssignmentView view = (await ViewsAsync(transaction, [given], cancellationToken))[0];
        await transaction.RoleAssignments.DeleteAsync(guid, version: null, cancellationToken);
        await Administrators.RequireOneAsync(transaction, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "roles.take", Kind, guid, Text(role, view.User?.Name ?? view.Group?.Name ?? "", given), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static string Text(Role role, string to, RoleAssignment given) =>
        given.ScopeKind is null ? $"{role.Name} for {to}" : $"{role.Name} for {to} on {given.ScopeKind} {given.ScopeValue}";

    private static async Task<List<RoleAssignmentView>> ViewsAsync(CatalogSession session, IReadOnlyList<RoleAssignment> rows, CancellationToken cancellationToken)
    {
        var names = new Names();
        await names.AddAsync(session.Roles, rows.Select(row => (Guid?)row.RoleGuid), cancellationToken);
        await names.AddAsync(session.Users, rows.Select(row => row.UserGuid), cancellationToken);
        await names.AddAsync(session.Groups, rows.Select(row => row.GroupGuid), cancellationToken);
        ILookup<string?, Guid?> scopes = rows.ToLookup(row => row.ScopeKind, row => Guid.TryParse(row.ScopeValue, out Guid one) ? one : (Guid?)null);
        await names.AddAsync(session.Machines, scopes[GrantScope.Machine], cancellationToken);
        await names.AddAsync(session.Hypervisors, scopes[GrantScope.Hypervisor], cancellationToken);
        await names.AddAsync(session.HypervisorManagers, scopes[GrantScope.Manager], cancellationToken);
        await names.AddAsync(session.Policies, scopes[GrantScope.Policy], cancellationToken);
        await names.AddAsync(session.Destinations, scopes[GrantScope.Destination], cancellationToken);
        return
        [
            .. rows.Select(row => new RoleAssignmentView(
                row.Guid, names.Of(row.RoleGuid)!, names.Of(row.UserGuid), names.Of(row.GroupGuid), row.ScopeKind,
                Guid.TryParse(row.ScopeValue, out Guid scope) ? names.Of(scope) : null)),
        ];
    }
}
