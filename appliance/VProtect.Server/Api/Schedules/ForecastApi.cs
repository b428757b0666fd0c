using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Policies;
using VProtect.Server.Scheduling;

namespace VProtect.Server.Api.Schedules;

/// <summary>A run that would begin.</summary>
internal sealed record ForecastView(
    DateTimeOffset At, DateTimeOffset? WindowEnd, NameAndGuid? ProtectedEntity, NameAndGuid? Policy, NameAndGuid? Rule, NameAndGuid? Schedule, BackupType? BackupType,
    NameAndGuid? BackupDestination, NameAndGuid? SecondaryBackupDestination, int Priority);

/// <summary>What would run: nothing is started.</summary>
internal static class ForecastApi
{
    private const int RunsMax = 10_000;
    private static readonly TimeSpan Default = TimeSpan.FromHours(24);
    private static readonly TimeSpan Furthest = TimeSpan.FromDays(31);

    public static void Map(IEndpointRouteBuilder api) => api.MapGroup("/schedules").WithTags("schedules").MapGet("/forecast", ForecastAsync)
        .Describe($"Tells what schedules would start until a time, 24 hours from now by default; at most {RunsMax} runs.", Permission.PoliciesRead, 400);

    private static async Task<Ok<List<ForecastView>>> ForecastAsync(
        long? until, Guid? policy, Guid? schedule, CatalogDatabase catalog, PolicyBook book, TimeProvider time, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset end = TimeParameter.Parse("until", until) ?? now + Default;
        if (end <= now || end > now + Furthest)
        {
            throw new InvalidFieldException("until", "It is not in the next 31 days.", "Send milliseconds since 1970-01-01 UTC.");
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        PolicyBook.Page page = await book.ReadAsync(session, cancellationToken);
        IReadOnlyList<PolicyModel> policies = [.. page.Policies.Values.Where(one => one.Active && (policy is null || one.Guid == policy))];
        List<PolicyMachine> links = [];
        foreach (PolicyModel one in policies)
        {
            links.AddRange(await session.Policies.MachinesAsync(one.Guid, cancellationToken));
        }

        List<ForecastRun> runs = [.. RunForecast.Of(policies, page.Schedules, links.ToLookup(link => link.PolicyGuid, link => link.MachineGuid), now, end)
            .Where(run => schedule is null || run.ScheduleGuid == schedule).Take(RunsMax)];
        var names = new Names();
        await names.AddAsync(session.Machines, runs.Select(run => (Guid?)run.MachineGuid), cancellationToken);
        await names.AddAsync(session.Policies, runs.Select(run => (Guid?)run.PolicyGuid), cancellationToken);
        await names.AddAsync(session.Rules, runs.Select(run => (Guid?)run.RuleGuid), cancellationToken);
        await names.AddAsync(session.Schedules, runs.Select(run => (Guid?)run.ScheduleGuid), cancellationToken);
        await names.AddAsync(session.Destinations, runs.SelectMany(run => (Guid?[])[run.DestinationGuid, run.CopyDestinationGuid]), cancellationToken);
        return TypedResults.Ok(runs.Select(run => new ForecastView(
            run.At, run.WindowEnd, names.Of(run.MachineGuid), names.Of(run.PolicyGuid), names.Of(run.RuleGuid), names.Of(run.ScheduleGuid), run.Type,
            names.Of(run.DestinationGuid), names.Of(run.CopyDestinationGuid), run.Priority)).ToList());
    }
}
