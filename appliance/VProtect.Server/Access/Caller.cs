using VProtect.Abstractions;
using VProtect.Catalog.Views;

namespace VProtect.Server.Access;

/// <summary>How a caller proved who it is.</summary>
internal enum CallerKind
{
    /// <summary>A cookie.</summary>
    Session,

    /// <summary>A bearer token.</summary>
    Token,

    /// <summary>The server that this appliance joined.</summary>
    Server,
}

/// <summary>Who makes a request: set once by authentication, read by all that follows.</summary>
/// <param name="Kind">How it was proved.</param>
/// <param name="UserGuid">User.</param>
/// <param name="Login">Login of the user.</param>
/// <param name="ProofGuid">Row of the session or token.</param>
/// <param name="Grants">What it may do, everywhere or with selected objects.</param>
/// <param name="MustChangePassword">Whether it may only change its password.</param>
/// <param name="Csrf">Token that changes must carry; null when none is needed.</param>
internal sealed record Caller(
    CallerKind Kind, Guid UserGuid, string Login, Guid ProofGuid, IReadOnlyList<Grant> Grants, bool MustChangePassword, string? Csrf)
{
    /// <summary>The caller of a request; endpoints behind the gate always have one.</summary>
    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint is open to everybody and has no caller.");

    /// <summary>Whether it may do what needs <paramref name="permission"/>, with every object.</summary>
    public bool May(string permission) =>
        permission == Permission.Self || Grants.Any(grant => grant.Kind is null && Permissions.Includes(grant.Permission, permission));

    /// <summary>The part of the catalog in which it may do what needs <paramref name="permission"/>, for callers who may not do it everywhere; null when it may nowhere.</summary>
    public CatalogView? ViewFor(string permission) => Grant.ViewOf(Grants, permission);

    /// <summary>Refuses to hand on what the caller has not got itself: not to others, and not to another of its own proofs.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.Forbidden"/>.</exception>
    public void RequireToHave(IEnumerable<string> permissions)
    {
        if (permissions.FirstOrDefault(permission => !May(permission)) is { } missing)
        {
            throw new VProtectException(
                ErrorCode.Forbidden, ErrorSide.Request, $"This is about the permission '{missing}', which you do not have for everything.", "Ask an administrator.");
        }
    }
}
