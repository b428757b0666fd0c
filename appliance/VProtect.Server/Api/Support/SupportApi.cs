using System.Globalization;
using System.Net.Mime;
using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Monitoring;

namespace VProtect.Server.Api.Support;

/// <summary>What somebody who helps needs to see of this appliance.</summary>
internal static class SupportApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/support-bundle", WriteAsync).WithTags("settings")
            .Describe("Downloads a support bundle: versions, settings, what is connected, latest tasks, metrics and logs, without secrets.", Permission.SettingsWrite)
            .Produces<Stream>(StatusCodes.Status200OK, MediaTypeNames.Application.Zip);

    private static async Task WriteAsync(HttpContext context, CatalogDatabase catalog, SupportBundle bundle, TimeProvider time, CancellationToken cancellationToken)
    {
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            await AuditTrail.AppendAsync(transaction, context, "support-bundle.download", "support-bundle", guid: null, name: null, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        // The end of an archive is written without waiting.
        using var archive = new MemoryStream();
        await bundle.WriteAsync(archive, cancellationToken);
        string name = $"vprotect-support-{time.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}.zip";
        context.Response.ContentType = MediaTypeNames.Application.Zip;
        context.Response.Headers.ContentDisposition = $"attachment; filename={name}; filename*=UTF-8''{name}";
        context.Response.Headers.CacheControl = "no-store";
        archive.Position = 0;
        await archive.CopyToAsync(context.Response.Body, cancellationToken);
    }
}
