using System.Globalization;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Policies.Retention;

namespace VProtect.Server.Tests.Policies.Retention;

public sealed class RetentionSimulatorTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Versions_keep_the_newest_of_each_kind() => Assert.Equal(
        "F0 LastOfPresentMachine, I1 WithinBounds, I2 WithinBounds, F3 WithinBounds, I4 TooMany, F5 TooMany",
        Decide(Points("F0 I1 I2 F3 I4 F5"), new RetentionSettings { Full = new(2, null), Incremental = new(2, null) }));

    [Fact]
    public void Either_bound_removes() => Assert.Equal(
        "F0 LastOfPresentMachine, F2 WithinBounds, F3 TooOld, F4 TooMany",
        Decide(Points("F0 F2 F3 F4"), new RetentionSettings { Full = new(3, TimeSpan.FromDays(2)) }));

    [Fact]
    public void A_kind_without_bounds_stays() => Assert.Equal(
        "F0 LastOfPresentMachine, I1 NoBound, F2 TooMany, I900 NoBound",
        Decide(Points("F0 I1 F2 I900"), new RetentionSettings { Full = new(1, null) }));

    [Theory]
    [InlineData(true, "F100 LastOfPresentMachine, F200 TooOld")]
    [InlineData(false, "F100 TooOld, F200 TooOld")]
    public void The_last_one_stays_while_its_machine_is_present(bool present, string expected) => Assert.Equal(
        expected, Decide(Points("F100 F200"), new RetentionSettings { Full = new(null, TimeSpan.FromDays(30)) }, present));

    [Fact]
    public void The_last_one_goes_when_the_rule_does_not_protect_it() => Assert.Equal(
        "F100 TooOld",
        Decide(Points("F100"), new RetentionSettings { Full = new(null, TimeSpan.FromDays(30)), KeepLastWhilePresent = false }));

    [Fact]
    public void A_mark_removes_what_the_rule_would_keep_but_never_the_last_one()
    {
        RetentionPoint[] marked = [.. Points("F0 F1").Select(point => point with { Hint = RetentionHint.ToRemove })];

        Assert.Equal("F0 LastOfPresentMachine, F1 Marked", Decide(marked, new RetentionSettings()));
        Assert.Equal("F0 Marked, F1 LastOfPresentMachine", Decide([marked[0], Points("F1")[0]], new RetentionSettings()));
    }

    [Fact]
    public void Holds_locks_and_archives_outlive_marks_and_bounds()
    {
        RetentionPoint[] points = Points("F0 F1 F2 F3 F4");
        points[1] = points[1] with { Held = true, Hint = RetentionHint.ToRemove };
        points[2] = points[2] with { LockedUntil = Now.AddTicks(1), Hint = RetentionHint.ToRemove };
        points[3] = points[3] with { Hint = RetentionHint.Archive };
        points[4] = points[4] with { LockedUntil = Now };

        Assert.Equal(
            "F0 LastOfPresentMachine, F1 Held, F2 Locked, F3 Archived, F4 TooMany", Decide(points, new RetentionSettings { Full = new(1, null) }));
    }

    [Fact]
    public void Archives_do_not_count_as_versions()
    {
        RetentionPoint[] points = Points("F0 F1 F2 F3");
        points[1] = points[1] with { Hint = RetentionHint.Archive };

        Assert.Equal(
            "F0 LastOfPresentMachine, F1 Archived, F2 WithinBounds, F3 TooMany", Decide(points, new RetentionSettings { Full = new(2, null) }));
    }

    [Fact]
    public void Slots_keep_the_newest_of_each_period_and_the_rest_goes() => Assert.Equal(
        "F0 KeepLast, I0.2 NoSlot, I0.3 NoSlot, I1 KeepDaily, I8 KeepDaily, I9 NoSlot, F40 KeepMonthly, F340 KeepYearly, F700 NoSlot",
        Decide(
            Points("F0 I0.2 I0.3 I1 I8 I9 F40 F340 F700"),
            new RetentionSettings
            {
                Slots = new GfsSlots { Last = 1, Daily = 3, Weekly = 2, Monthly = 2, Yearly = 2 },
                KeepLastWhilePresent = false,
            }));

    [Fact]
    public void Slots_keep_what_the_bounds_would_remove_and_bounds_keep_what_has_no_slot() => Assert.Equal(
        "F0 KeepMonthly, F1 WithinBounds, F5 TooOld, F30 KeepMonthly",
        Decide(
            Points("F0 F1 F5 F30"),
            new RetentionSettings { Full = new(null, TimeSpan.FromDays(3)), Slots = new GfsSlots { Monthly = 2 }, KeepLastWhilePresent = false }));

    [Fact]
    public void Days_are_those_of_the_zone_of_the_policy()
    {
        // 22:30 and 23:30 UTC are two days in Warsaw in summer and one in UTC.
        RetentionPoint[] points =
        [
            new() { Guid = Guid.CreateVersion7(), CreatedAt = new(2026, 7, 1, 22, 30, 0, TimeSpan.Zero) },
            new() { Guid = Guid.CreateVersion7(), CreatedAt = new(2026, 7, 1, 21, 30, 0, TimeSpan.Zero) },
        ];
        var settings = new RetentionSettings { Slots = new GfsSlots { Daily = 2 }, KeepLastWhilePresent = false };

        Assert.Equal(1, RetentionSimulator.Decide(points, settings, machinePresent: true, Now).Count(decision => decision.Keep));
        Assert.Equal(2, RetentionSimulator.Decide(
            points, settings with { Zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Warsaw") }, machinePresent: true, Now).Count(decision => decision.Keep));
    }

    [Fact]
    public void An_hour_that_occurs_twice_is_two_hours()
    {
        RetentionPoint[] points =
        [
            new() { Guid = Guid.CreateVersion7(), CreatedAt = new(2026, 10, 25, 0, 30, 0, TimeSpan.Zero) },
            new() { Guid = Guid.CreateVersion7(), CreatedAt = new(2026, 10, 25, 1, 30, 0, TimeSpan.Zero) },
        ];
        var settings = new RetentionSettings
        {
            Slots = new GfsSlots { Hourly = 2 },
            Zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Warsaw"),
            KeepLastWhilePresent = false,
        };

        Assert.All(RetentionSimulator.Decide(points, settings, machinePresent: true, Now), decision => Assert.True(decision.Keep));
    }

    private static string Decide(RetentionPoint[] points, RetentionSettings settings, bool present = true) => string.Join(
        ", ",
        RetentionSimulator.Decide(points, settings, present, Now).Select(decision => string.Create(
            CultureInfo.InvariantCulture,
            $"{(decision.Point.Type == BackupType.Full ? 'F' : 'I')}{Math.Max(0, (Now - decision.Point.CreatedAt).TotalDays):0.#} {decision.Reason}")));

    // "F3" is a full restore point made three days ago.
    private static RetentionPoint[] Points(string text) =>
    [
        .. text.Split(' ').Select(word => new RetentionPoint
        {
            Guid = Guid.CreateVersion7(),
            Type = word[0] == 'F' ? BackupType.Full : BackupType.Incremental,
            CreatedAt = Now.AddDays(-double.Parse(word[1..], CultureInfo.InvariantCulture)),
        }),
    ];
}
