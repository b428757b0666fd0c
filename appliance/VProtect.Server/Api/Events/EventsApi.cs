using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Events;

/// <summary>
/// Changes as they are committed, as server-sent events. Each is named like the list in the API; <c>reset</c> tells to read again. Reading is what a client
/// may do: it is told of the tables that it may list.
/// </summary>
internal static class EventsApi
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGroup("/events").WithTags("events")
        .MapGet("", StreamAsync).Describe("Streams changes as they happen, until the client goes or the server stops.", Permission.Self, 503).Produces<string>(StatusCodes.Status200OK, "text/event-stream");

    private static async Task StreamAsync(
        HttpContext context, CatalogDatabase catalog, EventClients clients, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        using EventClients.Place place = clients.Enter();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        var stream = new EventStream(context, catalog, time);
        try
        {
            await stream.RunAsync(ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The client has gone, or the server stops: an open stream has no other end.
        }
    }
}
