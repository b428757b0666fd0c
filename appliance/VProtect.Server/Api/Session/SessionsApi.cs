using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Session;

/// <summary>A login that has not ended.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="User">Whose.</param>
/// <param name="CreatedAt">When it was begun.</param>
/// <param name="LastUsedAt">When it was last used, to the minute.</param>
/// <param name="ExpiresAt">When it ends unless it is used.</param>
/// <param name="Address">Where it was begun from.</param>
/// <param name="UserAgent">With what, as that says.</param>
/// <param name="Current">Whether it is the one that asks.</param>
internal sealed record SessionView(
    Guid Guid, NameAndGuid User, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt, DateTimeOffset ExpiresAt, string? Address, string? UserAgent, bool Current);

/// <summary>What an end of several sessions did.</summary>
/// <param name="Ended">How many were ended.</param>
internal sealed record SessionsEnded(int Ended);

/// <summary>Sessions: one's own, and for those who keep users all.</summary>
internal static class SessionsApi
{
    private const string Kind = "session";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder own = api.MapGroup("/session/sessions").WithTags("session");
        own.MapGet("", ListOwnAsync).Describe("Lists one's own sessions.", Permission.Self, 400);
        own.MapDelete("/{guid:guid}", EndOwnAsync).Describe("Ends one of one's own sessions.", Permission.Self, 404);
        own.MapPost("/end-others", EndOthersAsync).Describe("Ends one's sessions but the one that asks.", Permission.Self);
        RouteGroupBuilder all = api.MapGroup("/sessions").WithTags("users");
        all.MapGet("", ListAsync).Describe("Lists sessions of all users, or of one.", Permission.UsersRead, 400);
        all.MapDelete("/{guid:guid}", EndAnyAsync).Describe("Ends a session of a user.", Permission.UsersWrite, 404);
    }

    private static Task<Ok<List<SessionView>>> ListOwnAsync([AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken) =>
        ListAsync(Caller.Of(context).UserGuid, list, context, catalog, cancellationToken);

    private static async Task<Ok<List<SessionView>>> ListAsync(
        Guid? user, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        Guid current = Caller.Of(context).ProofGuid;
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<UserSession> page = await session.Sessions.ListUsableAsync(user, list.ToQuery(), cancellationToken);
        NameLookup names = await NameLookup.OfAsync(session.Users, page.Rows.Select(row => (Guid?)row.UserGuid), cancellationToken);
        return ListParameters.Answer(context, page, row => new SessionView(
            row.Guid, names.Of(row.UserGuid), row.CreatedAt, row.LastUsedAt, row.ExpiresAt, row.Address, row.UserAgent, row.Guid == current));
    }

    private static Task<NoContent> EndOwnAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken) =>
        EndAsync(guid, Caller.Of(context).UserGuid, context, catalog, cancellationToken);

    private static Task<NoContent> EndAnyAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken) =>
        EndAsync(guid, of: null, context, catalog, cancellationToken);

    private static async Task<NoContent> EndAsync(Guid guid, Guid? of, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        UserSession? found = await transaction.Sessions.FindAsync(guid, cancellationToken);
        UserSession session = found is not null && (of is null || found.UserGuid == of) ? found : await transaction.Sessions.GetAsync(Guid.Empty, cancellationToken);
        await transaction.Sessions.DeleteAsync(session.Guid, version: null, cancellationToken);
        await AuditTrail.AppendAsync(
            transaction, context, "session.end", Kind, guid, (await transaction.Users.GetAsync(session.UserGuid, cancellationToken)).Login, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<SessionsEnded>> EndOthersAsync(HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        int ended = await Sessions.EndAllAsync(transaction, caller.UserGuid, except: caller.ProofGuid, cancellationToken);
        await AuditTrail.AppendAsync(
            transaction, context, "session.end-others", Kind, guid: null, ended.ToString(CultureInfo.InvariantCulture), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(new SessionsEnded(ended));
    }
}
