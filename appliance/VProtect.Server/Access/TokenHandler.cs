using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using VProtect.Catalog;
using VProtect.Catalog.Access;

namespace VProtect.Server.Access;

/// <summary>Scheme <c>token</c>: <c>Authorization: Bearer …</c>, of which the catalog holds the hash.</summary>
internal sealed class TokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, CatalogDatabase catalog, TimeProvider time)
    : CallerHandler(options, loggers, encoder)
{
    public const string SchemeName = "token";

    /// <summary>What stands before a token in the header.</summary>
    public const string Prefix = "Bearer ";

    /// <summary>Use is noted this often, so that reading does not become writing.</summary>
    private static readonly TimeSpan NotedEvery = TimeSpan.FromMinutes(5);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || header.Length > 200)
        {
            return AuthenticateResult.NoResult();
        }

        CancellationToken cancellationToken = Context.RequestAborted;
        ApiToken? token;
        (User User, IReadOnlyList<Grant> Grants)? user;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            token = await session.ApiTokens.FindUsableAsync(SecretToken.HashOf(header[Prefix.Length..].Trim()), cancellationToken);
            user = token is null ? null : await UserAsync(session, token.UserGuid, cancellationToken);
        }

        if (token is null || user is not { } known)
        {
            return AuthenticateResult.Fail("The token is not valid.");
        }

        if (token.LastUsedAt is not { } used || time.GetUtcNow() - used > NotedEvery)
        {
            await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
            await transaction.ApiTokens.RecordUseAsync(token.Guid, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return Accept(new Caller(
            CallerKind.Token, known.User.Guid, known.User.Login, token.Guid, Limited(known.Grants, token.Permissions), known.User.MustChangePassword, Csrf: null));
    }

    /// <summary>A token may do what its user may, and of that only what it is limited to.</summary>
    private static IReadOnlyList<Grant> Limited(IReadOnlyList<Grant> grants, IReadOnlyList<string> limits) => limits.Count == 0
        ? grants
        : [.. grants.SelectMany(grant => limits.Where(limit => Permissions.Includes(grant.Permission, limit)).Select(limit => grant with { Permission = limit })),
            .. grants.Where(grant => limits.Any(limit => limit != grant.Permission && Permissions.Includes(limit, grant.Permission)))];
}
