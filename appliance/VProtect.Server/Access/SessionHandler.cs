using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using VProtect.Catalog;
using VProtect.Catalog.Access;

namespace VProtect.Server.Access;

/// <summary>Scheme <c>session</c>: a cookie, of which the catalog holds the hash.</summary>
internal sealed class SessionHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, CatalogDatabase catalog, Sessions sessions)
    : CallerHandler(options, loggers, encoder)
{
    public const string SchemeName = "session";

    /// <summary>Of requests that a page makes by itself, as things happen; listening for them (<c>/api/events</c>) is none of a person's either.</summary>
    public const string UnattendedHeader = "X-Unattended";

    private bool IsAttended => !Request.Headers.ContainsKey(UnattendedHeader) && !Request.Path.StartsWithSegments("/api/events");

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!Request.Cookies.TryGetValue(Sessions.CookieName, out string? cookie) || cookie.Length > 100)
        {
            return AuthenticateResult.NoResult();
        }

        CancellationToken cancellationToken = Context.RequestAborted;
        UserSession? found;
        (User User, IReadOnlyList<Grant> Grants)? user;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            found = await session.Sessions.FindUsableAsync(SecretToken.HashOf(cookie), cancellationToken);
            user = found is null ? null : await UserAsync(session, found.UserGuid, cancellationToken);
        }

        if (found is null || user is not { } known)
        {
            return AuthenticateResult.Fail("The session has ended.");
        }

        if (IsAttended)
        {
            await sessions.ProlongAsync(found, cancellationToken);
        }

        return Accept(new Caller(
            CallerKind.Session, known.User.Guid, known.User.Login, found.Guid, known.Grants, known.User.MustChangePassword, SecretToken.CsrfOf(cookie)));
    }
}
