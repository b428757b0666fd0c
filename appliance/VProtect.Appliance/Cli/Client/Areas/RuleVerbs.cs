using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect rule …</c> and <c>snapshot-rule …</c>: which schedules start a policy, where backups go, what is kept.</summary>
internal static class RuleVerbs
{
    private const string Primary = "ruleBackupDestinations.primaryBackupDestination";
    private const string Secondary = "ruleBackupDestinations.secondaryBackupDestination";

    public static Resource BackupRule { get; } = Of("rule", "/rules/vm-backup", "rule list");

    private static readonly Resource _snapshotRule = Of("snapshot rule", "/rules/vm-snapshot", "snapshot-rule list");

    public static Verb NewBackup(ClientVerbs verbs) => New(
        verbs, "rule", BackupRule, PolicyVerbs.BackupPolicy, "Rules of backup policies: schedules, destinations, retention.",
        [.. Place(verbs, "", "", Primary, "Where backups go."), .. Place(verbs, "copy-", "of the copy: ", Secondary, "Where a copy goes.")],
        "--schedule at-22 --destination main --keep-daily 7 --keep-weekly 4 --copy-destination offsite", "a week of days, a month of weeks, and a copy elsewhere");

    public static Verb NewSnapshot(ClientVerbs verbs) => New(
        verbs, "snapshot-rule", _snapshotRule, PolicyVerbs.SnapshotPolicy, "Rules of snapshot policies: schedules and retention.",
        [Field.Number("--keep", "retentionVersions", "Snapshots kept."), Field.Number("--keep-days", "retentionDays", "Days for which they are kept.")],
        "--schedule at-22 --keep 3", "the last three");

    private static Verb New(ClientVerbs verbs, string area, Resource rule, Resource policy, string description, Field[] special, string exampleOptions, string exampleMeaning)
    {
        Field[] members =
        [
            Field.Flag("--active", "active", "Whether it runs."), Field.Number("--position", "position", "Order in its policy, from 0."),
            Field.References(verbs, "--schedule", "schedules", ScheduleVerbs.Schedule, "A schedule that starts it; replaces all."), .. special,
        ];
        return verbs.Area(
            area, description,
            verbs.List(rule, "Lists rules.", [Field.Reference(verbs, "--policy", "policy", policy, "Only of this policy.", bare: true)], ($"vprotect {area} list --policy nightly", "of one policy")),
            verbs.Show(rule, "Shows a rule.", ($"vprotect {area} show daily", "by name or guid")),
            verbs.Create(
                "create", rule, "Adds a rule to a policy.", [Field.Reference(verbs, "--policy", "policy", policy, "Its policy."), .. members], complete: null, told: null,
                ($"vprotect {area} create daily --policy nightly {exampleOptions}", exampleMeaning)),
            verbs.Update(rule, "Changes a rule; what is not named stays.", members, ($"vprotect {area} update daily --active false", "it rests")),
            verbs.Delete("delete", rule, "Deletes rules; what they made stays.", warning: null, ($"vprotect {area} delete daily", "by name or guid")));
    }

    private static Field[] Place(ClientVerbs verbs, string prefix, string which, string path, string description)
    {
        string kept = $"{path}.backupRetentionSettings";
        return
        [
            Field.Reference(verbs, $"--{prefix}destination", $"{path}.backupDestination", DestinationVerbs.Destination, description),
            Keep("full", "retentionKeepLastNFull", "full restore points kept"), Age("full", "retentionKeepFullNewerThan", "age to which full ones are kept"),
            Keep("incremental", "retentionKeepLastNIncremental", "incremental restore points kept"), Age("incremental", "retentionKeepIncrementalNewerThan", "age to which incremental ones are kept"),
            Keep("last", "keepLast", "newest kept whatever their age"), Keep("hourly", "keepHourly", "hours of which one is kept"), Keep("daily", "keepDaily", "days of which one is kept"),
            Keep("weekly", "keepWeekly", "weeks of which one is kept"), Keep("monthly", "keepMonthly", "months of which one is kept"), Keep("yearly", "keepYearly", "years of which one is kept"),
            Field.Flag($"--{prefix}keep-last-one", $"{kept}.keepLastBackupWhenSourceStillExists", Sentence("the last one stays while the machine exists")),
            Field.Number($"--{prefix}lock-days", $"{path}.daysToKeepRetentionLock", Sentence("days for which nothing may be removed")),
        ];

        Field Keep(string name, string member, string text) => Field.Number($"--{prefix}keep-{name}", $"{kept}.{member}", Sentence(text));

        Field Age(string name, string member, string text) => Field.Duration($"--{prefix}keep-{name}-for", $"{kept}.{member}", Sentence(text));

        string Sentence(string text) => which + text is var all ? $"{char.ToUpperInvariant(all[0])}{all[1..]}." : "";
    }

    private static Resource Of(string noun, string path, string listVerb) => new()
    {
        Noun = noun,
        Path = path,
        ListVerb = listVerb,
        Columns =
        [
            Column.Text("rule", "name", shrinks: true), Column.Text("policy", "policy", shrinks: true), Column.Text("active", "active"), Column.Text("schedules", "schedules", shrinks: true),
            Column.Text("destination", Primary + ".backupDestination", shrinks: true), Column.Text("copy", Secondary + ".backupDestination", shrinks: true), new Column("keeps", row => Kept(row), Shrinks: true),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("policy", "policy"), Column.Text("active", "active"), Column.Count("position", "position"), Column.Text("schedules", "schedules"),
            Column.Text("destination", Primary + ".backupDestination"), new Column("keeps", row => Kept(row)), Column.Text("copy", Secondary + ".backupDestination"),
            new Column("copy keeps", row => Kept(row, Secondary)), Column.Count("lock days", Primary + ".daysToKeepRetentionLock"),
        ],
    };

    /// <summary>Retention in a few words: <c>last 7 full, 30 days; daily 7</c>.</summary>
    private static string? Kept(JsonElement rule, string place = Primary)
    {
        JsonElement kept = rule.Member(place + ".backupRetentionSettings");
        List<string> parts = [];
        foreach ((string word, string count, string age) in new[]
        {
            ("full", "retentionKeepLastNFull", "retentionKeepFullNewerThan"), ("incremental", "retentionKeepLastNIncremental", "retentionKeepIncrementalNewerThan"),
        })
        {
            string?[] bounds = [kept.Number(count) is { } number ? $"{number}" : null, kept.Number(age) is { } milliseconds ? $"{milliseconds / 86_400_000} d" : null];
            if (bounds.Any(bound => bound is not null))
            {
                parts.Add($"{word} {string.Join(" / ", bounds.Where(bound => bound is not null))}");
            }
        }

        foreach ((string word, string member) in new[] { ("last", "keepLast"), ("hourly", "keepHourly"), ("daily", "keepDaily"), ("weekly", "keepWeekly"), ("monthly", "keepMonthly"), ("yearly", "keepYearly") })
        {
            if (kept.Number(member) is > 0 and var number)
            {
                parts.Add($"{word} {number}");
            }
        }

        if (rule.Number("retentionVersions") is { } versions)
        {
            parts.Add(Quantity.Of(versions, "snapshot"));
        }

        if (rule.Number("retentionDays") is { } days)
        {
            parts.Add($"{days} d");
        }

        return parts.Count == 0 ? null : string.Join(", ", parts);
    }
}
