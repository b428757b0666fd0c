using VProtect.Catalog.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Tokens;

/// <summary>A token as clients see it: never the token itself.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="User">Whom it acts as.</param>
/// <param name="Permissions">What it is limited to; empty for all that its user may.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends; null never.</param>
/// <param name="LastUsedAt">When it was last used.</param>
/// <param name="RevokedAt">When it was taken back.</param>
internal sealed record TokenView(
    Guid Guid, string Name, NameAndGuid User, IReadOnlyList<string> Permissions, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt)
{
    public static TokenView Of(ApiToken token, string? login) => new(
        token.Guid, token.Name, new NameAndGuid(token.UserGuid, login), token.Permissions, token.CreatedAt, token.ExpiresAt, token.LastUsedAt, token.RevokedAt);
}

/// <summary>What is sent to make a token.</summary>
/// <param name="Name">Name shown to people.</param>
/// <param name="Permissions">What it is limited to; empty or missing: all that its user may.</param>
/// <param name="ExpiresAt">When it ends; missing: never.</param>
internal sealed record TokenRequest(string? Name, IReadOnlyList<string>? Permissions, DateTimeOffset? ExpiresAt);

/// <summary>The answer to making a token: the only time that it is told.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Token">The token.</param>
/// <param name="ExpiresAt">When it ends; null never.</param>
internal sealed record NewTokenView(Guid Guid, string Name, string Token, DateTimeOffset? ExpiresAt);
