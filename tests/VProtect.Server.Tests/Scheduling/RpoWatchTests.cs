using VProtect.Catalog.Policies;
using VProtect.Server.Policies;
using VProtect.Server.Scheduling;
using VProtect.Server.Tests.Policies;
using static VProtect.Server.Tests.Scheduling.Schedules;

namespace VProtect.Server.Tests.Scheduling;

public sealed class RpoWatchTests
{
    private static readonly Schedule Nightly = Daily("01:00") with { StartWindow = TimeSpan.FromHours(4) };
    private static readonly Schedule Hourly = Every("00:00", "00:00", 60);
    private static readonly PolicyModel ByNight = PolicyConfigs.Backup("night", 50, Nightly.Guid).Valid();
    private static readonly PolicyModel ByHour = PolicyConfigs.Backup("hour", 50, Hourly.Guid).Valid();

    [Fact]
    public void A_backup_is_due_at_the_next_run_with_its_window_and_allowance() =>
        Assert.Equal(At("2026-11-23 07:00"), DueAt("2026-11-22 01:40", ByNight));

    [Fact]
    public void The_shortest_of_several_policies_counts() =>
        Assert.Equal(At("2026-11-22 04:00"), DueAt("2026-11-22 01:40", ByNight, ByHour));

    [Fact]
    public void An_rpo_of_its_own_takes_the_place_of_schedules() =>
        Assert.Equal(At("2026-11-22 13:40"), DueAt("2026-11-22 01:40", ByHour with { Rpo = TimeSpan.FromHours(12) }));

    [Fact]
    public void What_is_not_active_or_makes_no_backups_asks_for_nothing() => Assert.Null(DueAt(
        "2026-11-22 01:40",
        ByNight with { Active = false },
        ByNight with { Rules = [ByNight.Rules[0] with { Active = false }] },
        PolicyConfigs.Snapshots(Hourly.Guid).Valid()));

    [Fact]
    public void Overdue_machines_come_by_how_long_they_are()
    {
        Guid[] machines = [.. Enumerable.Range(0, 4).Select(_ => Guid.CreateVersion7())];
        DateTimeOffset now = At("2026-11-22 12:00");

        Assert.Equal(
            [new OverdueMachine(machines[2], TimeSpan.FromHours(5)), new OverdueMachine(machines[0], TimeSpan.Zero)],
            RpoWatch.Overdue([(machines[0], now), (machines[1], now.AddTicks(1)), (machines[2], now.AddHours(-5)), (machines[3], null)], now));
    }

    private static DateTimeOffset? DueAt(string lastSuccess, params PolicyModel[] policies) => RpoWatch.DueAt(
        policies,
        new[] { Nightly, Hourly }.Select(ScheduleValidation.Validate).ToDictionary(schedule => schedule.Guid),
        At(lastSuccess),
        TimeSpan.FromHours(2));
}
