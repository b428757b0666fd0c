using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Credentials;

/// <summary>What opens platforms, guests and destinations. A secret goes in and never comes out.</summary>
internal static class CredentialsApi
{
    private const string Kind = "credential";

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder credentials = api.MapGroup("/credential").WithTags("credentials");
        credentials.MapGet("", ListAsync).Describe("Lists credentials, without their secrets.", Permission.InventoryRead, 400);
        credentials.MapGet("/{guid:guid}", GetAsync).Describe("Gets a credential, without its secret.", Permission.InventoryRead, 404);
        credentials.MapPost("", CreateAsync).Describe("Makes a credential.", Permission.InventoryCredentials, 400, 409);
        credentials.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a credential; without a secret the stored one stays.", Permission.InventoryCredentials, 400, 404, 409, 412);
        credentials.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a credential that nothing uses.", Permission.InventoryCredentials, 404, 409, 412);
    }

    private static async Task<Ok<List<CredentialView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return ListParameters.Answer(context, await session.Credentials.ListAsync(list.ToQuery(), cancellationToken), CredentialView.Of);
    }

    private static async Task<Ok<CredentialView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        Credential credential = await session.Credentials.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, credential.Version);
        return TypedResults.Ok(CredentialView.Of(credential));
    }

    private static async Task<Created<CredentialView>> CreateAsync(
        CredentialRequest request, HttpContext context, CatalogDatabase catalog, SecretBox box, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Secret is null)
        {
            throw new InvalidFieldException("secret", "It is missing.", "Send the password, key or token.");
        }

        DateTimeOffset now = time.GetUtcNow();
        var empty = new Credential { Name = "", Kind = CredentialKind.Password, Sealed = [], CreatedAt = now, ChangedAt = now };
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Credential credential = Applied(empty, request, box, now);
        await transaction.Credentials.InsertAsync(credential, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "credentials.create", Kind, credential.Guid, credential.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, credential.Version);
        return TypedResults.Created($"/api/credential/{credential.Guid}", CredentialView.Of(credential));
    }

    private static async Task<Ok<CredentialView>> UpdateAsync(
        Guid guid, CredentialRequest request, HttpContext context, CatalogDatabase catalog, SecretBox box, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Credential before = await transaction.Credentials.GetAsync(guid, cancellationToken);
        Credential credential = Applied(before with { Version = RowVersion.Expected(context) ?? before.Version }, request, box, time.GetUtcNow());
        long version = await transaction.Credentials.UpdateAsync(credential, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "credentials.update", Kind, guid, credential.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(CredentialView.Of(credential));
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Credential credential = await transaction.Credentials.GetAsync(guid, cancellationToken);
        Reference.RequireUnused($"Credential '{credential.Name}'", await transaction.Credentials.UsesAsync(guid, cancellationToken));
        await transaction.Credentials.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "credentials.delete", Kind, guid, credential.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static Credential Applied(Credential before, CredentialRequest request, SecretBox box, DateTimeOffset now)
    {
        CredentialKind kind = request.Kind ?? before.Kind;
        if (request.Secret is null && kind != before.Kind)
        {
            throw new InvalidFieldException("secret", "It is missing.", "Send the secret with its new kind.");
        }

        Credential credential = before with
        {
            Name = TextField.Name("name", before.Name, request.Name),
            Kind = kind,
            Login = TextField.Applied("login", before.Login, request.Login, lengthMax: 255),
            Description = TextField.Applied("description", before.Description, request.Description),
        };
        return request.Secret is { } secret ? SealedCredential.With(credential, secret, "secret", box, now) : credential;
    }
}
