using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect task|workflow …</c>: what is at work, waits, and has ended.</summary>
internal static class TaskVerbs
{
    public static Resource Task { get; } = new()
    {
        Noun = "task",
        Path = "/tasks",
        ListVerb = "task list",
        NameMember = null,
        Columns =
        [
            Column.Id(), Column.Word("type", "type"), Column.Text("of", "protectedEntity", shrinks: true), Column.Word("state", "state"), Column.Percent(">done", "progress"),
            new Column(">rate", row => row.Text("state") == "RUNNING" && row.Number("rate") is > 0 and var rate ? SizeText.Of(rate) + "/s" : null),
            Column.Time("asked for (UTC)", "created"), new Column(">took", row => TaskText.Took(row) is { } took ? SizeText.OfWhole(took) : null),
            new Column("info", row => row.Text("statusInfo") ?? row.Text("waitsFor") ?? (row.Text("state") == "RUNNING" ? row.Text("stage") : null), Shrinks: true),
        ],
        Details =
        [
            Column.Word("task", "type"), Column.Word("state", "state"), Column.Text("machine", "protectedEntity"), Column.Text("stage", "stage"), Column.Percent("done", "progress"),
            Column.Bytes("gone through", "bytesDone"), Column.Bytes("of", "bytesTotal"), Column.Duration("time left", "etaMs"), Column.Text("destination", "backupDestination"),
            Column.Word("backup type", "backupType"), Column.Text("host", "hypervisor"), Column.Text("node", "node"), Column.Text("policy", "policy"), Column.Text("schedule", "schedule"),
            Column.Text("asked for by", "originEntity.name"), Column.Time("asked for (UTC)", "created"), Column.Time("not before (UTC)", "notBefore"), Column.Time("started (UTC)", "started"),
            Column.Time("ended (UTC)", "finished"), new Column("took", row => TaskText.Took(row) is { } took ? SizeText.OfWhole(took) : null), Column.Count("priority", "priority"),
            new Column("try", row => row.Number("attempt") is > 0 and var attempt ? $"{attempt} of {row.Text("maxAttempts")}" : null), Column.Count("warnings", "warnings"),
            Column.Text("waits for a node", "waitsFor"), Column.Text("info", "statusInfo"), Column.Text("what to do", "guidance"), Column.Count("error code", "errorCode"), Column.Id("restore point", "backup.guid"),
            Column.Id("other half", "linkedTask"),
        ],
    };

    private static readonly Resource _workflow = new()
    {
        Noun = "workflow",
        Path = "/workflow-executions",
        ListVerb = "workflow list",
        NameMember = null,
        Columns = [Column.Id(), Column.Text("name", "name", shrinks: true), Column.Word("state", "state"), Column.Time("started (UTC)", "created"), Column.Time("ended (UTC)", "finished"), Column.Text("info", "statusInfo", shrinks: true)],
        Details = [Column.Text("name", "name"), Column.Word("state", "state"), Column.Text("info", "statusInfo"), Column.Text("policy", "policy"), Column.Text("schedule", "schedule"), Column.Time("started (UTC)", "created"), Column.Time("ended (UTC)", "finished")],
    };

    private static readonly string[] _states = ["QUEUED", "RUNNING", "FINISHED", "FAILED", "CANCELLED"];

