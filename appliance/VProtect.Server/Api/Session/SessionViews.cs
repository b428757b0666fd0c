namespace VProtect.Server.Api.Session;

/// <summary>What is sent to log in.</summary>
/// <param name="Login">Without regard to case.</param>
/// <param name="Password">The password.</param>
/// <param name="Code">Code of the authenticator or a recovery code, for users who have a second factor: the answer without it is 401 with code 5007.</param>
internal sealed record LoginRequest(string? Login, string? Password, string? Code = null);

/// <summary>What is sent to change one's own password.</summary>
/// <param name="CurrentPassword">The one that was logged in with.</param>
/// <param name="NewPassword">At least 12 characters, and not easily guessed.</param>
internal sealed record PasswordRequest(string? CurrentPassword, string? NewPassword);

/// <summary>Who is logged in.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Login">What is typed.</param>
/// <param name="FullName">Name shown to people.</param>
/// <param name="Email">Mail address.</param>
/// <param name="Permissions">What the caller may do with every object; <c>*</c> everything.</param>
/// <param name="LimitedPermissions">What the caller may do with selected objects only: lists show those.</param>
/// <param name="MustChangePassword">Whether the password must be changed before anything else.</param>
/// <param name="SecondFactor">Whether logging in takes the code of an authenticator: one was made and confirmed.</param>
/// <param name="ApplianceName">What the appliance is called by those who use it; empty when nobody named it.</param>
/// <param name="CsrfToken">What changes must carry in X-CSRF-Token; null for bearer tokens, which need none.</param>
internal sealed record UserInfo(
    Guid Guid, string Login, string? FullName, string? Email, IReadOnlyList<string> Permissions, IReadOnlyList<string> LimitedPermissions, bool MustChangePassword, bool SecondFactor, string ApplianceName,
    string? CsrfToken);
