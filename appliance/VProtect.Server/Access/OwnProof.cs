using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Access;

/// <summary>Asks the user of a session for the password again: whoever finds an open session may not guess it.</summary>
internal sealed class OwnProof(CatalogDatabase catalog, Logins logins, LoginThrottle throttle)
{
    /// <summary>Refuses who does not know the password of the session's user.</summary>
    /// <returns>The user.</returns>
    public async Task<Guid> RequirePasswordAsync(HttpContext context, string? password, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        User user;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            user = await session.Users.GetAsync(caller.UserGuid, cancellationToken);
        }

        string key = $"password {caller.UserGuid}";
        throttle.RequireNoWait(key, "The current password was wrong too often.");
        throttle.Attempted(key, key);
        if (!await logins.VerifyAsync(user, password ?? "", cancellationToken))
        {
            throw new InvalidFieldException("currentPassword", "It is wrong.", "Send the password that you logged in with.");
        }

        throttle.Succeeded(key, key);
        return user.Guid;
    }
}
