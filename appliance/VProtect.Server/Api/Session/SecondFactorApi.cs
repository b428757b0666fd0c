using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Session;

/// <summary>Proof that who sends it is the user and not somebody at an open session.</summary>
/// <param name="CurrentPassword">The password.</param>
/// <param name="Code">A code of the authenticator, or a recovery code; not needed to begin.</param>
internal sealed record SecondFactorRequest(string? CurrentPassword, string? Code);

/// <summary>What is sent to confirm an authenticator.</summary>
/// <param name="Code">The code that it shows.</param>
internal sealed record SecondFactorCode(string? Code);

/// <summary>A secret to put into an authenticator; it counts once it is confirmed.</summary>
/// <param name="Secret">To be typed, base 32.</param>
/// <param name="Uri">To be shown as a picture.</param>
internal sealed record SecondFactorSecret(string Secret, string Uri);

/// <summary>Codes for the day when the authenticator is lost; each works once, and this answer is the only time that they are told.</summary>
/// <param name="RecoveryCodes">The codes.</param>
internal sealed record RecoveryCodesView(IReadOnlyList<string> RecoveryCodes);

/// <summary>One's own second factor: begin, confirm, new recovery codes, take away.</summary>
internal static class SecondFactorApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder factor = api.MapGroup("/session/second-factor").WithTags("session");
        factor.MapPost("", BeginAsync).Describe("Makes a secret for an authenticator (TOTP). It counts once a code confirms it.", Permission.Self, 400, 409, 429);
        factor.MapPut("", ConfirmAsync).Describe("Confirms the authenticator by a code: from now on logins need one. Ends one's other sessions; tells recovery codes.", Permission.Self, 400, 409, 429);
        factor.MapPost("/recovery-codes", RenewAsync).Describe("Makes new recovery codes in the place of those before.", Permission.Self, 400, 409, 429);
        factor.MapPost("/remove", RemoveAsync).Describe("Takes one's second factor away.", Permission.Self, 400, 409, 429);
    }

    private static async Task<Ok<SecondFactorSecret>> BeginAsync(
        SecondFactorRequest request, HttpContext context, CatalogDatabase catalog, SecretBox box, OwnProof proof, CancellationToken cancellationToken)
    {
        Guid guid = await proof.RequirePasswordAsync(context, request.CurrentPassword, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        User user = await transaction.Users.GetAsync(guid, cancellationToken);
        if (SecondFactor.Of(user, box) is { IsActive: true })
        {
            throw new VProtectException(ErrorCode.CatalogInUse, ErrorSide.Request, "There is a second factor already.", "Take it away first.");
        }

        var factor = SecondFactor.New();
        await transaction.Users.UpdateAsync(user with { SealedTotp = factor.Seal(guid, box) }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(new SecondFactorSecret(Totp.TextOf(factor.Secret), Totp.UriOf(factor.Secret, user.Login, Environment.MachineName)));
    }

    private static Task<Ok<RecoveryCodesView>> ConfirmAsync(
        SecondFactorCode request, HttpContext context, CatalogDatabase catalog, SecretBox box, CodeCheck codeCheck, CancellationToken cancellationToken) =>
        CodesAsync(context, catalog, box, codeCheck, request.Code, isNew: true, cancellationToken);

    private static async Task<Ok<RecoveryCodesView>> RenewAsync(
        SecondFactorRequest request, HttpContext context, CatalogDatabase catalog, SecretBox box, OwnProof proof, CodeCheck codeCheck, CancellationToken cancellationToken)
    {
        await proof.RequirePasswordAsync(context, request.CurrentPassword, cancellationToken);
        return await CodesAsync(context, catalog, box, codeCheck, request.Code, isNew: false, cancellationToken);
    }

    private static async Task<Ok<RecoveryCodesView>> CodesAsync(
        HttpContext context, CatalogDatabase catalog, SecretBox box, CodeCheck codeCheck, string? code, bool isNew, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        User user = await transaction.Users.GetAsync(caller.UserGuid, cancellationToken);
        SecondFactor factor = codeCheck.RequireCode(user, code, isActive: !isNew, takesRecovery: false);
        (factor, IReadOnlyList<string> codes) = (factor with { IsActive = true }).WithRecoveryCodes(user.Guid);
        await transaction.Users.UpdateAsync(user with { SealedTotp = factor.Seal(user.Guid, box) }, cancellationToken);
        if (isNew)
        {
            await Sessions.EndAllAsync(transaction, user.Guid, except: caller.ProofGuid, cancellationToken);
        }

        await AuditTrail.AppendAsync(transaction, context, isNew ? "session.second-factor" : "session.recovery-codes", "users", user.Guid, user.Login, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(new RecoveryCodesView(codes));
    }

    private static async Task<NoContent> RemoveAsync(
        SecondFactorRequest request, HttpContext context, CatalogDatabase catalog, OwnProof proof, CodeCheck codeCheck, CancellationToken cancellationToken)
    {
        Guid guid = await proof.RequirePasswordAsync(context, request.CurrentPassword, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        User user = await transaction.Users.GetAsync(guid, cancellationToken);
        codeCheck.RequireCode(user, request.Code, isActive: true, takesRecovery: true);
        await transaction.Users.UpdateAsync(user with { SealedTotp = null }, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "session.second-factor-removed", "users", guid, user.Login, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
