using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect policy …</c> and <c>snapshot-policy …</c>: which machines are backed up, how and when.</summary>
internal static class PolicyVerbs
{
    public static Resource BackupPolicy { get; } = Of("policy", "/policies/vm-backup", "policy list");

    public static Resource SnapshotPolicy { get; } = Of("snapshot policy", "/policies/vm-snapshot", "snapshot-policy list");

    public static Verb NewBackup(ClientVerbs verbs) => New(
        verbs, "policy", BackupPolicy, "Backup policies: which machines, by which rules.",
        [NewRun(verbs, "policy", BackupPolicy, "/tasks/export", "Backs its machines up now, as its rules say."), ForecastVerbs.NewDryRun(verbs)]);

    public static Verb NewSnapshot(ClientVerbs verbs) => New(verbs, "snapshot-policy", SnapshotPolicy, "Snapshot policies: snapshots that stay on the platform.", []);

    private static Verb New(ClientVerbs verbs, string area, Resource policy, string description, Verb[] more)
    {
        Field[] members =
        [
            Field.Text("--description", "description", "What it is for."), Field.Flag("--active", "active", "Whether its rules run."), Field.Number("--priority", "priority", "0 to 100, also of its tasks."),
            Field.References(verbs, "--vm", "vms", MachineVerbs.Machine, "A machine of it; replaces all."), Field.Word("--auto-assign", "autoAssignSettings.mode", "Whether machines join and leave by themselves", "DISABLED", "ASSIGN_ONLY", "ASSIGN_AND_REMOVE"),
            Field.Texts("--include-tag", "autoAssignSettings.includeTags", "Tag that includes.", "TAG"), Field.Texts("--exclude-tag", "autoAssignSettings.excludeTags", "Tag that excludes.", "TAG"),
            Field.Texts("--include-name", "autoAssignSettings.includeRegExps", "Expression that includes when it matches the whole name.", "REGEX"),
            Field.Texts("--exclude-name", "autoAssignSettings.excludeRegExps", "Expression that excludes when it matches the whole name.", "REGEX"),
            Field.Flag("--assign-now", "executeAutoAssignmentAfterSavingPolicy", "Machines join and leave at once."), Field.Flag("--remove-gone", "autoRemoveNonPresent", "Machines that are gone leave it."),
            Field.Number("--retries", "backupRetryCount", "How often a failed backup is tried again."), Field.Duration("--retry-delay", "retryDelay", "Time before the first new try; doubled for each further one."),
            Field.Number("--fail-after-exports", "failRemainingBackupTasksExportThreshold", "Failed exports after which the rest of a run is not begun; 0 for any number."),
            Field.Number("--fail-after-stores", "failRemainingBackupTasksStoreThreshold", "The same for stores."), Field.Duration("--rpo", "rpo", "Longest time without a good backup."),
            Field.Text("--time-zone", "timeZone", "Whose days and weeks retention counts.", "ZONE"), Field.Flag("--daily-report", "dailyReportEnabled", "Whether a report is sent every day."),
            Field.Reference(verbs, "--mailing-list", "mailingList", SettingsVerbs.MailingList, "Who gets it."), Field.Text("--tenant", "tenantId", "Tenant that it belongs to.", "ID"),
        ];
        return verbs.Area(
            area, description,
            [
                verbs.List(policy, "Lists policies.", [Field.Text("--tenant", "tenantid", "Only of this tenant.", "ID")], ($"vprotect {area} list", "all of them")),
                verbs.Show(policy, "Shows a policy, its rules and its machines.", ShowPartsAsync, ($"vprotect {area} show nightly", "by name or guid")),
                verbs.Create(
                    "create", policy, "Makes a policy. Its rules come next: 'vprotect rule create'.", members, complete: null, told: null,
                    ($"vprotect {area} create nightly --auto-assign assign-only --include-tag prod --assign-now", "every machine with a tag, now and later"), ($"vprotect {area} create nightly --vm web1 --vm db1 --retries 2", "two machines"),
                    ($"vprotect {area} create nightly --from policy.json", "a whole one, with rules, as the API has it")),
                verbs.Update(policy, "Changes a policy; what is not named stays.", members, ($"vprotect {area} update nightly --active false", "it rests"), ($"vprotect {area} update nightly --rpo 26h", "when is a machine overdue?")),
                verbs.Delete("delete", policy, "Deletes policies with their rules; machines and what was made stay.", warning: null, ($"vprotect {area} delete nightly", "nothing that is stored goes")),
                .. more,
            ]);
    }

