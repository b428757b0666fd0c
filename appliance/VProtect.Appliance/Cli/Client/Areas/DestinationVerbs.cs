using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect destination …</c>: repositories as the server uses them.</summary>
internal static class DestinationVerbs
{
    public static Resource Destination { get; } = new()
    {
        Noun = "destination",
        Path = "/backup-destinations",
        ListVerb = "destination list",
        Columns =
        [
            Column.Text("name", "name", shrinks: true), Column.Word("type", "type"), Column.Text("place", "settings.path", shrinks: true), Column.Text("default", "defaultBackupDestination"), Column.Word("state", "state"),
            Column.Bytes(">used", "totalUsedSpace"), Column.Bytes(">free", "totalAvailableSpace"), Column.Bytes(">holds", "logicalSize"),
            new Column(">saved", row => row.Number("logicalSize") is { } holds && row.Number("totalUsedSpace") is { } used ? SizeText.Ratio(holds, used) : null),
            Column.Text("info", "stateInfo", shrinks: true),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Word("type", "type"), Column.Text("place", "settings.path"), Column.Text("credential", "credential"), Column.Text("description", "description"), Column.Text("default", "defaultBackupDestination"),
            Column.Word("state", "state"), Column.Text("info", "stateInfo"), Column.Time("looked at (UTC)", "checkedAt"), Column.Bytes("used", "totalUsedSpace"), Column.Bytes("free", "totalAvailableSpace"),
            Column.Bytes("holds", "logicalSize"), Column.Bytes("reserve", "reserve"), Column.Text("encrypted", "encrypted"), Column.Text("for all machines", "visibleForAllVms"), Column.Text("projects", "projects"),
            Column.Text("node configurations", "nodeConfigs"), Column.Text("repository", "repositoryId"),
        ],
    };

    public static Verb New(ClientVerbs verbs)
    {
        Field[] members =
        [
            Field.Text("--description", "description", "What it is for."), Field.Flag("--default", "defaultBackupDestination", "Used where none is named."), Field.Size("--reserve", "reserve", "Space that backups leave free."),
            Field.Flag("--for-all", "visibleForAllVms", "Whether every machine may use it."), Field.Texts("--project", "projects", "A project whose machines may use it.", "NAME"),
            Field.References(verbs, "--node-config", "nodeConfigs", InfrastructureVerbs.NodeConfig, "Nodes that may use it."),
            Field.Reference(verbs, "--credential", "credential", InfrastructureVerbs.Credential, "The key of a bucket: its login is the access key's id. Without one, nodes take what they find: ~/.aws/credentials, their environment, their role."),
        ];
        return verbs.Area(
            "destination", "Where backups go.",
            verbs.Create(
                "add", Destination, "Makes a repository in a place, or attaches the one that is there. The recovery key is shown this once.",
                [
                    Field.Text("--path", "settings.path", "Absolute directory on the node, or s3://bucket/prefix?endpoint=URL.", "DIR"), Field.Word("--type", "type", "Kind of place; told by the path", "FILESYSTEM", "S3"), Field.Flag("--encrypted", "encrypted", "Whether it is encrypted; it is unless you say false."),
                    Field.Secret("--passphrase-file", "passphrase", question: null), .. members,
                ],
                _ => { }, TellRecoveryKey,
                ("vprotect destination add main --path /backup/main --default", "new and encrypted; write the recovery key down"),
                ("vprotect destination add cloud --path 's3://backups/main?endpoint=https://ceph1:7480' --credential ceph", "in a bucket; before it: vprotect credential create ceph --login ACCESS-KEY-ID"),
                ("vprotect destination add old --path /backup/old --passphrase-file old.txt", "attaches a repository that is there")),
            verbs.List(Destination, "Lists destinations.", [], ("vprotect destination list", "how full are they?")),
            verbs.Show(Destination, "Shows a destination.", ("vprotect destination show main", "by name or guid")),
            verbs.Update(Destination, "Changes a destination; its place and pass phrase stay.", members, ("vprotect destination update cloud --credential ceph2", "another key of its bucket"), ("vprotect destination update main --reserve 50G", "more room for upkeep")),
            NewCheck(verbs), NewVerify(verbs), NewCollect(verbs), NewRemove(verbs));
    }

