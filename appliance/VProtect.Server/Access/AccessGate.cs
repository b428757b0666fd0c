using Microsoft.AspNetCore.Authorization;
using VProtect.Abstractions;
using VProtect.Catalog.Views;

namespace VProtect.Server.Access;

/// <summary>What an endpoint asks of its caller.</summary>
/// <param name="Permission">The permission.</param>
internal sealed record RequiredPermission(string Permission);

/// <summary>An endpoint that may be used before a password made by somebody else was changed.</summary>
internal sealed record BeforePasswordChange;

/// <summary>
/// The last check before an endpoint: 1 CSRF token of cookie sessions, 2 password changed, 3 permission. An endpoint that names no permission is
/// refused, so that forgetting one opens nothing. Who has the permission for selected objects only works with that part of the catalog
/// (<see cref="CatalogView"/>): the endpoint need not know.
/// </summary>
internal static class AccessGate
{
    public const string CsrfHeader = "X-CSRF-Token";

    public static async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            await next(context);
            return;
        }

        Caller caller = Caller.Of(context);
        string verb = context.Request.Method;
        bool changes = !(HttpMethods.IsGet(verb) || HttpMethods.IsHead(verb) || HttpMethods.IsOptions(verb));

        // 1
        if (changes && caller.Csrf is { } expected && !SecretToken.AreEqual(expected, context.Request.Headers[CsrfHeader].ToString()))
        {
            throw new VProtectException(
                ErrorCode.CsrfRefused, ErrorSide.Request, "The CSRF token is missing or wrong.",
                $"Send the value 'csrfToken' of the login or of /api/user-info in the header {CsrfHeader}.");
        }

        // 2
        if (caller.MustChangePassword && endpoint.Metadata.GetMetadata<BeforePasswordChange>() is null)
        {
            throw new VProtectException(
                ErrorCode.PasswordChangeRequired, ErrorSide.Request, "The password must be changed first.", "Change it with PUT /api/session/password.");
        }

        // 3
        string? required = endpoint.Metadata.GetMetadata<RequiredPermission>()?.Permission;
        if (required is not null && caller.May(required))
        {
            await next(context);
            return;
        }

        CatalogView view = (required is null ? null : caller.ViewFor(required)) ?? throw new VProtectException(
            ErrorCode.Forbidden, ErrorSide.Request, $"This needs the permission '{required ?? "none is named"}'.", "Ask an administrator for a role that has it.");
        using (CatalogView.Limit(view))
        {
            await next(context);
        }
    }
}
