using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Federation;

/// <summary>Makes requests of this appliance's own API without a connection: the server hands them on.</summary>
internal sealed class OwnCalls(IServiceScopeFactory scopes)
{
    private RequestDelegate? _rest;

    /// <summary>Takes its place at the front of the pipeline, to know what follows.</summary>
    public RequestDelegate Watch(RequestDelegate rest) => _rest = rest;

    /// <summary>Makes a request and writes its answer: head, line feed, body.</summary>
    /// <param name="call">The request.</param>
    /// <param name="server">Who hands it on, for the audit log.</param>
    /// <param name="done">Is run when the request was carried out and before its answer is told, if it changes anything.</param>
    /// <param name="answer">Receives the answer.</param>
    /// <param name="cancellationToken">Nobody waits for it any more.</param>
    /// <exception cref="Exception">Whatever ended the answer in the middle: what was written is not whole, and must not be taken for it.</exception>
    public async Task RunAsync(ForwardedCall call, string server, Func<CancellationToken, Task> done, Stream answer, CancellationToken cancellationToken)
    {
        if (!call.Target.StartsWith('/'))
        {
            throw new InvalidDataException("The path of a call begins with a slash.");
        }

        bool reads = HttpMethods.IsGet(call.Method) || HttpMethods.IsHead(call.Method);
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };

        // It is passed on as it comes. The answer to a change begins when the server knows of the change.
        await using var headed = new HeadedStream(answer)
        {
            Head = async () =>
            {
                if (!reads)
                {
                    await done(cancellationToken);
                }

                return HeadOf(call, context.Response);
            },
        };
        var lifetime = new CallLifetime(cancellationToken);
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Features.Set<IHttpResponseFeature>(new CallResponse(headed));
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(call.Body is not null));
        context.Features.Set(new ForwardedCaller(new Caller(
            CallerKind.Server, call.UserGuid, $"{call.User} at {server}", call.UserGuid, ServerRights.Of(call.Grants), MustChangePassword: false, Csrf: null)));
        HttpRequest request = context.Request;
        (string path, QueryString query) = call.Target.IndexOf('?', StringComparison.Ordinal) is >= 0 and int at
            ? (call.Target[..at], new QueryString(call.Target[at..])) : (call.Target, QueryString.Empty);
        (request.Method, request.Scheme, request.Host, request.Path, request.QueryString) =
            (call.Method, Uri.UriSchemeHttps, new HostString("localhost"), PathString.FromUriComponent(path), query);
        foreach ((string name, string value) in call.Headers)
        {
            request.Headers[name] = value;
        }

        request.Body = new MemoryStream(call.Body ?? [], writable: false);
        request.ContentLength = call.Body?.Length ?? 0;
        context.Response.Body = headed;
        await (_rest ?? throw new InvalidOperationException("The server is not built."))(context);
        if (lifetime.IsCut)
        {
            throw new IOException("The answer is not whole.");
        }

        await context.Response.CompleteAsync();
        await headed.FlushAsync(cancellationToken);
    }

    private static byte[] HeadOf(ForwardedCall call, HttpResponse response) =>
    [
        .. JsonSerializer.SerializeToUtf8Bytes(
            new ForwardedHead(call.Id, response.StatusCode, response.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.Ordinal)),
            NodeWireJson.Default.ForwardedHead),
        (byte)'\n',
    ];

    private sealed record BodyDetection(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;

    /// <summary>A request that nobody's connection stands behind: what an endpoint cuts is cut by the answer not being whole.</summary>
    private sealed class CallLifetime(CancellationToken ends) : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; } = ends;

        public bool IsCut { get; private set; }

        public void Abort() => IsCut = true;
    }

    /// <summary>Tells that the answer has begun, so that nobody writes another one behind it.</summary>
    private sealed class CallResponse(HeadedStream body) : HttpResponseFeature
    {
        public override bool HasStarted => body.HasBegun;
    }

    /// <summary>Writes a head before the first bytes, or when it is flushed.</summary>
    private sealed class HeadedStream(Stream inner) : WriteOnlyStream
    {
        public bool HasBegun { get; private set; }

        public required Func<Task<byte[]>> Head { get; init; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await BeginAsync(cancellationToken);
            await inner.WriteAsync(buffer, cancellationToken);
        }

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            await BeginAsync(cancellationToken);
            await inner.FlushAsync(cancellationToken);
        }

        private async ValueTask BeginAsync(CancellationToken cancellationToken)
        {
            if (!HasBegun)
            {
                HasBegun = true;
                await inner.WriteAsync(await Head(), cancellationToken);
            }
        }
    }
}
