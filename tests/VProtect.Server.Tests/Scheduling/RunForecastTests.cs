using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Policies;
using VProtect.Server.Scheduling;
using VProtect.Server.Tests.Policies;
using static VProtect.Server.Tests.Scheduling.Schedules;

namespace VProtect.Server.Tests.Scheduling;

public sealed class RunForecastTests
{
    private static readonly Schedule Nightly = Daily("01:00") with { StartWindow = TimeSpan.FromHours(4) };
    private static readonly Schedule Full = Daily("01:00") with { DaysOfWeek = ["SUNDAY"], BackupType = BackupType.Full };
    private static readonly Schedule Snapshots = Every("00:00", "00:00", 8 * 60) with { Type = ScheduleType.VmSnapshot };

    [Fact]
    public void Each_machine_of_a_policy_runs_at_each_time_of_its_rules()
    {
        PolicyModel backup = PolicyConfigs.Backup("gold", 50, Nightly.Guid).Valid();
        PolicyModel snapshots = PolicyConfigs.Snapshots(Snapshots.Guid).Valid();

        ForecastRun[] runs = Forecast([backup, snapshots], "2026-11-22 23:00", "2026-11-23 08:00", machinesEach: 2);

        Assert.Equal(
            ["00:00 snapshot", "00:00 snapshot", "01:00 Incremental", "01:00 Incremental", "08:00 snapshot", "08:00 snapshot"],
            runs.Select(run => $"{run.At:HH:mm} {run.Type?.ToString() ?? "snapshot"}"));
        Assert.Equal(2, runs.Where(run => run.Type is not null).Select(run => run.MachineGuid).Distinct().Count());
        Assert.All(runs.Where(run => run.Type is not null), run => Assert.Equal(backup.Rules[0].Primary!.DestinationGuid, run.DestinationGuid));
        Assert.Equal(At("2026-11-23 05:00"), runs[2].WindowEnd);
    }

    [Fact]
    public void Two_schedules_at_one_instant_are_one_full_run() => Assert.Equal(
        ["Saturday Incremental", "Sunday Full", "Monday Incremental"],
        Forecast([PolicyConfigs.Backup("gold", 50, Nightly.Guid, Full.Guid).Valid()], "2026-11-20 12:00", "2026-11-23 12:00", machinesEach: 1)
            .Select(run => $"{run.At:dddd} {run.Type}"));

    [Fact]
    public void Higher_priority_comes_first_at_one_instant() => Assert.Equal(
        [90, 50, 10],
        Forecast(
            [.. new[] { 50, 10, 90 }.Select(priority => PolicyConfigs.Backup("p", priority, Nightly.Guid).Valid())],
            "2026-11-22 12:00", "2026-11-23 12:00", machinesEach: 1).Select(run => run.Priority));

    [Fact]
    public void Nothing_runs_of_what_is_not_active_or_does_not_fit()
    {
        PolicyModel backup = PolicyConfigs.Backup("gold", 50, Nightly.Guid).Valid();
        PolicyModel wrongType = PolicyConfigs.Backup("gold", 50, Snapshots.Guid, Guid.CreateVersion7()).Valid();

        Assert.Empty(Forecast(
            [backup with { Active = false }, backup with { Rules = [backup.Rules[0] with { Active = false }] }, wrongType],
            "2026-11-22", "2026-11-24", machinesEach: 1));
    }

    private static ForecastRun[] Forecast(PolicyModel[] policies, string after, string until, int machinesEach) =>
    [
        .. RunForecast.Of(
            policies,
            new[] { Nightly, Full, Snapshots }.Select(ScheduleValidation.Validate).ToDictionary(schedule => schedule.Guid),
            policies.Select(policy => policy.Guid).Distinct()
                .SelectMany(policy => Enumerable.Range(0, machinesEach).Select(_ => (policy, machine: Guid.CreateVersion7())))
                .ToLookup(link => link.policy, link => link.machine),
            At(after),
            At(until)),
    ];
}
