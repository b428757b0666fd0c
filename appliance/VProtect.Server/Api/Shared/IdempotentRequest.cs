using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using VProtect.Catalog;
using VProtect.Server.Access;

namespace VProtect.Server.Api.Shared;

/// <summary>An endpoint that understands the header <c>Idempotency-Key</c>.</summary>
internal sealed record TakesIdempotencyKey;

/// <summary>
/// A POST that makes tasks: with the header <c>Idempotency-Key</c> a repeated request gets the first one's answer and makes nothing. Key, work and
/// answer are one transaction.
/// </summary>
internal static class IdempotentRequest
{
    public const string Header = "Idempotency-Key";
    private const int KeyLengthMax = 200;

    /// <param name="context">The request.</param>
    /// <param name="request">Its body, which a repetition must have as well.</param>
    /// <param name="status">Status of the answer.</param>
    /// <param name="work">What it does, in the transaction it is given; returns the answer.</param>
    /// <param name="cancellationToken">Gives up; nothing was done.</param>
    public static async Task<IResult> RunAsync<TRequest, TAnswer>(
        HttpContext context, TRequest request, int status, Func<CatalogTransaction, Task<TAnswer>> work, CancellationToken cancellationToken)
    {
        JsonSerializerOptions json = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        string key = context.Request.Headers[Header].ToString();
        if (key.Length > KeyLengthMax)
        {
            throw new InvalidFieldException(Header, "The key is too long.", $"Use at most {KeyLengthMax} characters.");
        }

        string actor = Caller.Of(context).UserGuid.ToString();
        await using CatalogTransaction transaction = await context.RequestServices.GetRequiredService<CatalogDatabase>().BeginAsync(cancellationToken);
        if (key.Length > 0)
        {
            string text = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}\n{JsonSerializer.Serialize(request, json)}";
            byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
            if (await transaction.Idempotency.TakeAsync(key, actor, hash, cancellationToken) is { Status: { } before, Response: { } answer })
            {
                return Results.Content(answer, "application/json", Encoding.UTF8, before);
            }
        }

        string response = JsonSerializer.Serialize(await work(transaction), json);
        if (key.Length > 0)
        {
            await transaction.Idempotency.CompleteAsync(key, actor, status, response, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return Results.Content(response, "application/json", Encoding.UTF8, status);
    }
}