    private static Verb NewRun(ClientVerbs verbs, string area, Resource policy, string path, string description)
    {
        Argument<string> name = ObjectArgument.New(verbs, policy);
        var full = new Option<bool>("--full") { Description = "Read everything, not only what changed." };
        var rules = new Option<string[]>("--rule") { Description = "Only this rule of it, by name. May be given several times.", HelpName = "NAME" };
        var verb = new Verb("run", description) { name, full, rules };
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(($"vprotect {area} run nightly --wait", "all its machines, now"), ($"vprotect {area} run nightly --rule weekly --full", "one rule, everything read")),
            async (client, cancellationToken) =>
            {
                JsonElement found = await ObjectNames.FindAsync(client.Api, policy, client.Parsed.GetRequiredValue(name), cancellationToken);
                JsonElement whole = (await client.Api.GetAsync(policy.PathOf(ObjectNames.GuidOf(found)), cancellationToken)).Body;
                string[] wanted = client.Parsed.GetValue(rules) ?? [];
                JsonElement[] chosen = [.. whole.Items("rules").Where(rule => wanted.Length == 0 ? rule.IsTrue("active") : wanted.Contains(rule.Text("name")))];
                if (chosen.Length == 0 || !whole.Items("vms").Any())
                {
                    throw new VProtectException(
                        ErrorCode.ObjectUnknown, ErrorSide.Request, $"Policy '{whole.Text("name")}' has no {(chosen.Length == 0 ? "such active rule" : "machine")}.",
                        chosen.Length == 0 ? $"It has: {string.Join(", ", whole.Items("rules").Select(rule => rule.Text("name")))}." : "Put some in with 'vprotect vm assign'.");
                }

                var body = new JsonObject
                {
                    ["protectedEntities"] = References(whole.Items("vms")),
                    ["protectedEntityType"] = "VM",
                    ["backupType"] = client.Parsed.GetValue(full) ? "FULL" : "INCREMENTAL",
                    ["rules"] = References(chosen),
                };
                return await starting.RunAsync(client, path, body, cancellationToken);
            });
    }

    private static async Task ShowPartsAsync(ClientInvocation client, JsonElement policy, CancellationToken cancellationToken)
    {
        TextWriter writer = client.Terminal.Out;
        JsonElement[] rules = [.. policy.Items("rules")];
        if (rules.Length > 0)
        {
            await writer.WriteLineAsync();
            Table.Write(writer, RuleVerbs.BackupRule.Columns, rules, client.Terminal.Width);
        }

        string[] machines = [.. policy.Items("vms").Select(machine => machine.Text("name") ?? ObjectNames.GuidOf(machine))];
        if (machines.Length > 0)
        {
            await writer.WriteLineAsync();
            await writer.WriteLineAsync($"{Quantity.Of(machines.Length, "machine")}: {string.Join(", ", machines.Take(50))}{(machines.Length > 50 ? " …" : "")}");
        }
    }

    private static JsonArray References(IEnumerable<JsonElement> items) => new([.. items.Select(item => (JsonNode?)new JsonObject { ["guid"] = ObjectNames.GuidOf(item) })]);

    private static Resource Of(string noun, string path, string listVerb) => new()
    {
        Noun = noun,
        Path = path,
        ListVerb = listVerb,
        Columns =
        [
            Column.Text("name", "name", shrinks: true), Column.Text("active", "active"), Column.Count(">priority", "priority"), Column.Count(">machines", "vms"), Column.Text("rules", "rules", shrinks: true),
            Column.Word("auto-assign", "autoAssignSettings.mode"), Column.Duration(">RPO", "rpo"),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("description", "description"), Column.Text("active", "active"), Column.Count("priority", "priority"), Column.Word("auto-assign", "autoAssignSettings.mode"),
            Column.Text("tags that include", "autoAssignSettings.includeTags"), Column.Text("tags that exclude", "autoAssignSettings.excludeTags"), Column.Text("names that include", "autoAssignSettings.includeRegExps"),
            Column.Text("names that exclude", "autoAssignSettings.excludeRegExps"), Column.Text("clusters", "autoAssignSettings.hvClusters"), Column.Text("machines gone leave", "autoRemoveNonPresent"),
            Column.Count("tries again", "backupRetryCount"), Column.Duration("first after", "retryDelay"), Column.Duration("RPO", "rpo"), Column.Text("time zone", "timeZone"), Column.Text("daily report", "dailyReportEnabled"),
            Column.Text("mailing list", "mailingList"), Column.Text("tenant", "tenantId"),
        ],
    };
}
