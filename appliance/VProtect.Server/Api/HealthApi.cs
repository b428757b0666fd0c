using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Catalog;

namespace VProtect.Server.Api;

/// <summary>For load balancers and monitors, without a session: whether the process lives, and whether it can work. Nothing else is told.</summary>
internal static class HealthApi
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/health/live", () => TypedResults.Text("live")).AllowAnonymous().ExcludeFromDescription();
        endpoints.MapGet("/health/ready", ReadyAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<ContentHttpResult> ReadyAsync(CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        try
        {
            await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
            await session.Settings.FindAsync("", cancellationToken);
            return TypedResults.Text("ready");
        }
        catch (VProtectException)
        {
            return TypedResults.Text("the catalog cannot be used", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
