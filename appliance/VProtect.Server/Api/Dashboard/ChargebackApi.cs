using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Statistics;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Dashboard;

/// <summary>What to charge machines and tenants for.</summary>
internal static class ChargebackApi
{
    private const int RowsMax = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder chargeback = api.MapGroup("/chargeback-reporting").WithTags("dashboard");
        chargeback.MapPost("/backup-size/vm", StoredAsync).Describe("Adds up what is stored for the backups of each machine.", Permission.BackupsRead, 400);
        chargeback.MapPost("/transfer-size/vm", TransferredAsync).Describe("Adds up what was read for the backups of each machine.", Permission.BackupsRead, 400);
    }

    private static Task<Ok<List<ChargebackView>>> StoredAsync(
        ChargebackRequest request, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken) =>
        AnswerAsync(request, sums => sums.StoredBytes, catalog, time, cancellationToken);

    private static Task<Ok<List<ChargebackView>>> TransferredAsync(
        ChargebackRequest request, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken) =>
        AnswerAsync(request, sums => sums.ChangedBytes, catalog, time, cancellationToken);

    private static async Task<Ok<List<ChargebackView>>> AnswerAsync(
        ChargebackRequest request, Func<BackupSums, long> charged, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        var span = Span.Of(request.From, request.To, TimeSpan.FromDays(30), time);
        Guid[]? machines = request.Vms is { Count: > 0 } vms ? [.. vms.Select(machine => machine.Guid).Distinct()] : null;
        if (machines?.Length > RowsMax)
        {
            throw new InvalidFieldException("vms", "There are too many machines.", $"Send at most {RowsMax}.");
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        IReadOnlyList<MachineSums> sums = await session.Statistics.ByMachineAsync(span.From, span.To, machines, request.TenantId, RowsMax, cancellationToken);
        NameLookup policies = await NameLookup.OfAsync(session.Policies, sums.Select(one => one.PolicyGuid), cancellationToken);
        return TypedResults.Ok(sums.Select(one => new ChargebackView(
            new NameAndGuid(one.MachineGuid, one.Name), one.TenantId, policies[one.PolicyGuid], one.Sums.Points, charged(one.Sums))).ToList());
    }
}
