using VProtect.Catalog.Policies;
using VProtect.Server.Policies;

namespace VProtect.Server.Scheduling;

/// <summary>By when a machine must have its next good backup. Pure.</summary>
internal static class RpoWatch
{
    /// <summary>
    /// The instant up to which a machine is up to date. A policy with an RPO of its own asks for a backup every so often; one without asks for
    /// the next run of its schedules: its time, its start window, and an allowance for the run itself. The shortest counts.
    /// </summary>
    /// <param name="policies">Backup policies of the machine; those that are not active ask for nothing.</param>
    /// <param name="schedules">Schedules by identity.</param>
    /// <param name="lastSuccess">The last good backup; for a machine that has none, when it came into its first policy.</param>
    /// <param name="allowance">How long a run may take.</param>
    /// <returns>Null when no policy asks for anything.</returns>
    public static DateTimeOffset? DueAt(
        IEnumerable<PolicyModel> policies, IReadOnlyDictionary<Guid, ScheduleModel> schedules, DateTimeOffset lastSuccess, TimeSpan allowance) => policies
        .Where(policy => policy is { Active: true, Kind: PolicyKind.VmBackup })
        .Select(policy => policy.Rpo is { } rpo ? lastSuccess + rpo : NextSuccess(policy, schedules, lastSuccess, allowance))
        .Min();

    /// <summary>Machines that are not up to date, the longest overdue first.</summary>
    /// <param name="machines">Machines and when their next good backup is due; null never.</param>
    /// <param name="now">Now.</param>
    public static IReadOnlyList<OverdueMachine> Overdue(IEnumerable<(Guid Machine, DateTimeOffset? DueAt)> machines, DateTimeOffset now) =>
    [
        .. machines
            .Where(machine => !UpToDate(machine.DueAt, now))
            .Select(machine => new OverdueMachine(machine.Machine, now - machine.DueAt!.Value))
            .OrderByDescending(machine => machine.Overdue).ThenBy(machine => machine.MachineGuid),
    ];

    /// <summary>Whether a machine is up to date; one of which nothing is asked is.</summary>
    public static bool UpToDate(DateTimeOffset? dueAt, DateTimeOffset now) => dueAt is null || dueAt > now;

    private static DateTimeOffset? NextSuccess(
        PolicyModel policy, IReadOnlyDictionary<Guid, ScheduleModel> schedules, DateTimeOffset lastSuccess, TimeSpan allowance) => policy.Rules
        .Where(rule => rule.Active)
        .SelectMany(rule => RunForecast.Starting(policy.Kind, rule, schedules))
        .Select(schedule => schedule.Times.Next(lastSuccess) + (schedule.StartWindow ?? TimeSpan.Zero) + allowance)
        .Min();
}