    private static void TellRecoveryKey(ClientInvocation client, JsonElement made)
    {
        if (made.Text("recoveryKey") is { } key)
        {
            RecoveryKeyText.Write(client.Terminal.Out, key);
        }
    }

    private static Verb NewCheck(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Destination);
        return verbs.Doing(
            new Verb("check", "Looks at a destination now: whether it is reached, what it holds, how much room it has.") { name }.WithExamples(("vprotect destination check main", "after the share was repaired")),
            async (client, cancellationToken) =>
            {
                JsonElement item = await ObjectNames.FindAsync(client.Api, Destination, client.Parsed.GetRequiredValue(name), cancellationToken);
                ApiAnswer answer = await client.Api.CreateAsync(Destination.PathOf(ObjectNames.GuidOf(item)) + "/check", body: null, key: null, cancellationToken);
                JsonElement now = answer.Body.Text("state") is null ? (await client.Api.GetAsync(Destination.PathOf(ObjectNames.GuidOf(item)), cancellationToken)).Body : answer.Body;
                string room = now.Number("totalAvailableSpace") is { } free ? $", {SizeText.Of(free)} free" : "";
                ClientVerbs.Answer(client, answer, $"Destination '{item.Text("name")}' is {now.Text("state")?.ToLowerInvariant()}{room}.{(now.Text("stateInfo") is { } info ? " " + info : "")}");
                return now.Text("state") is "OFFLINE" or "FAILED" ? ExitCodes.RepositoryFailed : ExitCodes.Success;
            });
    }

    private static Verb NewVerify(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Destination);
        Field[] fields = [Field.Number("--sample", "samplePercent", "Part of the packs to read, 1 to 100; those not read for the longest time first.", "PERCENT"), Field.Size("--rate", "bytesPerSecondMax", "Bytes a second, at most.")];
        Verb verb = ClientVerbs.With(new Verb("verify", "Reads and checks what a destination stores.") { name }, fields);
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(("vprotect destination verify main --wait", "every byte"), ("vprotect destination verify main --sample 5 --rate 100M", "a twentieth, gently")),
            (client, cancellationToken) => StartAsync(client, starting, name, fields, "/tasks/verify", cancellationToken));
    }

    private static Verb NewCollect(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Destination);
        var verb = new Verb("collect", "Frees space of what no restore point needs.") { name };
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(("vprotect destination collect main --wait", "after restore points were deleted")),
            (client, cancellationToken) => StartAsync(client, starting, name, [], "/tasks/collect", cancellationToken));
    }

    private static Verb NewRemove(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Destination);
        var forget = new Option<bool>("--forget") { Description = "Even if it holds restore points: the server forgets them, and learns them again when the repository is added." };
        return verbs.Doing(
            new Verb("remove", "Removes a destination from the server; what is stored there is never touched.") { name, forget }
                .WithExamples(("vprotect destination remove old", "one that holds nothing"), ("vprotect destination remove old --forget", "to attach it to another server")),
            async (client, cancellationToken) =>
            {
                JsonElement item = await ObjectNames.FindAsync(client.Api, Destination, client.Parsed.GetRequiredValue(name), cancellationToken);
                string path = Query.With(Destination.PathOf(ObjectNames.GuidOf(item)), ("forget", client.Parsed.GetValue(forget) ? "true" : null));
                return ClientVerbs.Answer(client, await client.Api.DeleteAsync(path, version: null, cancellationToken), $"Removed {Destination.Title(item)}. What is stored there stays.");
            });
    }

    private static async Task<int> StartAsync(
        ClientInvocation client, TaskStarting starting, Argument<string> name, Field[] fields, string path, CancellationToken cancellationToken)
    {
        JsonElement item = await ObjectNames.FindAsync(client.Api, Destination, client.Parsed.GetRequiredValue(name), cancellationToken);
        var body = new JsonObject { ["backupDestination"] = new JsonObject { ["guid"] = ObjectNames.GuidOf(item) } };
        await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
        return await starting.RunAsync(client, path, body, cancellationToken);
    }
}
