using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Backups;
using VProtect.Server.Api.Shared;
using VProtect.Server.Api.Tasks;
using VProtect.Server.Policies.Retention;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Retention;

/// <summary>Which backups get which hint: those named, or those of machines, in a time.</summary>
internal sealed record MarkBackupsBody(
    RetentionHint? RetentionHint, IReadOnlyList<NameAndGuid>? Backups, IReadOnlyList<NameAndGuid>? ProtectedEntities, NameAndGuid? BackupDestination,
    DateTimeOffset? From, DateTimeOffset? Before);

/// <summary>What shall be tried on which machine.</summary>
internal sealed record SimulationBody(NameAndGuid? ProtectedEntity, RetentionBody? BackupRetentionSettings, DateTimeOffset? At, string? TimeZone);

/// <summary>Retention settings as rules have them; ages in milliseconds.</summary>
internal sealed record RetentionBody(
    int? RetentionKeepLastNFull, long? RetentionKeepFullNewerThan, int? RetentionKeepLastNIncremental, long? RetentionKeepIncrementalNewerThan,
    bool? KeepLastBackupWhenSourceStillExists, int? KeepLast, int? KeepHourly, int? KeepDaily, int? KeepWeekly, int? KeepMonthly, int? KeepYearly);

/// <summary>What would become of a backup, and why.</summary>
internal sealed record SimulationView(BackupView Backup, bool Keep, RetentionReason Reason);

/// <summary>Marks for retention, and its simulator.</summary>
internal static class RetentionApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder retention = api.MapGroup("/retention").WithTags("retention");
        retention.MapPost("/mark-backups/preview", PreviewAsync).Describe("Lists the backups that would be marked.", Permission.BackupsRead, 400, 404);
        retention.MapPost("/mark-backups", MarkAsync).Describe("Says what retention shall do with backups.", Permission.BackupsEdit, 400, 404);
        retention.MapPost("/simulate", SimulateAsync)
            .Describe("Tells which backups of a machine retention would keep and which not, and why; with its own settings or with those sent.", Permission.BackupsRead, 400, 404);
    }

    private static async Task<Ok<List<BackupView>>> PreviewAsync(MarkBackupsBody request, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await BackupView.OfAsync(session, await ChosenAsync(session, request, cancellationToken), cancellationToken));
    }

    private static async Task<Ok<List<BackupView>>> MarkAsync(
        MarkBackupsBody request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        RetentionHint hint = request.RetentionHint
            ?? throw new InvalidFieldException("retentionHint", "It is missing.", "Send TO_REMOVE, ARCHIVE or STANDARD_RETENTION.");
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        List<RestorePoint> points = await ChosenAsync(transaction, request, cancellationToken);
        foreach (RestorePoint point in points)
        {
            await transaction.RestorePoints.UpdateAsync(point with { RetentionHint = hint }, cancellationToken);
        }

        IReadOnlyList<RestorePoint> marked = [.. points.Select(point => point with { RetentionHint = hint })];
        List<BackupView> views = await BackupView.OfAsync(transaction, marked, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "backups.mark", "backups", guid: null, $"{points.Count} {ApiName.Of(hint)}", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(views);
    }

    private static async Task<Ok<List<SimulationView>>> SimulateAsync(
        SimulationBody request, CatalogDatabase catalog, RetentionRun retention, TimeProvider time, CancellationToken cancellationToken)
    {
        Guid guid = request.ProtectedEntity.Required("protectedEntity");
        RetentionSettings? settings = request.BackupRetentionSettings is { } written ? SettingsOf(written, request.TimeZone ?? "UTC") : null;
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        Machine machine = await session.Machines.GetAsync(guid, cancellationToken);
        IReadOnlyList<(RestorePoint Point, RetentionDecision Decision)> decided =
            await retention.DecideAsync(session, machine, settings, request.At ?? time.GetUtcNow(), cancellationToken);
        List<BackupView> views = await BackupView.OfAsync(session, [.. decided.Select(one => one.Point)], cancellationToken);
        return TypedResults.Ok(decided.Zip(views, (one, view) => new SimulationView(view, one.Decision.Keep, one.Decision.Reason)).ToList());
    }

    private static async Task<List<RestorePoint>> ChosenAsync(CatalogSession session, MarkBackupsBody request, CancellationToken cancellationToken)
    {
        if (request.Backups is { Count: > 0 })
        {
            List<RestorePoint> named = [];
            foreach (Guid guid in request.Backups.Required("backups").Distinct())
            {
                named.Add(await session.RestorePoints.GetAsync(guid, cancellationToken));
            }

            return named;
        }

        List<RestorePoint> points = [];
        foreach (Guid machine in request.ProtectedEntities.Required("backups or protectedEntities").Distinct())
        {
            IReadOnlyList<RestorePoint> good = await session.RestorePoints.GoodOfMachineAsync(machine, cancellationToken: cancellationToken);
            points.AddRange(good.Where(point =>
                (request.BackupDestination is null || point.DestinationGuid == request.BackupDestination.Guid)
                && !(point.CreatedAt < request.From) && !(point.CreatedAt >= request.Before)));
        }

        return points;
    }

    private static RetentionSettings SettingsOf(RetentionBody body, string timeZone)
    {
        static TimeSpan? Age(long? milliseconds) => milliseconds is { } given ? TimeSpan.FromMilliseconds(Math.Clamp(given, -1, long.MaxValue / 10_000)) : null;
        var destination = new RuleDestination
        {
            RuleGuid = Guid.Empty,
            Role = DestinationRole.Primary,
            DestinationGuid = Guid.Empty,
            KeepLastFull = body.RetentionKeepLastNFull,
            KeepFullNewerThan = Age(body.RetentionKeepFullNewerThan),
            KeepLastIncremental = body.RetentionKeepLastNIncremental,
            KeepIncrementalNewerThan = Age(body.RetentionKeepIncrementalNewerThan),
            KeepLastWhilePresent = body.KeepLastBackupWhenSourceStillExists ?? true,
            KeepLast = body.KeepLast ?? 0,
            KeepHourly = body.KeepHourly ?? 0,
            KeepDaily = body.KeepDaily ?? 0,
            KeepWeekly = body.KeepWeekly ?? 0,
            KeepMonthly = body.KeepMonthly ?? 0,
            KeepYearly = body.KeepYearly ?? 0,
        };
        var problems = new FieldProblems();
        RetentionSettings settings = RetentionSettings.Of(destination, problems.Zone(timeZone, "timeZone"), "body", problems);
        problems.ThrowIfAny();
        return settings;
    }
}
