using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Server.Access;
using VProtect.Server.Api.Settings;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Session;

/// <summary>Log in, log out, who am I, change my password.</summary>
internal static class SessionApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder session = api.MapGroup("").WithTags("session");
        session.MapPost("/session/login", LoginAsync).AllowAnonymous().WithSummary("Logs in and sets the session cookie.")
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(Problem), [Problem.MediaType]))
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status401Unauthorized, typeof(Problem), [Problem.MediaType]))
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status429TooManyRequests, typeof(Problem), [Problem.MediaType]));
        session.MapPost("/session/logout", LogoutAsync).Describe("Ends the session.", Permission.Self).WithMetadata(new BeforePasswordChange());
        session.MapPut("/session/password", ChangePasswordAsync)
            .Describe("Changes one's own password and ends one's other sessions.", Permission.Self, 400, 429).WithMetadata(new BeforePasswordChange());
        session.MapGet("/user-info", UserInfoAsync).Describe("Tells who is logged in.", Permission.Self).WithMetadata(new BeforePasswordChange());
    }

    private static async Task<Ok<UserInfo>> LoginAsync(
        LoginRequest request, HttpContext context, Logins logins, LiveSettings settings, SecretBox box, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        string login = InvalidFieldException.RequireText("login", request.Login, lengthMax: 200);
        if (string.IsNullOrEmpty(request.Password))
        {
            throw new InvalidFieldException("password", "It is missing.", "Send login and password.");
        }

        (User user, string token) = await logins.EnterAsync(login, request.Password, request.Code, context, cancellationToken);
        context.Response.Cookies.Append(Sessions.CookieName, token, Sessions.Cookie());
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        IReadOnlyList<GrantedPermission> permissions = await session.Users.PermissionsAsync(user.Guid, cancellationToken);
        return TypedResults.Ok(View(user, CallerHandler.GrantsOf(permissions), SecretToken.CsrfOf(token), settings, box));
    }

    private static async Task<NoContent> LogoutAsync(HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        if (caller.Kind == CallerKind.Session)
        {
            await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
            if (await transaction.Sessions.FindAsync(caller.ProofGuid, cancellationToken) is not null)
            {
                await transaction.Sessions.DeleteAsync(caller.ProofGuid, version: null, cancellationToken);
            }

            await AuditTrail.AppendAsync(transaction, context, "session.logout", "session", caller.ProofGuid, name: null, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            context.Response.Cookies.Delete(Sessions.CookieName, Sessions.Cookie());
        }

        return TypedResults.NoContent();
    }

    private static async Task<NoContent> ChangePasswordAsync(
        PasswordRequest request, HttpContext context, CatalogDatabase catalog, OwnProof proof, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        PasswordHash.Check("newPassword", request.NewPassword, caller.Login);
        if (request.NewPassword == request.CurrentPassword)
        {
            throw new InvalidFieldException("newPassword", "It is the current password.", "Choose another one.");
        }

        await proof.RequirePasswordAsync(context, request.CurrentPassword, cancellationToken);
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            if ((await session.Users.GetAsync(caller.UserGuid, cancellationToken)).Source != UserSource.Local)
            {
                throw new InvalidFieldException("newPassword", "A directory knows your password.", "Change it there.");
            }
        }

        string hash = PasswordHash.Of(request.NewPassword!);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        User user = await transaction.Users.GetAsync(caller.UserGuid, cancellationToken);
        await transaction.Users.UpdateAsync(user with { PasswordHash = hash, MustChangePassword = false }, cancellationToken);
        await Sessions.EndAllAsync(transaction, user.Guid, except: caller.ProofGuid, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "session.password", "users", user.Guid, user.Login, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<UserInfo>> UserInfoAsync(HttpContext context, LiveSettings settings, SecretBox box, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        User user = await session.Users.GetAsync(caller.UserGuid, cancellationToken);
        return TypedResults.Ok(View(user, caller.Grants, caller.Csrf, settings, box));
    }

    private static UserInfo View(User user, IReadOnlyList<Grant> grants, string? csrf, LiveSettings settings, SecretBox box)
    {
        List<string> whole = [.. grants.Where(grant => grant.Kind is null).Select(grant => grant.Permission).Distinct().Order(StringComparer.Ordinal)];
        IEnumerable<string> limited = grants.Select(grant => grant.Permission).Except(whole);
        return new(
            user.Guid, user.Login, user.FullName, user.Email, whole, [.. limited.Order(StringComparer.Ordinal)], user.MustChangePassword,
            SecondFactor.Of(user, box) is { IsActive: true }, settings.Current.ApplianceName, csrf);
    }
}
