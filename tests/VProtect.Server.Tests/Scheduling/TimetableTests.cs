using static VProtect.Server.Tests.Scheduling.Schedules;

namespace VProtect.Server.Tests.Scheduling;

public sealed class TimetableTests
{
    [Theory]
    [InlineData("Europe/Warsaw", "02:30", "2026-03-28", "2026-03-28 01:30|2026-03-29 01:00|2026-03-30 00:30")]
    [InlineData("America/New_York", "02:30", "2026-03-07 12:00", "2026-03-08 07:00|2026-03-09 06:30")]
    [InlineData("Australia/Lord_Howe", "02:15", "2026-10-02 20:00", "2026-10-03 15:30|2026-10-04 15:15")]
    [InlineData("Africa/Cairo", "00:10", "2026-04-23 00:00", "2026-04-23 22:00|2026-04-24 21:10")]
    public void A_daily_time_that_clocks_skip_runs_when_they_are_changed(string zone, string time, string after, string expected) =>
        Assert.Equal(expected.Split('|'), Next(Daily(time, zone), after, expected.Split('|').Length));

    [Theory]
    [InlineData("Europe/Warsaw", "02:30", "2026-10-24 12:00", "2026-10-25 00:30|2026-10-26 01:30")]
    [InlineData("America/New_York", "01:30", "2026-10-31 12:00", "2026-11-01 05:30|2026-11-02 06:30")]
    [InlineData("Pacific/Auckland", "02:59", "2026-04-04 00:00", "2026-04-04 13:59|2026-04-05 14:59")]
    public void A_daily_time_that_occurs_twice_runs_once(string zone, string time, string after, string expected) =>
        Assert.Equal(expected.Split('|'), Next(Daily(time, zone), after, expected.Split('|').Length));

    [Fact]
    public void An_interval_neither_pauses_nor_bunches_when_clocks_are_changed()
    {
        Assert.Equal(
            ["2026-03-29 00:00", "2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30"],
            Next(Every("00:00", "06:00", 30, "Europe/Warsaw"), "2026-03-28 23:45", 4));
        Assert.Equal(
            ["2026-10-25 00:00", "2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30", "2026-10-25 02:00"],
            Next(Every("00:00", "06:00", 30, "Europe/Warsaw"), "2026-10-24 23:45", 5));
        Assert.Equal(
            ["2026-10-25 00:00", "2026-10-25 01:00", "2026-10-25 02:00"],
            Next(Cron("0 * * * *", "Europe/Warsaw"), "2026-10-24 23:45", 3));
    }

    [Fact]
    public void A_day_of_23_or_25_hours_has_as_many_hourly_runs()
    {
        foreach ((string begin, string end, int hours) in new[]
        {
            ("2026-03-28 23:00", "2026-03-29 22:00", 23), ("2026-10-24 22:00", "2026-10-25 23:00", 25), ("2026-06-01 22:00", "2026-06-02 22:00", 24),
        })
        {
            var times = VProtect.Server.Scheduling.ScheduleValidation.Validate(Every("00:00", "00:00", 60, "Europe/Warsaw")).Times;

            Assert.Equal(hours, times.After(At(begin).AddTicks(-1)).TakeWhile(found => found < At(end)).Count());
        }
    }

    [Fact]
    public void An_interval_past_midnight_belongs_to_the_day_on_which_it_begins() => Assert.Equal(
        ["2026-11-20 22:00", "2026-11-21 00:00", "2026-11-21 02:00", "2026-11-27 22:00"],
        Next(Every("22:00", "02:00", 120) with { DaysOfWeek = ["FRIDAY"] }, "2026-11-19", 4));

    [Fact]
    public void A_leap_day_comes_when_it_comes()
    {
        Assert.Equal(["2028-02-29 01:00", "2032-02-29 01:00"], Next(Cron("0 1 29 2 *"), "2026-01-01", 2));
        Assert.Equal(["2096-02-29 01:00", "2104-02-29 01:00"], Next(Cron("0 1 29 2 *"), "2095-01-01", 2));
    }

    [Theory]
    [InlineData("FIRST_IN_MONTH", "2026-11-01|2026-12-06|2027-01-03")]
    [InlineData("SECOND_IN_MONTH", "2026-11-08|2026-12-13")]
    [InlineData("FOURTH_IN_MONTH", "2026-11-22|2026-12-27")]
    [InlineData("LAST_IN_MONTH", "2026-11-29|2026-12-27|2027-01-31|2027-02-28")]
    public void A_weekday_can_be_bound_to_its_occurrence_in_the_month(string occurrence, string days)
    {
        string[] expected = [.. days.Split('|').Select(day => day + " 03:00")];

        Assert.Equal(expected, Next(Daily("03:00") with { DaysOfWeek = ["SUNDAY"], Occurrences = [occurrence] }, "2026-10-31", expected.Length));
    }

    [Fact]
    public void Months_and_weekdays_narrow_the_days() => Assert.Equal(
        ["2026-12-07 03:00", "2026-12-14 03:00", "2026-12-21 03:00", "2026-12-28 03:00", "2027-12-06 03:00"],
        Next(Daily("03:00") with { DaysOfWeek = ["MONDAY"], Months = ["DECEMBER"] }, "2026-11-22", 5));

    [Fact]
    public void An_inactive_schedule_has_no_occurrences() => Assert.Empty(Next(Daily("03:00") with { Active = false }, "2026-11-22", 5));

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Warsaw")]
    [InlineData("America/St_Johns")]
    [InlineData("America/Havana")]
    [InlineData("Pacific/Chatham")]
    [InlineData("Asia/Kathmandu")]
    [InlineData("Pacific/Kiritimati")]
    public void Occurrences_ascend_and_the_next_one_agrees_with_them(string zone)
    {
        foreach (var schedule in new[] { Daily("00:00", zone), Every("00:00", "23:59", 145, zone), Cron("*/30 1-2 * * *", zone) })
        {
            var times = VProtect.Server.Scheduling.ScheduleValidation.Validate(schedule).Times;
            DateTimeOffset previous = At("2026-01-01");
            foreach (DateTimeOffset found in times.After(previous).TakeWhile(found => found < At("2027-01-02")))
            {
                Assert.True(found > previous);
                Assert.Equal(found, times.Next(previous));
                Assert.Equal(found, times.Latest(At("2025-12-31"), found));
                previous = found;
            }
        }
    }
}
