using VProtect.Catalog.Policies;
using VProtect.Server.Validation;

namespace VProtect.Server.Policies.Retention;

/// <summary>What a rule keeps in one destination. Immutable.</summary>
internal sealed record RetentionSettings
{
    private const int SlotsMax = 10_000;

    /// <summary>Bound of full restore points.</summary>
    public RetentionBound Full { get; init; } = RetentionBound.None;

    /// <summary>Bound of incremental restore points.</summary>
    public RetentionBound Incremental { get; init; } = RetentionBound.None;

    /// <summary>Whether the newest point stays while the machine exists.</summary>
    public bool KeepLastWhilePresent { get; init; } = true;

    /// <summary>Slots that keep points whatever the bounds say.</summary>
    public GfsSlots Slots { get; init; } = new();

    /// <summary>Zone whose hours, days, weeks, months and years the slots are.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Settings of a destination of a rule as written.</summary>
    /// <param name="destination">Destination of a rule.</param>
    /// <param name="zone">Zone of the policy.</param>
    /// <param name="path">Path of the destination in the request, for messages.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static RetentionSettings Of(RuleDestination destination, TimeZoneInfo zone, string path, FieldProblems problems)
    {
        string settings = path + ".backupRetentionSettings.";
        var slots = new GfsSlots
        {
            Last = destination.KeepLast,
            Hourly = destination.KeepHourly,
            Daily = destination.KeepDaily,
            Weekly = destination.KeepWeekly,
            Monthly = destination.KeepMonthly,
            Yearly = destination.KeepYearly,
        };
        foreach ((string field, int count) in slots.Named)
        {
            problems.Range(count, 0, SlotsMax, settings + field);
        }

        return new RetentionSettings
        {
            Full = Bound(
                destination.KeepLastFull, destination.KeepFullNewerThan, settings, "retentionKeepLastNFull", "retentionKeepFullNewerThan", problems),
            Incremental = Bound(
                destination.KeepLastIncremental, destination.KeepIncrementalNewerThan, settings,
                "retentionKeepLastNIncremental", "retentionKeepIncrementalNewerThan", problems),
            KeepLastWhilePresent = destination.KeepLastWhilePresent,
            Slots = slots,
            Zone = zone,
        };
    }

    /// <summary>Settings of a snapshot rule: versions and days, whatever made the snapshot.</summary>
    public static RetentionSettings OfSnapshots(Rule rule, string path, FieldProblems problems)
    {
        problems.Range(rule.RetentionVersions, 1, SlotsMax, path + ".retentionVersions");
        problems.Range(rule.RetentionDays, 1, SlotsMax, path + ".retentionDays");
        var bound = new RetentionBound(
            rule.RetentionVersions, rule.RetentionDays is { } days ? TimeSpan.FromDays(Math.Clamp(days, 1, SlotsMax)) : null);
        return new RetentionSettings { Full = bound, Incremental = bound, KeepLastWhilePresent = false };
    }

    private static RetentionBound Bound(
        int? versions, TimeSpan? age, string path, string versionsField, string ageField, FieldProblems problems)
    {
        problems.Range(versions, 1, 1_000_000, path + versionsField);
        problems.Require(
            age is null || age > TimeSpan.Zero, path + ageField, "It is not positive.", "Send milliseconds from 1, or null for any age.");
        return new RetentionBound(versions, age);
    }
}
