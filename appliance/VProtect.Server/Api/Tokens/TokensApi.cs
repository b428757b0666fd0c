using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Tokens;

/// <summary>Bearer tokens for automation. A token acts as the user who made it.</summary>
internal static class TokensApi
{
    private const string Kind = "tokens";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder tokens = api.MapGroup("/tokens").WithTags("tokens");
        tokens.MapGet("", ListAsync).Describe("Lists tokens, without what is secret of them; without the permission tokens.read one's own.", Permission.Self, 400);
        tokens.MapPost("", CreateAsync).Describe("Makes a token that acts as oneself; the answer is the only time that it is told. A token needs tokens.write to make another.", Permission.Self, 400);
        tokens.MapDelete("/{guid:guid}", RevokeAsync).Describe("Takes a token back; without the permission tokens.write one of one's own.", Permission.Self, 404);
    }

    private static async Task<Ok<List<TokenView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<ApiToken> page = await session.ApiTokens.ListAsync(Caller.Of(context).May(Permission.TokensRead) ? null : Caller.Of(context).UserGuid, list.ToQuery(), cancellationToken);
        IReadOnlyDictionary<Guid, string> logins = await session.Users.NamesAsync([.. page.Rows.Select(token => token.UserGuid)], cancellationToken);
        return ListParameters.Answer(context, page, token => TokenView.Of(token, logins.GetValueOrDefault(token.UserGuid)));
    }

    private static async Task<Created<NewTokenView>> CreateAsync(
        TokenRequest request, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        if (caller.Kind == CallerKind.Token)
        {
            caller.RequireToHave([Permission.TokensWrite]);
        }

        string name = InvalidFieldException.RequireText("name", request.Name, lengthMax: 200);
        IReadOnlyList<string> permissions = request.Permissions ?? [];
        if (request.ExpiresAt <= time.GetUtcNow())
        {
            throw new InvalidFieldException("expiresAt", "The time is past.", "Give a later one, or none.");
        }

        if (permissions.Count > 100 || permissions.Any(permission => string.IsNullOrWhiteSpace(permission) || permission.Length > 100))
        {
            throw new InvalidFieldException("permissions", "One is no permission.", "Name at most 100, such as 'audit.read'.");
        }

        if (permissions.FirstOrDefault(permission => Permissions.Find(permission) is null || (!caller.May(permission) && caller.ViewFor(permission) is null)) is { } missing)
        {
            throw new InvalidFieldException("permissions", $"You do not have '{missing}'.", "A token can be given only what its user has.");
        }

        // A token that is limited must not make one that is not.
        if (caller.Kind == CallerKind.Token && permissions.Count == 0 && !caller.May(Permission.Everything))
        {
            throw new VProtectException(ErrorCode.Forbidden, ErrorSide.Request, "A limited token cannot make an unlimited one.", "Name the new token's permissions.");
        }

        string secret = SecretToken.New();
        var token = new ApiToken
        {
            Name = name,
            UserGuid = caller.UserGuid,
            TokenHash = SecretToken.HashOf(secret),
            Permissions = permissions,
            CreatedAt = time.GetUtcNow(),
            ExpiresAt = request.ExpiresAt,
        };
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (caller.Kind == CallerKind.Token
            && (await transaction.ApiTokens.GetAsync(caller.ProofGuid, cancellationToken)).ExpiresAt is { } end && !(request.ExpiresAt <= end))
        {
            throw new InvalidFieldException("expiresAt", "A token cannot make one that outlives it.", $"Give {end:O} or earlier.");
        }

        await transaction.ApiTokens.InsertAsync(token, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "tokens.create", Kind, token.Guid, name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/tokens/{token.Guid}", new NewTokenView(token.Guid, name, secret, token.ExpiresAt));
    }

    private static async Task<NoContent> RevokeAsync(Guid guid, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        ApiToken token = await transaction.ApiTokens.GetAsync(guid, cancellationToken);
        if (token.UserGuid != Caller.Of(context).UserGuid && !Caller.Of(context).May(Permission.TokensWrite))
        {
            // As if it were not there.
            await transaction.ApiTokens.GetAsync(Guid.Empty, cancellationToken);
        }

        if (token.RevokedAt is null)
        {
            await transaction.ApiTokens.UpdateAsync(token with { RevokedAt = time.GetUtcNow() }, cancellationToken);
            await AuditTrail.AppendAsync(transaction, context, "tokens.revoke", Kind, guid, token.Name, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return TypedResults.NoContent();
    }
}
