using VProtect.Server.Scheduling;
using static VProtect.Server.Tests.Scheduling.Schedules;

namespace VProtect.Server.Tests.Scheduling;

public sealed class DueRunTests
{
    private static readonly ScheduleModel Hourly =
        ScheduleValidation.Validate(Every("00:00", "00:00", 60) with { StartWindow = TimeSpan.FromMinutes(20) });

    [Fact]
    public void Nothing_is_due_between_two_times() =>
        Assert.Null(DueRun.Of(Hourly, At("2026-11-22 10:00"), At("2026-11-22 10:59:59")));

    [Fact]
    public void A_time_is_due_at_its_instant_and_only_once()
    {
        Assert.Equal(
            new DueRun(At("2026-11-22 11:00"), At("2026-11-22 11:20")), DueRun.Of(Hourly, At("2026-11-22 10:30"), At("2026-11-22 11:00")));
        Assert.Null(DueRun.Of(Hourly, At("2026-11-22 11:00"), At("2026-11-22 11:01")));
    }

    [Fact]
    public void Times_missed_while_the_server_was_down_run_once_for_the_latest() =>
        Assert.Equal(At("2026-11-22 11:00"), DueRun.Of(Hourly, At("2026-09-01"), At("2026-11-22 11:20"))?.Occurrence);

    [Fact]
    public void A_time_whose_window_has_closed_is_not_run() =>
        Assert.Null(DueRun.Of(Hourly, At("2026-09-01"), At("2026-11-22 11:20:01")));

    [Fact]
    public void Without_a_window_a_missed_time_runs_however_late()
    {
        ScheduleModel yearly = ScheduleValidation.Validate(Cron("@yearly"));

        Assert.Equal(new DueRun(At("2026-01-01"), null), DueRun.Of(yearly, At("2025-06-01"), At("2026-11-22")));
    }

    [Fact]
    public void An_inactive_schedule_is_never_due() =>
        Assert.Null(DueRun.Of(Hourly with { Active = false }, At("2026-11-22 10:30"), At("2026-11-22 11:00")));
}
