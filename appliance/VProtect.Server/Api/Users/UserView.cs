using VProtect.Catalog.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Users;

/// <summary>A user as clients see it; no hash of anything.</summary>
internal sealed record UserView(
    Guid Guid, string Login, string? FullName, string? Email, bool Active, bool MustChangePassword, UserSource Source, IReadOnlyList<NameAndGuid> Roles,
    DateTimeOffset? LastLoginAt, DateTimeOffset CreatedAt)
{
    public static UserView Of(User user, IReadOnlyList<NameAndGuid> roles) => new(
        user.Guid, user.Login, user.FullName, user.Email, user.Active, user.MustChangePassword, user.Source, roles, user.LastLoginAt, user.CreatedAt);
}

/// <summary>A user as clients write it. A password that is given must be changed at the next login.</summary>
internal sealed record UserRequest(string? Login, string? FullName, string? Email, bool? Active, string? Password);
