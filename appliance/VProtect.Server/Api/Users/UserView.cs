using VProtect.Catalog.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Users;

/// <summary>A user as clients see it; no hash of anything.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Login">What is typed; unique without regard to case.</param>
/// <param name="FullName">Name shown to people.</param>
/// <param name="Email">Mail address.</param>
/// <param name="Active">Whether it may log in.</param>
/// <param name="MustChangePassword">Whether the next login asks for a new one.</param>
/// <param name="SecondFactor">Whether a second factor was made.</param>
/// <param name="Source">Who knows the secret.</param>
/// <param name="Roles">Roles that it has itself and for everything; GET /api/role-assignments tells of all.</param>
/// <param name="LastLoginAt">Last good login.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record UserView(
    Guid Guid, string Login, string? FullName, string? Email, bool Active, bool MustChangePassword, bool SecondFactor, UserSource Source, IReadOnlyList<NameAndGuid> Roles,
    DateTimeOffset? LastLoginAt, DateTimeOffset CreatedAt)
{
    public static UserView Of(User user, IReadOnlyList<NameAndGuid> roles) => new(
        user.Guid, user.Login, user.FullName, user.Email, user.Active, user.MustChangePassword, user.SealedTotp is not null, user.Source, roles, user.LastLoginAt, user.CreatedAt);
}

/// <summary>A user as clients write it. A password that is given must be changed at the next login.</summary>
/// <param name="Login">What is typed; unique without regard to case.</param>
/// <param name="FullName">Name shown to people.</param>
/// <param name="Email">Mail address.</param>
/// <param name="Active">Whether it may log in.</param>
/// <param name="Password">Write only.</param>
/// <param name="Roles">Roles that it has itself and for everything; missing: as before, and none for a new user.</param>
internal sealed record UserRequest(string? Login, string? FullName, string? Email, bool? Active, string? Password, IReadOnlyList<NameAndGuid>? Roles = null);
