using FsCheck;
using FsCheck.Fluent;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Policies.Retention;

namespace VProtect.Server.Tests.Policies.Retention;

/// <summary>
/// What must hold for any points under any settings. A point is made from a whole number (age, kind, marks) and so are settings, so that
/// FsCheck shrinks a failure to few and small numbers.
/// </summary>
public sealed class RetentionPropertyTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Every_point_gets_one_decision() => Check((points, settings, present) =>
        Decide(points, settings, present).Select(decision => decision.Point.Guid).Order().SequenceEqual(points.Select(point => point.Guid).Order()));

    [Fact]
    public void What_is_held_locked_or_archived_stays() => Check((points, settings, present) =>
        Decide(points, settings, present).All(decision =>
            decision.Keep || (!decision.Point.Held && decision.Point.Hint != RetentionHint.Archive && !(decision.Point.LockedUntil > Now))));

    [Fact]
    public void A_protected_machine_never_loses_its_last_point() => Check((points, settings, present) =>
        points.Length == 0 || !present || !settings.KeepLastWhilePresent || Decide(points, settings, present).Any(decision => decision.Keep));

    [Fact]
    public void A_second_run_removes_nothing_more() => Check((points, settings, present) =>
    {
        RetentionPoint[] kept = [.. Decide(points, settings, present).Where(decision => decision.Keep).Select(decision => decision.Point)];
        return Decide(kept, settings, present).All(decision => decision.Keep);
    });

    [Fact]
    public void The_order_of_the_points_does_not_matter() => Check((points, settings, present) =>
        Decide(points, settings, present).SequenceEqual(Decide([.. points.Reverse()], settings, present)));

    [Fact]
    public void What_goes_unmarked_is_past_a_bound_or_without_a_slot() => Check((points, settings, present) =>
        Decide(points, settings, present).Where(decision => !decision.Keep && decision.Point.Hint != RetentionHint.ToRemove).All(decision =>
        {
            RetentionBound bound = decision.Point.Type == BackupType.Full ? settings.Full : settings.Incremental;
            int newer = points.Count(point => point.Type == decision.Point.Type && point.CreatedAt >= decision.Point.CreatedAt) - 1;
            return (bound.IsSet || settings.Slots.IsSet)
                && (decision.Reason != RetentionReason.TooMany || newer >= bound.Versions)
                && (decision.Reason != RetentionReason.TooOld || Now - decision.Point.CreatedAt > bound.Age);
        }));

    [Fact]
    public void Looser_bounds_remove_nothing_more() => Check((points, settings, present) =>
    {
        RetentionSettings looser = settings with { Full = RetentionBound.None, Incremental = RetentionBound.None, Slots = new GfsSlots() };
        return Decide(points, looser, present).All(decision => decision.Keep || decision.Reason == RetentionReason.Marked);
    });

    private static void Check(Func<RetentionPoint[], RetentionSettings, bool, bool> holds) => Prop
        .ForAll(
            ArbMap.Default.ArbFor<NonNegativeInt[]>(),
            ArbMap.Default.ArbFor<NonNegativeInt[]>(),
            ArbMap.Default.ArbFor<bool>(),
            (points, settings, present) => holds([.. points.Select((point, i) => Point(point.Get, i))], Settings(settings), present))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static IReadOnlyList<RetentionDecision> Decide(RetentionPoint[] points, RetentionSettings settings, bool present) =>
        RetentionSimulator.Decide(points, settings, present, Now);

    private static RetentionPoint Point(int seed, int position)
    {
        // The same seed always makes the same point.
        var random = new Random(seed);
        return new RetentionPoint
        {
            Guid = new Guid(position, 0, 0, new byte[8]),
            Type = (BackupType)random.Next(2),
            CreatedAt = Now.AddHours(-random.Next(random.Next(2) == 0 ? 100 : 10_000)),
            Held = random.Next(8) == 0,
            LockedUntil = random.Next(6) == 0 ? Now.AddHours(random.Next(-5, 5)) : null,
            Hint = random.Next(4) == 0 ? (RetentionHint)random.Next(3) : RetentionHint.StandardRetention,
        };
    }

    private static RetentionSettings Settings(NonNegativeInt[] values)
    {
        int At(int index) => index < values.Length ? values[index].Get : 0;
        int? Versions(int index) => At(index) % 8 is > 0 and var count ? count : null;
        TimeSpan? Age(int index) => At(index) % 50 is > 0 and var days ? TimeSpan.FromDays(days) : null;
        return new RetentionSettings
        {
            Full = new RetentionBound(Versions(0), Age(1)),
            Incremental = new RetentionBound(Versions(2), Age(3)),
            KeepLastWhilePresent = At(4) % 2 == 0,
            Slots = new GfsSlots { Last = At(5) % 4, Hourly = At(6) % 5, Daily = At(7) % 8, Weekly = At(8) % 5, Monthly = At(9) % 6, Yearly = At(10) % 3 },
            Zone = TimeZoneInfo.FindSystemTimeZoneById(At(11) % 2 == 0 ? "UTC" : "America/Santiago"),
        };
    }
}
