using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Settings;

/// <summary>Global settings: one document; a change holds at once.</summary>
internal static class SettingsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder settings = api.MapGroup("/global-settings").WithTags("settings");
        settings.MapGet("", GetAsync).Describe("Gets the global settings.", Permission.SettingsRead);
        settings.MapPut("", UpdateAsync).Describe("Replaces the global settings; they hold at once.", Permission.SettingsWrite, 400, 412);
    }

    private static async Task<Ok<GlobalSettings>> GetAsync(HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        (GlobalSettings settings, long version) = await LiveSettings.ReadAsync(session, cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(settings);
    }

    private static async Task<Ok<GlobalSettings>> UpdateAsync(
        GlobalSettings request, HttpContext context, CatalogDatabase catalog, LiveSettings live, CancellationToken cancellationToken)
    {
        request.Check();
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        long version = await transaction.Settings.SetAsync(
            LiveSettings.Key, JsonSerializer.Serialize(request, JsonSerializerOptions.Web), RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "settings.update", "global-settings", guid: null, name: null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        // What is committed must hold here, even if the client has gone.
        await live.ReloadAsync(catalog, CancellationToken.None);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(request);
    }
}
