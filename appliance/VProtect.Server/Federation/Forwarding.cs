using System.Security.Cryptography;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Catalog.Audit;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Views;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Federation;

/// <summary>
/// Behind the gate and before the endpoints: what concerns a joined appliance is answered there.
/// <code>
/// lists                        here, from the mirror, with everybody's rows
/// GET of one of its objects    there; from the mirror while it is away
/// changes that name one        there, or ApplianceAway
/// header vprotect-appliance    there, whatever it names
/// </code>
/// The appliance checks the caller's rights once more: they travel with the request.
/// </summary>
internal sealed class Forwarding(RequestDelegate next, CatalogDatabase catalog, JoinedAppliances appliances)
{
    /// <summary>Header that names the appliance that a request is for, by guid or name.</summary>
    public const string Header = "vprotect-appliance";

    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(30);

    /// <summary>Some changes look at a platform or a destination first.</summary>
    private static readonly TimeSpan ChangeMax = TimeSpan.FromMinutes(5);

    /// <summary>Headers of a request that count.</summary>
    private static readonly string[] Headers = ["Accept", "Content-Type", "If-Match", "If-None-Match", "If-Range", "Range", IdempotentRequest.Header];

    public async Task InvokeAsync(HttpContext context)
    {
        string verb = context.Request.Method;
        bool reads = HttpMethods.IsGet(verb) || HttpMethods.IsHead(verb);
        if (!catalog.HasOthers || context.GetEndpoint()?.Metadata.GetMetadata<RequiredPermission>() is not { Permission: var permission })
        {
            await next(context);
            return;
        }

        if (ServerRights.Concern(permission))
        {
            byte[]? body = reads ? null : await BodyAsync(context);
            if (await FindAsync(context, reads, body) is { } node && !(reads && IsShownHere(context, node)))
            {
                await ForwardAsync(context, node, body, reads);
                return;
            }
        }

        using IDisposable? others = reads ? CatalogView.WithOthers() : null;
        await next(context);
    }

    /// <summary>While an appliance is away, its objects are as they were last; what hangs on them is not known here.</summary>
    private bool IsShownHere(HttpContext context, Node node) =>
        !appliances.IsHere(node.Guid) && !context.Request.Headers.ContainsKey(Header) && Guid.TryParse(context.Request.Path.Value?.Split('/')[^1], out _);

    private async Task ForwardAsync(HttpContext context, Node node, byte[]? body, bool reads)
    {
        Caller caller = Caller.Of(context);
        HttpRequest request = context.Request;
        var call = new ForwardedCall(
            RandomNumberGenerator.GetHexString(32, lowercase: true), request.Method, $"{request.Path}{request.QueryString}",
            Headers.Where(request.Headers.ContainsKey).ToDictionary(name => name, name => request.Headers[name].ToString(), StringComparer.Ordinal),
            body is { Length: > 0 } ? body : null, caller.Login, caller.UserGuid,
            [.. caller.Grants.Select(grant => new ForwardedGrant(grant.Permission, grant.Kind, grant.Object))]);
        context.Response.Headers[Header] = Uri.EscapeDataString(node.Name);
        if (reads)
        {
            await appliances.ForwardAsync(node, new PendingCall(context, call), ReadMax);
            return;
        }

        AuditOutcome outcome = AuditOutcome.Failed;
        try
        {
            await appliances.ForwardAsync(node, new PendingCall(context, call), ChangeMax);
            outcome = context.Response.StatusCode switch
            {
                < StatusCodes.Status400BadRequest => AuditOutcome.Success,
                StatusCodes.Status403Forbidden => AuditOutcome.Denied,
                _ => AuditOutcome.Failed,
            };
        }
        finally
        {
            // The appliance's log has what it was; ours has who asked for it, and also when nobody knows whether it was done.
            await using CatalogTransaction transaction = await catalog.BeginAsync(CancellationToken.None);
            string detail = JsonSerializer.Serialize(new { method = call.Method, target = call.Target });
            await AuditTrail.AppendAsync(transaction, context, "appliances.call", "appliances", node.Guid, node.Name, outcome, detail, CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
        }
    }

    /// <summary>The appliance that a request concerns; null this one.</summary>
    private async Task<Node?> FindAsync(HttpContext context, bool reads, byte[]? body)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        string named = context.Request.Headers[Header].ToString();
        if (named.Length > 0)
        {
            return await NamedAsync(session, named, cancellationToken);
        }

        HashSet<Guid> guids = [];
        Collect(guids, context.Request.Path.Value?.Split('/') ?? []);
        if (!reads)
        {
            Collect(guids, context.Request.Query.SelectMany(value => value.Value));
            CollectBody(guids, body);
        }

        Guid[] owners = [.. (await session.Mirror.OwnersAsync(guids, cancellationToken)).Values.Distinct()];
        return owners.Length switch
        {
            0 => null,
            1 => await session.Nodes.GetAsync(owners[0], cancellationToken),
            _ => throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, "This is about objects of several appliances.", "Send it once for each appliance, with that one's objects alone."),
        };
    }

    private static async Task<Node> NamedAsync(CatalogSession session, string named, CancellationToken cancellationToken)
    {
        foreach (Catalog.Mirror.JoinedAppliance appliance in await session.Appliances.AllAsync(cancellationToken))
        {
            Node node = await session.Nodes.GetAsync(appliance.Guid, cancellationToken);
            if (string.Equals(node.Name, named, StringComparison.OrdinalIgnoreCase) || (Guid.TryParse(named, out Guid guid) && guid == node.Guid))
            {
                return node;
            }
        }

        throw new InvalidFieldException(Header, "No appliance that has joined is called so.", "Send its name or guid: GET /api/appliances lists them.");
    }

    private static void Collect(HashSet<Guid> guids, IEnumerable<string?> words)
    {
        foreach (string? word in words)
        {
            if (Guid.TryParseExact(word, "D", out Guid guid))
            {
                guids.Add(guid);
            }
        }
    }

    private static void CollectBody(HashSet<Guid> guids, byte[]? body)
    {
        if (body is null or { Length: 0 })
        {
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            while (reader.Read())
            {
                // A guid may stand for a value or name one.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && Guid.TryParseExact(reader.GetString(), "D", out Guid guid))
                {
                    guids.Add(guid);
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The endpoint says what is wrong with it.
        }
    }

    /// <summary>The body, which the endpoint can still read. In memory: it may hold a secret, and is 4 MiB at most.</summary>
    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        body.Position = 0;
        context.Request.Body = body;
        return body.ToArray();
    }
}