    private static readonly string[] _types =
    [
        "EXPORT", "STORE", "RESTORE", "IMPORT", "DELETE", "SNAPSHOT", "SNAPSHOT_REVERSION", "OLD_BACKUPS_REMOVAL", "OLD_SNAPSHOTS_REMOVAL", "INVENTORY_SYNC", "VERIFY", "COLLECT", "FILE_RESTORE",
    ];

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "task", "What is at work, waits, and has ended.",
        verbs.List(
            Task, "Lists tasks, newest first.", Filters(verbs),
            ("vprotect task list --state running,queued", "what is going on"), ("vprotect task list --machine web1 --type export -n 10", "the last backups of a machine"),
            ("vprotect task list --watch", "as it changes")),
        NewShow(verbs), NewLog(verbs), NewWait(verbs), NewWatch(verbs), NewCancel(verbs), NewRetry(verbs), NewPriority(verbs), NewDelete(verbs));

    public static Verb NewWorkflow(ClientVerbs verbs) => verbs.Area(
        "workflow", "Runs: what was asked for together, with its tasks.",
        verbs.List(
            _workflow, "Lists runs, newest first.",
            [
                Field.Word("--state", "state", "Only in this state", "RUNNING", "FINISHED", "FINISHED_WITH_WARNINGS", "PARTIALLY_FINISHED", "FAILED", "CANCELLED"),
                Field.Reference(verbs, "--machine", "protectedEntity", MachineVerbs.Machine, "Only of this machine.", bare: true), Field.Reference(verbs, "--policy", "policy", PolicyVerbs.BackupPolicy, "Only of this policy.", bare: true),
                Field.Reference(verbs, "--schedule", "schedule", ScheduleVerbs.Schedule, "Only of this schedule.", bare: true),
            ],
            ("vprotect workflow list -n 20", "the last ones")),
        verbs.Show(
            _workflow, "Shows a run and its tasks.",
            (client, item, _) =>
            {
                client.Terminal.Out.WriteLine();
                Table.Write(client.Terminal.Out, Task.Columns, [.. item.Items("tasks")], client.Terminal.Width);
                return System.Threading.Tasks.Task.CompletedTask;
            },
            ("vprotect workflow show 1f0c93ab", "by its id")),
        NewWorkflowCancel(verbs),
        verbs.Delete("delete", _workflow, "Deletes runs that have ended, with their tasks.", warning: null, ("vprotect workflow delete 1f0c93ab", "by its id")));

    private static Verb NewWorkflowCancel(ClientVerbs verbs)
    {
        Argument<string> id = ObjectArgument.New(verbs, _workflow, "ID");
        return verbs.Doing(
            new Verb("cancel", "Cancels all tasks of a run.") { id }.WithExamples(("vprotect workflow cancel 1f0c93ab", "they stop at once and clean up")),
            async (client, cancellationToken) =>
            {
                JsonElement run = await ObjectNames.FindAsync(client.Api, _workflow, client.Parsed.GetRequiredValue(id), cancellationToken);
                ApiAnswer answer = await client.Api.UpdateAsync(_workflow.PathOf(ObjectNames.GuidOf(run)) + "/state", new JsonObject { ["state"] = "CANCELLED" }, version: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, $"Cancelled {run.Text("name")}.");
            });
    }

    private static Field[] Filters(ClientVerbs verbs) =>
    [
        Field.Words("--state", "state", "Only in these states", _states), Field.Words("--type", "type", "Only of these types", _types),
        Field.Reference(verbs, "--machine", "protectedEntity", MachineVerbs.Machine, "Only of this machine.", bare: true),
        Field.Reference(verbs, "--policy", "policy", PolicyVerbs.BackupPolicy, "Only of this policy.", bare: true),
        Field.Reference(verbs, "--schedule", "schedule", ScheduleVerbs.Schedule, "Only of this schedule.", bare: true),
        Field.Reference(verbs, "--point", "backup", PointVerbs.Point, "Only about this restore point.", bare: true),
        Field.Text("--workflow", "workflow", "Only of this run.", "GUID"),
    ];

    private static Verb NewShow(ClientVerbs verbs) => verbs.Show(Task, "Shows all that is known of a task.", ("vprotect task show 3f9ac01d", "by the id of 'task list'"));

    private static Verb NewLog(ClientVerbs verbs)
    {
        Argument<string> id = ObjectArgument.New(verbs, Task, "ID");
        var follow = new Option<bool>("--follow", "-f") { Description = "Show lines as they come, until the task has ended." };
        return verbs.Doing(
            new Verb("log", "Shows what a task did.") { id, follow }.WithExamples(("vprotect task log 3f9ac01d", "all of it"), ("vprotect task log 3f9ac01d --follow", "as it grows")),
            async (client, cancellationToken) =>
            {
                JsonElement task = await ObjectNames.FindAsync(client.Api, Task, client.Parsed.GetRequiredValue(id), cancellationToken);
                string guid = ObjectNames.GuidOf(task);
                long after = 0;
                while (true)
                {
                    // Asked before the lines are: what it wrote last is in them.
                    bool isLast = !client.Parsed.GetValue(follow) || TaskText.HasEnded((await client.Api.GetAsync(Task.PathOf(guid), cancellationToken)).Body);
                    ApiAnswer lines = await client.Api.GetAsync($"/tasks/{guid}/log?after={after.ToString(CultureInfo.InvariantCulture)}", cancellationToken);
                    if (client.IsJson)
                    {
                        client.WriteJson(lines.Text);
                    }

                    foreach (JsonElement line in lines.Body.Items(""))
                    {
                        after = line.Number("seq") ?? after;
                        client.Say(LineOf(line));
                    }

                    if (isLast)
                    {
                        return ExitCodes.Success;
                    }

                    await System.Threading.Tasks.Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
                }
            });
    }

    private static Verb NewWait(ClientVerbs verbs)
    {
        Argument<string[]> ids = ObjectArgument.NewList(verbs, Task, "ID");
        return verbs.Doing(
            new Verb("wait", "Waits until tasks have ended, with progress; the exit code tells how.") { ids }.WithExamples(("vprotect task wait 3f9ac01d", "then 0, 12 when it failed, 13 when it was cancelled")),
            async (client, cancellationToken) => await TaskWaiting.RunAsync(client, await FindAllAsync(client, client.Parsed.GetRequiredValue(ids), cancellationToken), cancellationToken));
    }

    private static Verb NewWatch(ClientVerbs verbs) => verbs.Doing(
        new Verb("watch", "Shows what is at work and what waits, as it changes, until Ctrl-C.").WithExamples(("vprotect task watch", "the whole appliance at work")),
        (client, cancellationToken) => Watching.RunAsync(
            client,
            async token =>
            {
                ObjectList running = await ObjectList.ReadAsync(client.Api, Task, [("state", "RUNNING,QUEUED")], limit: 50, token);
                return writer =>
                {
                    if (!client.IsJson)
                    {
                        writer.WriteLine($"{Quantity.Of(running.Total ?? running.Rows.Count, "task")} at work or waiting. Ctrl-C ends.");
                        writer.WriteLine();
                    }

                    ClientVerbs.WriteList(client, writer, Task, running with { Total = null });
                };
            },
            cancellationToken));

    private static Verb NewCancel(ClientVerbs verbs)
    {
        Argument<string[]> ids = ObjectArgument.NewList(verbs, Task, "ID");
        ids.Arity = ArgumentArity.ZeroOrMore;
        var running = new Option<bool>("--all-running") { Description = "All that run." };
        var queued = new Option<bool>("--all-queued") { Description = "All that wait; those that have ended are deleted too." };
        return verbs.Doing(
            new Verb("cancel", "Cancels tasks: they stop at once and clean up.") { ids, running, queued }
                .WithExamples(("vprotect task cancel 3f9ac01d", "one"), ("vprotect task cancel --all-running", "everything that is at work")),
            async (client, cancellationToken) =>
            {
                IReadOnlyList<JsonElement> tasks = await FindAllAsync(client, client.Parsed.GetValue(ids) ?? [], cancellationToken);
                bool isAll = client.Parsed.GetValue(running) || client.Parsed.GetValue(queued);
                if (tasks.Count == 0 && !isAll)
                {
                    throw Invocation.BadArgument("No task was named.", "Name some by their ids, or give --all-running.");
                }

                foreach (JsonElement task in tasks)
                {
                    await client.Api.UpdateAsync($"/tasks/{ObjectNames.GuidOf(task)}/state", new JsonObject { ["state"] = "CANCELLED" }, version: null, cancellationToken);
                    client.Say($"Cancelled {TaskText.Of(task)}.");
                }

                if (client.Parsed.GetValue(running))
                {
                    await client.Api.DeleteAsync("/tasks/all-running", version: null, cancellationToken);
                    client.Say("Cancelled all that ran.");
                }

                if (client.Parsed.GetValue(queued))
                {
                    await client.Api.DeleteAsync("/tasks/all-finished-and-queued", version: null, cancellationToken);
                    client.Say("Cancelled all that waited.");
                }

                return Guids(client, tasks);
            });
    }

    private static Verb NewRetry(ClientVerbs verbs)
    {
        Argument<string> id = ObjectArgument.New(verbs, Task, "ID");
        return verbs.Doing(
            new Verb("retry", "Asks again for what a task that failed or was cancelled was to do.") { id }.WithExamples(("vprotect task retry 3f9ac01d", "as it was asked for")),
            async (client, cancellationToken) =>
            {
                JsonElement task = await ObjectNames.FindAsync(client.Api, Task, client.Parsed.GetRequiredValue(id), cancellationToken);
                ApiAnswer answer = await client.Api.CreateAsync($"/tasks/{ObjectNames.GuidOf(task)}/retry", new JsonObject(), key: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, $"Queued {TaskText.Of(task)} again.");
            });
    }

    private static Verb NewPriority(ClientVerbs verbs)
    {
        Argument<string> id = ObjectArgument.New(verbs, Task, "ID");
        var priority = new Argument<int>("PRIORITY") { Description = "0 to 100; higher comes first." };
        return verbs.Doing(
            new Verb("priority", "Moves a task that waits in the queue.") { id, priority }.WithExamples(("vprotect task priority 3f9ac01d 90", "before the others")),
            async (client, cancellationToken) =>
            {
                JsonElement task = await ObjectNames.FindAsync(client.Api, Task, client.Parsed.GetRequiredValue(id), cancellationToken);
                ApiAnswer answer = await client.Api.UpdateAsync(
                    $"/tasks/{ObjectNames.GuidOf(task)}/priority", new JsonObject { ["priority"] = client.Parsed.GetRequiredValue(priority) }, version: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, $"{TaskText.Of(task)} has priority {client.Parsed.GetRequiredValue(priority)} now.");
            });
    }

    private static Verb NewDelete(ClientVerbs verbs)
    {
        Argument<string[]> ids = ObjectArgument.NewList(verbs, Task, "ID");
        ids.Arity = ArgumentArity.ZeroOrMore;
        var finished = new Option<bool>("--all-finished") { Description = "All that have ended." };
        return verbs.Doing(
            new Verb("delete", "Deletes tasks that do not run, with their logs; what they made stays.") { ids, finished }
                .WithExamples(("vprotect task delete 3f9ac01d", "one"), ("vprotect task delete --all-finished", "the whole history")),
            async (client, cancellationToken) =>
            {
                IReadOnlyList<JsonElement> tasks = await FindAllAsync(client, client.Parsed.GetValue(ids) ?? [], cancellationToken);
                if (tasks.Count == 0 && !client.Parsed.GetValue(finished))
                {
                    throw Invocation.BadArgument("No task was named.", "Name some by their ids, or give --all-finished.");
                }

                foreach (JsonElement task in tasks)
                {
                    await client.Api.DeleteAsync($"/tasks/{ObjectNames.GuidOf(task)}", version: null, cancellationToken);
                    client.Say($"Deleted {TaskText.Of(task)}.");
                }

                if (client.Parsed.GetValue(finished))
                {
                    await client.Api.DeleteAsync("/tasks/all-finished", version: null, cancellationToken);
                    client.Say("Deleted all that have ended.");
                }

                return Guids(client, tasks);
            });
    }

    private static async Task<IReadOnlyList<JsonElement>> FindAllAsync(ClientInvocation client, string[] typed, CancellationToken cancellationToken)
    {
        List<JsonElement> tasks = [];
        foreach (string id in typed)
        {
            tasks.Add(await ObjectNames.FindAsync(client.Api, Task, id, cancellationToken));
        }

        return tasks;
    }

    private static int Guids(ClientInvocation client, IReadOnlyList<JsonElement> tasks)
    {
        if (client.IsJson)
        {
            client.WriteJson(new JsonArray([.. tasks.Select(task => (JsonNode?)JsonValue.Create(ObjectNames.GuidOf(task)))]).ToJsonString());
        }

        return ExitCodes.Success;
    }

    private static string LineOf(JsonElement line)
    {
        string level = line.Text("level") is { } text and not "INFORMATION" and not "INFO" ? text.ToLowerInvariant() + ": " : "";
        string at = line.Time("at") is { } time ? time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture) : "";
        return $"{at}  {level}{line.Text("text")}";
    }
}
