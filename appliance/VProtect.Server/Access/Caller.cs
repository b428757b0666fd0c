namespace VProtect.Server.Access;

/// <summary>How a caller proved who it is.</summary>
internal enum CallerKind
{
    /// <summary>A cookie.</summary>
    Session,

    /// <summary>A bearer token.</summary>
    Token,
}

/// <summary>Who makes a request: set once by authentication, read by all that follows.</summary>
/// <param name="Kind">How it was proved.</param>
/// <param name="UserGuid">User.</param>
/// <param name="Login">Login of the user.</param>
/// <param name="ProofGuid">Row of the session or token.</param>
/// <param name="Permissions">What it may do.</param>
/// <param name="MustChangePassword">Whether it may only change its password.</param>
/// <param name="Csrf">Token that changes must carry; null when none is needed.</param>
internal sealed record Caller(
    CallerKind Kind, Guid UserGuid, string Login, Guid ProofGuid, IReadOnlySet<string> Permissions, bool MustChangePassword, string? Csrf)
{
    /// <summary>The caller of a request; endpoints behind the gate always have one.</summary>
    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint is open to everybody and has no caller.");

    /// <summary>Whether it may do what needs <paramref name="permission"/>.</summary>
    public bool May(string permission) => Permissions.Contains(Permission.Everything) || Permissions.Contains(permission);
}
