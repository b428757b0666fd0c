using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Access;

/// <summary>What the schemes have in common: a caller becomes a principal, and who has no valid proof is told so.</summary>
internal abstract class CallerHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Chooses between the two by what the request carries.</summary>
    public const string AnyScheme = "any";

    protected AuthenticateResult Accept(Caller caller)
    {
        Context.Features.Set(caller);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, caller.UserGuid.ToString()), new Claim(ClaimTypes.Name, caller.Login)], Scheme.Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    /// <summary>What a user may do now; null when it may not even log in.</summary>
    protected static async Task<(User User, IReadOnlyList<Grant> Grants)?> UserAsync(CatalogSession session, Guid guid, CancellationToken cancellationToken)
    {
        if (await session.Users.FindAsync(guid, cancellationToken) is not { Active: true } user)
        {
            return null;
        }

        return (user, GrantsOf(await session.Users.PermissionsAsync(guid, cancellationToken)));
    }

    /// <summary>Grants as they are stored; one whose limit is not understood gives nothing.</summary>
    public static IReadOnlyList<Grant> GrantsOf(IEnumerable<GrantedPermission> granted) =>
    [
        .. granted.Where(grant => grant.ScopeKind is null).Select(grant => new Grant(grant.Permission, Kind: null, Guid.Empty)),
        .. granted.Where(grant => grant.ScopeKind is { } kind && GrantScope.Tables.ContainsKey(kind) && Guid.TryParse(grant.ScopeValue, out _))
            .Select(grant => new Grant(grant.Permission, grant.ScopeKind, Guid.Parse(grant.ScopeValue!))),
    ];

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Problem.WriteAsync(
        Context, StatusCodes.Status401Unauthorized, ErrorCode.Unauthenticated,
        "There is no valid session or token.", "Log in with POST /api/session/login, or send 'Authorization: Bearer TOKEN'.");

    /// <summary>Reached by who is logged in and asks for what is not there, or for an endpoint that names no policy.</summary>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Context.GetEndpoint() switch
    {
        null => Problem.WriteAsync(
            Context, StatusCodes.Status404NotFound, ErrorCode.NoSuchEndpoint, "There is no such address.", "Check path and verb."),

        // Routing's own, which say that verb or media type are wrong, are no routes.
        { RequestDelegate: { } answer } and not RouteEndpoint => answer(Context),
        _ => Problem.WriteAsync(
            Context, StatusCodes.Status403Forbidden, ErrorCode.Forbidden, "This is open to nobody.", "An endpoint must name its permission."),
    };
}
