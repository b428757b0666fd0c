using VProtect.Abstractions;
using VProtect.Catalog.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Access;

/// <summary>
/// Checks codes of second factors. Guessing is slowed by up to 15 minutes for each attempt, as three of a million codes are right at any time; only who knows the
/// password comes so far, and can make the owner wait.
/// </summary>
internal sealed class CodeCheck(LoginThrottle throttle, SecretBox box, TimeProvider time)
{
    /// <summary>Refuses a code that is wrong, used already, or of no second factor.</summary>
    /// <returns>The second factor as it is after the code was taken.</returns>
    public SecondFactor RequireCode(User user, string? code, bool isActive, bool takesRecovery)
    {
        if (SecondFactor.Of(user, box) is not { } factor || factor.IsActive != isActive)
        {
            throw new VProtectException(
                ErrorCode.CatalogInUse, ErrorSide.Request, isActive ? "There is no second factor." : "No authenticator waits to be confirmed.",
                "Begin with POST /api/session/second-factor.");
        }

        return TakeCode(user, factor, code, takesRecovery)
            ?? throw new InvalidFieldException("code", "It is wrong, or was used already.", "Send the one that the authenticator shows now.");
    }

    /// <summary>The second factor after a code; null when the code is wrong or was used.</summary>
    public SecondFactor? TakeCode(User user, SecondFactor factor, string? code, bool takesRecovery)
    {
        string key = $"code {user.Guid}";
        throttle.RequireNoWait(key, "Codes were wrong too often.");
        throttle.Attempted(key, key);
        if (code is null or { Length: > 40 } || factor.Take(user.Guid, code, time.GetUtcNow(), takesRecovery) is not { } left)
        {
            return null;
        }

        throttle.Succeeded(key, key);
        return left;
    }
}
