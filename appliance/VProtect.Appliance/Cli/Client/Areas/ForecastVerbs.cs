using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect schedule forecast</c>, <c>policy dry-run</c> and <c>vm retention</c>: what would happen. Nothing is started or removed.</summary>
internal static class ForecastVerbs
{
    private static readonly Resource _run = new()
    {
        Noun = "run to come",
        Path = "/schedules/forecast",
        ListVerb = "schedule forecast",
        HasSingle = false,
        Columns =
        [
            Column.Time("time (UTC)", "at"), Column.Text("machine", "protectedEntity", shrinks: true), Column.Text("policy", "policy", shrinks: true), Column.Text("rule", "rule", shrinks: true),
            Column.Text("schedule", "schedule", shrinks: true), Column.Word("reads", "backupType"), Column.Text("destination", "backupDestination", shrinks: true), Column.Text("copy", "secondaryBackupDestination", shrinks: true),
        ],
    };

    private static readonly Resource _decision = new()
    {
        Noun = "restore point",
        Path = "/retention/simulate",
        ListVerb = "vm retention",
        HasSingle = false,
        Columns =
        [
            Column.Id("restore point", "backup.guid"), Column.Text("machine", "backup.protectedEntity", shrinks: true), Column.Time("time (UTC)", "backup.backupTime"), Column.Word("type", "backup.type"),
            Column.Bytes(">stored", "backup.storedSize"), new Column("retention", row => row.IsTrue("keep") ? "keeps" : "removes"), Column.Word("because", "reason"),
        ],
    };

    public static Verb NewForecast(ClientVerbs verbs)
    {
        Field[] filters =
        [
            Field.Moment("--until", "until", "Until then; 24 hours from now otherwise, 31 days at most."), Field.Reference(verbs, "--policy", "policy", PolicyVerbs.BackupPolicy, "Only of this policy.", bare: true),
            Field.Reference(verbs, "--schedule", "schedule", ScheduleVerbs.Schedule, "Only of this schedule.", bare: true),
        ];
        return verbs.Doing(
            ClientVerbs.With(new Verb("forecast", "Tells what schedules would start. Nothing is started.").WithExamples(
                ("vprotect schedule forecast", "what would run tonight?"), ("vprotect schedule forecast --until 7d --policy nightly", "a week of one policy")), filters),
            async (client, cancellationToken) =>
            {
                List<(string, string?)> parameters = await ClientVerbs.ParametersAsync(client, filters, cancellationToken);
                ApiAnswer answer = await client.Api.GetAsync(Query.With(_run.Path, parameters), cancellationToken);
                ClientVerbs.WriteList(client, client.Terminal.Out, _run, new ObjectList([.. answer.Body.Items("")], Total: null));
                return ExitCodes.Success;
            });
    }

    public static Verb NewDryRun(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, PolicyVerbs.BackupPolicy);
        Field until = Field.Moment("--until", "until", "Until then; 24 hours from now otherwise.");
        return verbs.Doing(
            ClientVerbs.With(new Verb("dry-run", "Tells what a policy would do: what would run, and what retention would remove. Nothing is done.") { name }, [until])
                .WithExamples(("vprotect policy dry-run nightly", "what would run tonight, and what would go?")),
            async (client, cancellationToken) =>
            {
                JsonElement found = await ObjectNames.FindAsync(client.Api, PolicyVerbs.BackupPolicy, client.Parsed.GetRequiredValue(name), cancellationToken);
                string guid = ObjectNames.GuidOf(found);
                List<(string, string?)> parameters = await ClientVerbs.ParametersAsync(client, [until], cancellationToken);
                ApiAnswer runs = await client.Api.GetAsync(Query.With(_run.Path, parameters.Append(("policy", guid))), cancellationToken);
                JsonElement policy = (await client.Api.GetAsync(PolicyVerbs.BackupPolicy.PathOf(guid), cancellationToken)).Body;
                List<JsonElement> removed = [];
                foreach (JsonElement machine in policy.Items("vms"))
                {
                    removed.AddRange((await DecideAsync(client, ObjectNames.GuidOf(machine), [], cancellationToken)).Where(one => !one.IsTrue("keep")));
                }

                if (client.IsJson)
                {
                    client.WriteJson($$"""{"runs":{{runs.Text}},"removed":[{{string.Join(",", removed.Select(one => one.GetRawText()))}}]}""");
                    return ExitCodes.Success;
                }

                TextWriter writer = client.Terminal.Out;
                ClientVerbs.WriteList(client, writer, _run, new ObjectList([.. runs.Body.Items("")], Total: null));
                writer.WriteLine();
                writer.WriteLine(removed.Count == 0 ? "Retention would remove nothing." : $"Retention would remove {Quantity.Of(removed.Count, "restore point")}:");
                if (removed.Count > 0)
                {
                    Table.Write(writer, _decision.Columns, removed, client.Terminal.Width);
                }

                return ExitCodes.Success;
            });
    }

    public static Verb NewRetention(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, MachineVerbs.Machine);
        Field[] tried =
        [
            Keep("full", "retentionKeepLastNFull", "Full restore points kept."), Keep("incremental", "retentionKeepLastNIncremental", "Incremental restore points kept."), Keep("last", "keepLast", "Newest kept whatever their age."),
            Keep("hourly", "keepHourly", "Hours of which one is kept."), Keep("daily", "keepDaily", "Days of which one is kept."), Keep("weekly", "keepWeekly", "Weeks of which one is kept."),
            Keep("monthly", "keepMonthly", "Months of which one is kept."), Keep("yearly", "keepYearly", "Years of which one is kept."), Field.Moment("--at", "at", "As if it were then."), Field.Text("--time-zone", "timeZone", "Whose days and weeks are counted.", "ZONE"),
        ];
        return verbs.Doing(
            ClientVerbs.With(new Verb("retention", "Tells which restore points of a machine retention would keep, which not, and why; with its own settings or with others. Nothing is removed.") { name }, tried)
                .WithExamples(("vprotect vm retention web1", "as its rules are"), ("vprotect vm retention web1 --keep-daily 7 --keep-weekly 4", "if they were so")),
            async (client, cancellationToken) =>
            {
                JsonElement machine = await ObjectNames.FindAsync(client.Api, MachineVerbs.Machine, client.Parsed.GetRequiredValue(name), cancellationToken);
                JsonElement[] decisions = await DecideAsync(client, ObjectNames.GuidOf(machine), tried, cancellationToken);
                ClientVerbs.WriteList(client, client.Terminal.Out, _decision, new ObjectList(decisions, Total: null));
                return ExitCodes.Success;
            });

        static Field Keep(string word, string member, string description) => Field.Number($"--keep-{word}", $"backupRetentionSettings.{member}", description);
    }

    private static async Task<JsonElement[]> DecideAsync(ClientInvocation client, string machine, Field[] tried, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["protectedEntity"] = new JsonObject { ["guid"] = machine } };
        await RequestBody.ApplyAsync(client, tried, body, cancellationToken);
        return [.. (await client.Api.SendAsync(HttpMethod.Post, _decision.Path, body, [], cancellationToken)).Body.Items("")];
    }
}
