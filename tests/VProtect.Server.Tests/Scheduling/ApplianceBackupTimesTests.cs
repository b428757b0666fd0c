using System.Globalization;
using VProtect.Server.Api.Settings;
using VProtect.Server.Scheduling;

namespace VProtect.Server.Tests.Scheduling;

public sealed class ApplianceBackupTimesTests
{
    [Theory]
    [InlineData(null, null, "2026-03-02T00:10", true)]
    [InlineData("2026-03-01T10:00", null, "2026-03-02T09:59", false)]
    [InlineData("2026-03-01T10:00", null, "2026-03-02T10:00", true)]
    [InlineData(null, 2, "2026-03-02T00:10", true)] // the first one does not wait
    [InlineData("2026-03-01T02:05", 2, "2026-03-02T01:59", false)]
    [InlineData("2026-03-01T02:05", 2, "2026-03-02T02:00", true)]
    [InlineData("2026-03-02T02:05", 2, "2026-03-02T02:06", false)]
    [InlineData("2026-03-01T10:00", 2, "2026-03-02T02:00", true)] // asked for at ten: the night's is made all the same
    [InlineData("2026-03-01T23:00", 2, "2026-03-02T02:00", false)]
    [InlineData("2026-03-01T23:00", 2, "2026-03-03T02:00", true)]
    [InlineData("2026-02-20T23:00", 2, "2026-03-02T01:00", true)] // it was off
    public void Copy_is_due_when_the_interval_is_over_or_at_its_hour(string? last, int? hour, string now, bool isDue)
    {
        var settings = new GlobalSettings { ApplianceBackupHour = hour * 3_600_000L };
        Assert.Equal(isDue, ApplianceBackupTimes.IsDue(last is null ? null : At(last), settings, At(now)));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text + "Z", CultureInfo.InvariantCulture);
}
