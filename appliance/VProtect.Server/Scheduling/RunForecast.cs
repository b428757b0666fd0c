using VProtect.Catalog.Policies;
using VProtect.Server.Policies;

namespace VProtect.Server.Scheduling;

/// <summary>"What would run tonight": policies + schedules + a span of time → runs. Pure.</summary>
internal static class RunForecast
{
    /// <summary>Runs in a span of time.</summary>
    /// <param name="policies">Policies to look at; those that are not active give nothing.</param>
    /// <param name="schedules">Schedules by identity; rules may name others, which count for nothing.</param>
    /// <param name="machines">Machines of each policy.</param>
    /// <param name="after">They lie after this.</param>
    /// <param name="until">Up to and with this.</param>
    /// <returns>
    /// By time, higher priority first. Where two schedules start one rule at one instant there is one run, and it is full if either asks
    /// for that. Made as it is read: take no more than is shown.
    /// </returns>
    public static IEnumerable<ForecastRun> Of(
        IEnumerable<PolicyModel> policies,
        IReadOnlyDictionary<Guid, ScheduleModel> schedules,
        ILookup<Guid, Guid> machines,
        DateTimeOffset after,
        DateTimeOffset until)
    {
        var starts =
            from policy in policies
            where policy.Active
            from rule in policy.Rules
            where rule.Active
            from schedule in Starting(policy.Kind, rule, schedules)
            from at in schedule.Times.After(after).TakeWhile(found => found <= until)
            group schedule by (policy, rule, at) into start
            orderby start.Key.at, start.Key.policy.Priority descending, start.Key.policy.Guid
            select (start.Key.policy, start.Key.rule, start.Key.at, schedule: start.OrderBy(schedule => schedule.BackupType).First());
        return
            from start in starts
            let backup = start.policy.Kind == PolicyKind.VmBackup
            from machine in machines[start.policy.Guid]
            select new ForecastRun
            {
                At = start.at,
                WindowEnd = start.schedule.WindowEnd(start.at),
                MachineGuid = machine,
                PolicyGuid = start.policy.Guid,
                RuleGuid = start.rule.Guid,
                ScheduleGuid = start.schedule.Guid,
                Type = backup ? start.schedule.BackupType : null,
                DestinationGuid = start.rule.Primary?.DestinationGuid,
                CopyDestinationGuid = start.rule.Secondary?.DestinationGuid,
                Priority = start.policy.Priority,
            };
    }

    /// <summary>The active schedules that start a rule; one of another type does not.</summary>
    internal static IEnumerable<ScheduleModel> Starting(PolicyKind kind, RuleModel rule, IReadOnlyDictionary<Guid, ScheduleModel> schedules)
    {
        ScheduleType type = kind == PolicyKind.VmBackup ? ScheduleType.VmBackup : ScheduleType.VmSnapshot;
        return rule.Schedules
            .Select(schedules.GetValueOrDefault)
            .OfType<ScheduleModel>()
            .Where(schedule => schedule.Active && schedule.Type == type);
    }
}
