using VProtect.Catalog.Policies;
using VProtect.Server.Scheduling;
using VProtect.Server.Validation;
using static VProtect.Server.Tests.Scheduling.Schedules;

namespace VProtect.Server.Tests.Scheduling;

public sealed class ScheduleValidationTests
{
    public static TheoryData<string, Func<Schedule, Schedule>> Wrong => new()
    {
        { "name", schedule => schedule with { Name = " " } },
        { "hour", schedule => schedule with { Hour = null } },
        { "hour", schedule => schedule with { Hour = TimeSpan.FromDays(1) } },
        { "timeZone", schedule => schedule with { TimeZone = "Mars/Olympus" } },
        { "startWindowLength", schedule => schedule with { StartWindow = TimeSpan.FromMinutes(-1) } },
        { "daysOfWeek[1]", schedule => schedule with { DaysOfWeek = ["MONDAY", "Mon"] } },
        { "months[0]", schedule => schedule with { Months = ["1"] } },
        { "dayOfWeekOccurrences[0]", schedule => schedule with { Occurrences = ["FIFTH_IN_MONTH"] } },
        { "interval.frequency", schedule => schedule with { ExecutionType = ScheduleExecution.Interval } },
        { "interval.startHour", schedule => Every("00:00", "06:00", 5) with { IntervalStart = TimeSpan.FromHours(24) } },
        { "interval.endHour", schedule => Every("00:00", "06:00", 5) with { IntervalEnd = TimeSpan.FromHours(-1) } },
        { "cron", schedule => schedule with { ExecutionType = ScheduleExecution.Cron } },
        { "cron", schedule => Cron("0 0 30 2 *") },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_field_is_named(string field, Func<Schedule, Schedule> spoil)
    {
        InvalidFieldsException refused = Assert.Throws<InvalidFieldsException>(() => ScheduleValidation.Validate(spoil(Daily("01:00"))));

        FieldProblem problem = Assert.Single(refused.Fields);
        Assert.Equal(field, problem.Field);
        Assert.NotEmpty(problem.Fix);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once() => Assert.Equal(
        ["name", "timeZone", "hour"],
        Assert.Throws<InvalidFieldsException>(() => ScheduleValidation.Validate(Daily("01:00", "Nowhere") with { Name = "", Hour = null }))
            .Fields.Select(problem => problem.Field));
}
