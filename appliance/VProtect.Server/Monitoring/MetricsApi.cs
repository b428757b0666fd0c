using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Monitoring;

/// <summary><c>/metrics</c>, for Prometheus and what speaks its format. It names machines, so it asks for a token like everything else.</summary>
internal static class MetricsApi
{
    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/metrics", ReadAsync).WithTags("monitoring").Describe("Tells monitoring how the appliance is, as OpenMetrics text.", Permission.MonitoringRead)
            .ExcludeFromDescription();

    private static async Task<IResult> ReadAsync(CatalogDatabase catalog, NodeMounts mounts, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return Results.Text(MetricsText.Of(await Metrics.ReadAsync(session, mounts, time.GetUtcNow(), cancellationToken)), MetricsText.ContentType);
    }
}
