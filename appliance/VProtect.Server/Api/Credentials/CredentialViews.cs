using VProtect.Catalog.Inventory;

namespace VProtect.Server.Api.Credentials;

/// <summary>A credential as clients see it: never its secret.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="Kind">What the secret is.</param>
/// <param name="Login">User name, if any.</param>
/// <param name="Description">What it is for.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ChangedAt">When its secret was last changed.</param>
internal sealed record CredentialView(
    Guid Guid, string Name, CredentialKind Kind, string? Login, string? Description, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt)
{
    public static CredentialView Of(Credential credential) => new(
        credential.Guid, credential.Name, credential.Kind, credential.Login, credential.Description, credential.CreatedAt, credential.ChangedAt);
}

/// <summary>A credential as clients write it.</summary>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="Kind">What the secret is; PASSWORD when a new one does not say.</param>
/// <param name="Login">User name.</param>
/// <param name="Secret">Password, private key, token, or certificate with its key. Write only; missing keeps the one that is stored.</param>
/// <param name="Description">What it is for.</param>
internal sealed record CredentialRequest(string? Name, CredentialKind? Kind, string? Login, string? Secret, string? Description);
