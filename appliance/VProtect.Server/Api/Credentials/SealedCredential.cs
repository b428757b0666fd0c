using System.Text;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;

namespace VProtect.Server.Api.Credentials;

/// <summary>Seals secrets into credentials.</summary>
internal static class SealedCredential
{
    /// <summary>A certificate chain with its key has a few KiB.</summary>
    private const int SecretLengthMax = 64 << 10;

    /// <summary>The credential with another secret.</summary>
    public static Credential With(Credential credential, string secret, string field, SecretBox box, DateTimeOffset now)
    {
        if (secret.Length is 0 or > SecretLengthMax)
        {
            throw new InvalidFieldException(field, "It has not the right length.", $"Send 1 to {SecretLengthMax} characters.");
        }

        if (credential.Kind is CredentialKind.SshKey or CredentialKind.Certificate && !secret.StartsWith("-----BEGIN ", StringComparison.Ordinal))
        {
            throw new InvalidFieldException(field, "It is not in PEM form.", "Send the whole text, from '-----BEGIN' on.");
        }

        return credential with { Sealed = box.Seal(Encoding.UTF8.GetBytes(secret), References.PurposeOfCredential(credential.Guid)), ChangedAt = now };
    }

    /// <summary>
    /// The login that an object was given inline, in a credential of its own: it has the object's identity, and goes with it.
    /// </summary>
    /// <param name="transaction">Of the change.</param>
    /// <param name="owner">The object.</param>
    /// <param name="label">What it is called in the list of credentials.</param>
    /// <param name="login">User name; null keeps.</param>
    /// <param name="password">Password; null keeps.</param>
    /// <param name="box">Seals it.</param>
    /// <param name="now">Now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The credential's identity; null when there is none and nothing was given.</returns>
    public static async Task<Guid?> OwnAsync(
        CatalogTransaction transaction, Guid owner, string label, string? login, string? password, SecretBox box, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Credential? before = await transaction.Credentials.FindAsync(owner, cancellationToken);
        if (login is null && password is null)
        {
            return before?.Guid;
        }

        Credential credential = (before ?? new Credential
        {
            Guid = owner,
            Name = "",
            Kind = CredentialKind.Password,
            Sealed = box.Seal([], References.PurposeOfCredential(owner)),
            CreatedAt = now,
            ChangedAt = now,
        }) with
        {
            Name = $"{label} ({owner:D})",
            Description = $"Belongs to {label} and goes with it.",
        };
        credential = credential with { Login = TextField.Applied("user", credential.Login, login, lengthMax: 255) };
        if (!string.IsNullOrEmpty(password))
        {
            credential = With(credential, password, "password", box, now);
        }

        if (before is null)
        {
            await transaction.Credentials.InsertAsync(credential, cancellationToken);
        }
        else if (credential != before)
        {
            await transaction.Credentials.UpdateAsync(credential, cancellationToken);
        }

        return owner;
    }

    /// <summary>Removes the credential that belonged to an object, when nothing else has come to use it.</summary>
    public static async Task RemoveOwnAsync(CatalogTransaction transaction, Guid owner, CancellationToken cancellationToken)
    {
        if (await transaction.Credentials.FindAsync(owner, cancellationToken) is not null
            && (await transaction.Credentials.UsesAsync(owner, cancellationToken)).Count == 0)
        {
            await transaction.Credentials.DeleteAsync(owner, version: null, cancellationToken);
        }
    }
}
