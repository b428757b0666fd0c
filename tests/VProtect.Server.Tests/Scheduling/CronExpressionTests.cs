using VProtect.Server.Scheduling;
using static VProtect.Server.Tests.Scheduling.Schedules;

namespace VProtect.Server.Tests.Scheduling;

public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("30 1 * * MON-FRI", "2026-11-20 02:00", "2026-11-23 01:30|2026-11-24 01:30")]
    [InlineData("*/20 5 * * *", "2026-11-20 05:10", "2026-11-20 05:20|2026-11-20 05:40|2026-11-21 05:00")]
    [InlineData("5/25 5 * * *", "2026-11-20", "2026-11-20 05:05|2026-11-20 05:30|2026-11-20 05:55")]
    [InlineData("0 0 13 * FRI", "2026-11-01", "2026-11-06 00:00|2026-11-13 00:00|2026-11-20 00:00|2026-11-27 00:00|2026-12-04 00:00|2026-12-11 00:00|2026-12-13 00:00")]
    [InlineData("0 0 */2 * 1", "2026-11-01", "2026-11-09 00:00|2026-11-23 00:00")]
    [InlineData("0 0 L * *", "2028-01-15", "2028-01-31 00:00|2028-02-29 00:00|2028-03-31 00:00")]
    [InlineData("0 4 * * 5#2", "2026-11-01", "2026-11-13 04:00|2026-12-11 04:00")]
    [InlineData("0 4 * * FRIL", "2026-11-01", "2026-11-27 04:00|2026-12-25 04:00")]
    [InlineData("0 0 * * 7", "2026-11-01 12:00", "2026-11-08 00:00")]
    [InlineData("0 0 1 jan,jul *", "2026-11-01", "2027-01-01 00:00|2027-07-01 00:00")]
    [InlineData("@weekly", "2026-11-20", "2026-11-22 00:00|2026-11-29 00:00")]
    [InlineData("@monthly", "2026-11-20", "2026-12-01 00:00|2027-01-01 00:00")]
    public void An_expression_means_what_crontab_says(string expression, string after, string expected) =>
        Assert.Equal(expected.Split('|'), Next(Cron(expression), after, expected.Split('|').Length));

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("*/0 * * * *")]
    [InlineData("1//2 * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("1-2-3 * * * *")]
    [InlineData("1,,2 * * * *")]
    [InlineData("-1 * * * *")]
    [InlineData("* * * * 5#5")]
    [InlineData("* * * * MONDAY")]
    [InlineData("99999999999 * * * *")]
    [InlineData("@reboot")]
    public void What_is_no_expression_is_refused(string expression) =>
        Assert.Throws<FormatException>(() => CronExpression.Parse(expression));
}
