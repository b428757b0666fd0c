using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;

namespace VProtect.Server.Api.Hypervisors;

/// <summary>Whether platforms can be used: a node tries now, and what it finds is answered and written down.</summary>
internal static class ChecksApi
{
    private static readonly TimeSpan CheckMax = TimeSpan.FromMinutes(1);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/hypervisors/{guid:guid}/check", CheckHostAsync).WithTags("infrastructure")
            .Describe("Tries whether a host can be used, and tells what is amiss.", Permission.InventoryPlatforms, 404, 503);
        api.MapPost("/hypervisor-managers/{guid:guid}/check", CheckManagerAsync).WithTags("infrastructure")
            .Describe("Tries whether a manager can be used, and tells what is amiss.", Permission.InventoryPlatforms, 404, 503);
    }

    private static async Task<Ok<CheckView>> CheckHostAsync(
        Guid guid, CatalogDatabase catalog, References references, Errands errands, TimeProvider time, CancellationToken cancellationToken)
    {
        PlatformReference platform;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            Hypervisor host = await session.Hypervisors.GetAsync(guid, cancellationToken);
            platform = await references.PlatformAsync(session, host, cancellationToken);
        }

        (CheckView view, ConnectionState state) = await CheckAsync(platform, errands, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Hypervisors.RecordStateAsync(guid, state, InfoOf(view), SeenAt(state, time), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }

    private static async Task<Ok<CheckView>> CheckManagerAsync(
        Guid guid, CatalogDatabase catalog, References references, Errands errands, TimeProvider time, CancellationToken cancellationToken)
    {
        PlatformReference platform;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            HypervisorManager manager = await session.HypervisorManagers.GetAsync(guid, cancellationToken);
            platform = await references.PlatformAsync(session, manager, cancellationToken);
        }

        (CheckView view, ConnectionState state) = await CheckAsync(platform, errands, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.HypervisorManagers.RecordStateAsync(guid, state, InfoOf(view), SeenAt(state, time), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }

    /// <summary>A platform that cannot be reached is a finding, not a failure of the request; that no node is there to try is one.</summary>
    private static async Task<(CheckView View, ConnectionState State)> CheckAsync(PlatformReference platform, Errands errands, CancellationToken cancellationToken)
    {
        try
        {
            var result = await errands.RunAsync(new CheckPlatformWork(platform), CheckMax, cancellationToken) as CheckPlatformResult
                ?? throw new InvalidOperationException("The node answered a check with something else.");
            return (new CheckView(result.IsUsable, result.Product, result.Findings), result.IsUsable ? ConnectionState.Online : ConnectionState.Failed);
        }
        catch (VProtectException failure) when (failure.Code != ErrorCode.NoNode)
        {
            ConnectionState state = failure.Code == ErrorCode.PlatformUnavailable ? ConnectionState.Offline : ConnectionState.Failed;
            return (new CheckView(Usable: false, Product: null, [$"{failure.Message} {failure.Guidance}"]), state);
        }
    }

    private static string? InfoOf(CheckView view) => view.Findings.Count == 0 ? null : string.Join(' ', view.Findings);

    private static DateTimeOffset? SeenAt(ConnectionState state, TimeProvider time) => state == ConnectionState.Online ? time.GetUtcNow() : null;
}
