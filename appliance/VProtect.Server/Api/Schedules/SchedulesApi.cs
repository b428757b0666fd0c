using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Scheduling;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Schedules;

/// <summary>When rules run.</summary>
internal static class SchedulesApi
{
    private const string Kind = "schedules";
    private const int NextRunsShown = 5;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder schedules = api.MapGroup("/schedules").WithTags("schedules");
        schedules.MapGet("", ListAsync).Describe("Lists schedules; of a type, a tenant, or those that start something for a machine.", Permission.PoliciesRead, 400);
        schedules.MapGet("/{guid:guid}", GetAsync).Describe("Gets a schedule.", Permission.PoliciesRead, 404);
        schedules.MapPost("", CreateAsync).Describe("Makes a schedule.", Permission.PoliciesWrite, 400);
        schedules.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a schedule.", Permission.PoliciesWrite, 400, 404, 412);
        schedules.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a schedule that starts no rule.", Permission.PoliciesWrite, 404, 409, 412);
    }

    private static async Task<Ok<List<ScheduleView>>> ListAsync(
        QueryValue<ScheduleType>? type, [FromQuery(Name = "tenantid")] string? tenant, [FromQuery(Name = "protected-entity")] Guid? machine,
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Schedule> page = machine is { } of
            ? await session.Schedules.ListOfMachineAsync(type?.Value, tenant, of, list.ToQuery(), cancellationToken)
            : await session.Schedules.ListAsync(type?.Value, tenant, list.ToQuery(), cancellationToken);
        Func<Schedule, ScheduleView> view = await ViewsAsync(session, page.Rows, time.GetUtcNow(), cancellationToken);
        return ListParameters.Answer(context, page, view);
    }

    private static async Task<Ok<ScheduleView>> GetAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, time, cancellationToken));
    }

    private static async Task<Created<ScheduleView>> CreateAsync(
        ScheduleRequest request, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        var empty = new Schedule { Name = "", Type = ScheduleType.VmBackup, BackupType = BackupType.Incremental, ExecutionType = ScheduleExecution.Time };
        Schedule schedule = Due(request.ApplyTo(empty), time);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Schedules.InsertAsync(schedule, cancellationToken);
        await SetRulesAsync(transaction, schedule, request.Rules, cancellationToken);
        ScheduleView view = await AnswerAsync(transaction, schedule.Guid, context, time, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "schedules.create", Kind, schedule.Guid, schedule.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/schedules/{schedule.Guid}", view);
    }

    private static async Task<Ok<ScheduleView>> UpdateAsync(
        Guid guid, ScheduleRequest request, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Schedule before = await transaction.Schedules.GetAsync(guid, cancellationToken);
        Schedule schedule = Due(request.ApplyTo(before with { Version = RowVersion.Expected(context) ?? before.Version }), time);
        await transaction.Schedules.UpdateAsync(schedule, cancellationToken);
        IReadOnlyList<NameAndGuid>? rules = request.Rules;
        if (rules is null && schedule.Type != before.Type)
        {
            // What it starts must still fit what it is.
            rules = [.. (await transaction.Schedules.RulesAsync(guid, cancellationToken)).Select(rule => new NameAndGuid(rule))];
        }

        await SetRulesAsync(transaction, schedule, rules, cancellationToken);
        ScheduleView view = await AnswerAsync(transaction, guid, context, time, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "schedules.update", Kind, guid, schedule.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Schedule schedule = await transaction.Schedules.GetAsync(guid, cancellationToken);
        Reference.RequireUnused($"Schedule '{schedule.Name}'", await transaction.Schedules.UsesAsync(guid, cancellationToken));
        await transaction.Schedules.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "schedules.delete", Kind, guid, schedule.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>The schedule, found valid, with the time that it is due.</summary>
    private static Schedule Due(Schedule schedule, TimeProvider time)
    {
        ScheduleModel model = ScheduleValidation.Validate(schedule);
        return schedule with { NextRunAt = model.Active ? model.Times.Next(time.GetUtcNow()) : null };
    }

    private static async Task SetRulesAsync(
        CatalogTransaction transaction, Schedule schedule, IReadOnlyList<NameAndGuid>? references, CancellationToken cancellationToken)
    {
        if (references is null)
        {
            return;
        }

        var problems = new FieldProblems();
        Guid[] guids = [.. references.Select(reference => reference.Guid)];
        IReadOnlyDictionary<Guid, Rule> rules = await Reference.FindAllAsync(transaction.Rules, guids, i => $"rules[{i}]", problems, cancellationToken);
        Dictionary<Guid, PolicyKind> kinds = (await transaction.Policies.FindManyAsync([.. rules.Values.Select(rule => rule.PolicyGuid)], cancellationToken))
            .ToDictionary(policy => policy.Guid, policy => policy.Kind);
        foreach ((int i, Guid guid) in guids.Index())
        {
            problems.Require(
                !rules.TryGetValue(guid, out Rule? rule) || ScheduleFit.Starts(schedule.Type, kinds[rule.PolicyGuid]),
                $"rules[{i}]", "Its policy is of another kind than the schedule.", "Choose rules of backup policies for VM_BACKUP and of snapshot policies for VM_SNAPSHOT.");
        }

        problems.ThrowIfAny();
        await transaction.Schedules.SetRulesAsync(schedule.Guid, guids, cancellationToken);
    }

    private static async Task<ScheduleView> AnswerAsync(
        CatalogSession session, Guid guid, HttpContext context, TimeProvider time, CancellationToken cancellationToken)
    {
        Schedule schedule = await session.Schedules.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, schedule.Version);
        return (await ViewsAsync(session, [schedule], time.GetUtcNow(), cancellationToken))(schedule);
    }

    private static async Task<Func<Schedule, ScheduleView>> ViewsAsync(
        CatalogSession session, IReadOnlyList<Schedule> schedules, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ILookup<Guid, Guid> rulesOf = await session.Schedules.RulesAsync([.. schedules.Select(schedule => schedule.Guid)], cancellationToken);
        Guid[] guids = [.. schedules.SelectMany(schedule => rulesOf[schedule.Guid]).Distinct()];
        Dictionary<Guid, Rule> rules = (await session.Rules.FindManyAsync(guids, cancellationToken)).ToDictionary(rule => rule.Guid);
        NameLookup policies = await NameLookup.OfAsync(session.Policies, rules.Values.Select(rule => (Guid?)rule.PolicyGuid), cancellationToken);
        return schedule => View(schedule, [.. rulesOf[schedule.Guid].Select(guid => rules[guid]).OrderBy(rule => rule.NameKey)], policies, now);
    }

    private static ScheduleView View(Schedule schedule, IReadOnlyList<Rule> rules, NameLookup policies, DateTimeOffset now) => new(
        schedule.Guid,
        schedule.Name,
        schedule.Active,
        schedule.Type,
        schedule.BackupType,
        schedule.ExecutionType,
        Duration.In(schedule.Hour),
        schedule.IntervalFrequency is null
            ? null
            : new IntervalView(Duration.In(schedule.IntervalStart), Duration.In(schedule.IntervalEnd), Duration.In(schedule.IntervalFrequency)),
        schedule.Cron,
        schedule.TimeZone,
        (long)schedule.StartWindow.TotalMilliseconds,
        Members<DayOfWeek>(schedule.DaysOfWeek),
        Members<Month>(schedule.Months),
        Members<WeekdayOccurrence>(schedule.Occurrences),
        [.. rules.Select(rule => new NameAndGuid(rule.Guid, rule.Name))],
        [.. rules.Select(rule => rule.PolicyGuid).Distinct().Select(policies.Of)],
        schedule.TenantId,
        schedule.LastRunAt,
        NextRuns(schedule, now));

    private static IReadOnlyList<DateTimeOffset> NextRuns(Schedule schedule, DateTimeOffset now)
    {
        try
        {
            return ScheduleValidation.Validate(schedule).NextOccurrences(now, NextRunsShown);
        }
        catch (InvalidFieldsException)
        {
            // It was valid once: its time zone is not known any more. It does not run, and that is what is shown.
            return [];
        }
    }

    private static List<TEnum> Members<TEnum>(IReadOnlyList<string> names)
        where TEnum : struct, Enum
    {
        List<TEnum> members = [];
        foreach (string name in names)
        {
            if (ApiName.TryParse(name, out TEnum member))
            {
                members.Add(member);
            }
        }

        return members;
    }
}
