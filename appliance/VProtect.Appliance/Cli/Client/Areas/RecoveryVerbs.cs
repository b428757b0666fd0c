using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect recovery …</c>: machines that are restored together, in order.</summary>
internal static class RecoveryVerbs
{
    private static readonly Resource _plan = new()
    {
        Noun = "recovery plan",
        Path = "/recovery-plans",
        ListVerb = "recovery list",
        Columns =
        [
            Column.Text("name", "name", shrinks: true), Column.Text("active", "active"), Column.Count(">steps", "steps"), Column.Text("at", "cron"), Column.Time("next (UTC)", "nextRun"),
            Column.Time("last (UTC)", "lastRun"), Column.Text("description", "description", shrinks: true),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("description", "description"), Column.Text("active", "active"), Column.Text("goes on after a failure", "continueAfterFailure"),
            Column.Text("takes backups from", "backupDestination"), Column.Text("at", "cron"), Column.Text("time zone", "timeZone"), Column.Time("next run (UTC)", "nextRun"),
            Column.Time("last run (UTC)", "lastRun"), Column.Text("tenant", "tenantId"),
        ],
    };

    private static readonly Resource _run = new()
    {
        Noun = "run",
        Path = "/recovery-runs",
        ListVerb = "recovery runs",
        NameMember = null,
        Columns =
        [
            Column.Id(), Column.Word("state", "state"), Column.Time("began (UTC)", "created"), Column.Duration(">took", "duration"), Column.Duration(">data was old", "dataAge"), Column.Count(">restored", "restored"),
            Column.Count(">failed", "failed"),
        ],
    };

    private static readonly Column[] _steps =
    [
        Column.Text("machine", "virtualMachine", shrinks: true), Column.Duration(">after", "startDelay"), Column.Text("host", "hypervisor", shrinks: true), Column.Text("manager", "hypervisorManager", shrinks: true),
        Column.Text("as", "restoredPeName", shrinks: true), Column.Text("overwritten", "overwrite"), Column.Text("started", "powerOnAfterRestore"),
    ];

    private static readonly Column[] _check =
    [
        Column.Count(">step", "position"), Column.Text("machine", "virtualMachine", shrinks: true), Column.Text("as", "restoredPeName", shrinks: true), Column.Time("backup (UTC)", "backupTime"),
        Column.Duration(">old", "dataAge"), Column.Bytes(">size", "size"), Column.Text("in its way", "problem", shrinks: true),
    ];

    private static readonly Column[] _report =
    [
        Column.Count(">step", "position"), Column.Text("machine", "virtualMachine", shrinks: true), Column.Word("state", "state"), Column.Duration(">data was old", "dataAge"), Column.Duration(">took", "duration"),
        Column.Bytes(">moved", "transferred"), Column.Text("as", "restoredPeName", shrinks: true), Column.Text("info", "statusInfo", shrinks: true),
    ];

    public static Verb New(ClientVerbs verbs)
    {
        Field[] members =
        [
            Field.Text("--description", "description", "What it is for."), Field.Flag("--active", "active", "Whether its times count."),
            Field.Flag("--continue-after-failure", "continueAfterFailure", "Whether the steps after one that failed are done."),
            Field.Reference(verbs, "--destination", "backupDestination", DestinationVerbs.Destination, "Where backups are taken from; otherwise wherever the newest is."),
            Field.Text("--cron", "cron", "When it runs by itself: minute, hour, day of month, month, day of week.", "CRON"), Field.Text("--time-zone", "timeZone", "Whose times these are; UTC otherwise.", "ZONE"),
            Field.Text("--tenant", "tenantId", "Tenant that it belongs to.", "ID"),
        ];
        return verbs.Area(
            "recovery", "Recovery plans: machines that are restored together, in order.",
            verbs.List(_plan, "Lists recovery plans.", [], ("vprotect recovery list", "with their next runs")),
            verbs.Show(_plan, "Shows a recovery plan and its steps.", ShowStepsAsync, ("vprotect recovery show site-b", "by name or guid")),
            verbs.Create(
                "create", _plan, "Makes a recovery plan. Its steps come next: 'vprotect recovery add'.", members, complete: null, told: null,
                ("vprotect recovery create site-b --description 'the web shop, in the other room'", "run by hand"), ("vprotect recovery create test --cron '0 3 * * 6' --continue-after-failure", "every Saturday"),
                ("vprotect recovery create site-b --from plan.json", "a whole one, as the API has it")),
            verbs.Update(_plan, "Changes a recovery plan; what is not named stays.", members, ("vprotect recovery update test --active false", "it rests")),
            verbs.Delete("delete", _plan, "Deletes recovery plans; machines and backups stay.", warning: null, ("vprotect recovery delete test", "nothing that is stored goes")),
            NewAdd(verbs), NewRemove(verbs), NewCheck(verbs), NewRun(verbs), NewRuns(verbs), NewReport(verbs));
    }

    private static Verb NewAdd(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, _plan);
        Field[] members =
        [
            Field.Reference(verbs, "--vm", "virtualMachine", MachineVerbs.Machine, "The machine.", required: true), Field.Duration("--after", "startDelay", "Time between the end of the step before and the begin of this one."),
            Field.Reference(verbs, "--host", "hypervisor", InfrastructureVerbs.Hypervisor, "Host that shall run it; otherwise where it came from."),
            Field.Reference(verbs, "--manager", "hypervisorManager", InfrastructureVerbs.Manager, "Manager that it is restored to."), Field.Text("--storage", "restoreStorageId", "Storage that takes its disks.", "ID"),
            Field.Text("--name", "restoredPeName", "Name of the restored machine, with {name}, {date} and {time}.", "NAME"), Field.Flag("--overwrite", "overwrite", "Whether the machine itself is overwritten."),
            Field.Flag("--power-on", "powerOnAfterRestore", "Whether it is started afterwards."), Field.Word("--allocation", "restoredDiskAllocationFormat", "How disks are allocated", "SPARSE", "PREALLOCATED"),
        ];
        return verbs.Doing(
            ClientVerbs.With(new Verb("add", "Adds a machine at the end of a recovery plan.") { name }, members).WithExamples(
                ("vprotect recovery add site-b --vm db1 --host room-b --power-on", "restored to another host and started"),
                ("vprotect recovery add site-b --vm web1 --after 2m --name '{name}-{date}'", "two minutes after the one before, with a name that is free each day")),
            (client, cancellationToken) => ChangeStepsAsync(
                client,
                name,
                async steps =>
                {
                    var step = new JsonObject();
                    await RequestBody.ApplyAsync(client, members, step, cancellationToken);
                    steps.Add(step);
                },
                cancellationToken));
    }

    private static Verb NewRemove(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, _plan);
        var step = new Option<int>("--step") { Description = "Its place, from 1.", HelpName = "N", Required = true };
        return verbs.Doing(
            new Verb("remove", "Takes a step out of a recovery plan.") { name, step }.WithExamples(("vprotect recovery remove site-b --step 2", "the second one")),
            (client, cancellationToken) => ChangeStepsAsync(
                client,
                name,
                steps =>
                {
                    int place = client.Parsed.GetRequiredValue(step);
                    if (place < 1 || place > steps.Count)
                    {
                        throw new VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, $"There is no step {place}.", $"The plan has {steps.Count}.");
                    }

                    steps.RemoveAt(place - 1);
                    return Task.CompletedTask;
                },
                cancellationToken));
    }

    private static Verb NewCheck(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, _plan);
        return verbs.Doing(
            new Verb("check", "Tells what a run would restore now, and what is in its way. Nothing is done.") { name }.WithExamples(("vprotect recovery check site-b", "are we ready?")),
            async (client, cancellationToken) =>
            {
                string guid = await GuidAsync(client, name, cancellationToken);
                ApiAnswer answer = await client.Api.CreateAsync(_plan.PathOf(guid) + "/check", new JsonObject(), key: null, cancellationToken);
                return Write(client, answer, _check, [.. answer.Body.Items("")]);
            });
    }

    private static Verb NewRun(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, _plan);
        var wait = new Option<bool>("--wait", "-W") { Description = "Wait for the end, with progress; the exit code tells the outcome." };
        return verbs.Doing(
            new Verb("run", "Runs a recovery plan now.") { name, wait }.WithExamples(("vprotect recovery run site-b --wait", "until the last machine is there")),
            async (client, cancellationToken) =>
            {
                string guid = await GuidAsync(client, name, cancellationToken);
                ApiAnswer answer = await client.Api.CreateAsync(_plan.PathOf(guid) + "/run", new JsonObject(), key: null, cancellationToken);
                if (!client.Parsed.GetValue(wait))
                {
                    return ClientVerbs.Answer(client, answer, $"Began. Report: vprotect recovery report {answer.Body.ShortId()}");
                }

                List<JsonElement> tasks = [];
                foreach (JsonElement step in answer.Body.Items("steps"))
                {
                    tasks.Add((await client.Api.GetAsync("/tasks/" + step.Text("task"), cancellationToken)).Body);
                }

                return await TaskWaiting.RunAsync(client, tasks, cancellationToken);
            });
    }

    private static Verb NewRuns(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, _plan);
        return verbs.Doing(
            new Verb("runs", "Lists runs of a recovery plan, newest first.") { name }.WithExamples(("vprotect recovery runs site-b", "what became of them")),
            async (client, cancellationToken) =>
            {
                string guid = await GuidAsync(client, name, cancellationToken);
                ApiAnswer answer = await client.Api.GetAsync(_plan.PathOf(guid) + "/runs", cancellationToken);
                return Write(client, answer, _run.Columns, [.. answer.Body.Items("")]);
            });
    }

    private static Verb NewReport(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, _plan);
        var run = new Option<string?>("--run") { Description = "Which run, by the id of 'recovery runs'; otherwise the last.", HelpName = "ID" };
        return verbs.Doing(
            new Verb("report", "Shows what a run of a recovery plan restored, how long it took and how old the data was.") { name, run }.WithExamples(
                ("vprotect recovery report site-b", "of the last run"), ("vprotect recovery report site-b --run 3f9ac01d", "of one before")),
            async (client, cancellationToken) =>
            {
                string guid = await GuidAsync(client, name, cancellationToken);
                string? wanted = client.Parsed.GetValue(run);
                JsonElement[] runs = [.. (await client.Api.GetAsync(_plan.PathOf(guid) + "/runs", cancellationToken)).Body.Items("")];
                if (runs.Where(one => wanted is null || one.Text("guid")!.EndsWith(wanted, StringComparison.OrdinalIgnoreCase)).ToArray() is not [JsonElement found, ..])
                {
                    throw new VProtectException(ErrorCode.ObjectUnknown, ErrorSide.Request, "There is no such run.", "List them with 'vprotect recovery runs'.");
                }

                ApiAnswer answer = await client.Api.GetAsync(_run.PathOf(ObjectNames.GuidOf(found)), cancellationToken);
                if (!client.IsJson)
                {
                    Table.Write(client.Terminal.Out, _run.Columns, [answer.Body], client.Terminal.Width);
                    client.Terminal.Out.WriteLine();
                }

                return Write(client, answer, _report, [.. answer.Body.Items("steps")]);
            });
    }

    private static async Task ShowStepsAsync(ClientInvocation client, JsonElement plan, CancellationToken cancellationToken)
    {
        JsonElement[] steps = [.. plan.Items("steps")];
        if (steps.Length > 0)
        {
            await client.Terminal.Out.WriteLineAsync();
            Table.Write(client.Terminal.Out, _steps, steps, client.Terminal.Width);
        }
    }

    private static async Task<int> ChangeStepsAsync(
        ClientInvocation client, Argument<string> name, Func<JsonArray, Task> change, CancellationToken cancellationToken)
    {
        string path = _plan.PathOf(await GuidAsync(client, name, cancellationToken));
        ApiAnswer before = await client.Api.GetAsync(path, cancellationToken);
        var steps = new JsonArray([.. before.Body.Items("steps").Select(step => JsonNode.Parse(step.GetRawText()))]);
        await change(steps);
        ApiAnswer answer = await client.Api.UpdateAsync(path, new JsonObject { ["steps"] = steps }, before.Version, cancellationToken);
        int count = answer.Body.Items("steps").Count();
        return ClientVerbs.Answer(client, answer, $"Recovery plan '{answer.Body.Text("name")}' has {Quantity.Of(count, "step")} now.");
    }

    private static async Task<string> GuidAsync(ClientInvocation client, Argument<string> name, CancellationToken cancellationToken) =>
        ObjectNames.GuidOf(await ObjectNames.FindAsync(client.Api, _plan, client.Parsed.GetRequiredValue(name), cancellationToken));

    private static int Write(ClientInvocation client, ApiAnswer answer, IReadOnlyList<Column> columns, IReadOnlyList<JsonElement> rows)
    {
        if (client.IsJson)
        {
            client.WriteJson(answer.Text);
        }
        else
        {
            Table.Write(client.Terminal.Out, columns, rows, client.Terminal.Width);
        }

        return ExitCodes.Success;
    }
}
