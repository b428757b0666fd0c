using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect point …</c>: restore points as the server knows them, which its API calls backups.</summary>
internal static class PointVerbs
{
    public static Resource Point { get; } = new()
    {
        Noun = "restore point",
        Path = "/backups",
        ListVerb = "point list",
        NameMember = null,
        Columns =
        [
            Column.Id(), Column.Text("machine", "protectedEntity", shrinks: true), Column.Time("time (UTC)", "backupTime"), Column.Word("type", "type"), Column.Word("status", "status"),
            Column.Bytes(">size", "size"), Column.Bytes(">read", "transferSize"), Column.Bytes(">stored", "storedSize"), Column.Text("destination", "backupDestination", shrinks: true),
            new Column("remark", row => string.Join("; ", Remarks(row)), Shrinks: true),
        ],
        Details =
        [
            Column.Text("machine", "protectedEntity"), Column.Word("type", "type"), Column.Word("status", "status"), Column.Text("info", "statusInfo"),
            Column.Time("asked for (UTC)", "backupTime"), Column.Time("shows (UTC)", "snapshotTime"), Column.Time("stored (UTC)", "finishTime"), Column.Bytes("size", "size"),
            Column.Bytes("read", "transferSize"), Column.Bytes("new", "newSize"), Column.Bytes("stored", "storedSize"), Column.Text("destination", "backupDestination"),
            Column.Word("copy", "roleType"), Column.Text("policy", "policy"), Column.Text("rule", "rule"), Column.Text("description", "description"), Column.Word("retention", "retentionHint"),
            new Column("held", row => row.IsTrue("held") ? row.Text("holdReason") ?? "yes" : null), Column.Time("locked until (UTC)", "lockedUntil"),
            new Column("warnings", row => row.Number("warnings") is > 0 and var count ? $"{count}{(row.IsTrue("warningsAcknowledged") ? ", acknowledged" : "")}" : null),
            new Column("verified", row => row.Text("verifyState") is { } state and not "NONE" ? $"{state.ToLowerInvariant()}, {(row.Time("verifiedAt") is { } at ? JsonReading.Minute(at) : "")}" : null),
            Column.Text("in the repository", "repositoryPointId"),
        ],
    };

    private static readonly Resource _file = new()
    {
        Noun = "disk",
        Path = "/backup-files",
        ListVerb = "point show",
        HasSingle = false,
        Columns = [Column.Text("disk", "name"), Column.Bytes(">size", "size"), Column.Bytes(">read", "transferSize"), Column.Bytes(">stored", "storedSize"), Column.Text("encrypted", "encryption")],
    };

    private static readonly string[] _statuses = ["PENDING", "RUNNING", "SUCCESS", "FAILED", "CANCELLED", "REMOVING"];

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "point", "Restore points that the server knows.",
        verbs.List(
            Point, "Lists restore points, newest first.",
            [
                Field.Reference(verbs, "--machine", "protected-entity", MachineVerbs.Machine, "Only of this machine.", bare: true),
                Field.Reference(verbs, "--destination", "backup-destination", DestinationVerbs.Destination, "Only in this destination.", bare: true),
                Field.Reference(verbs, "--policy", "policy", PolicyVerbs.BackupPolicy, "Only of this policy.", bare: true),
                Field.Words("--status", "status", "Only of these", _statuses), Field.Word("--type", "type", "Only these", "FULL", "INCREMENTAL"),
                Field.Moment("--from", "from", "Only made then or later."), Field.Moment("--before", "before", "Only made before."),
            ],
            ("vprotect point list --machine web1", "of one machine"), ("vprotect point list --status failed --from 2026-11-01", "what went wrong this month"),
            ("vprotect point list --status running --watch", "what is being made")),
        verbs.Show(Point, "Shows a restore point and its disks.", ShowDisksAsync, ("vprotect point show 81c0de5f", "by the id of 'point list'")),
        NewRestore(verbs),
        NewSmall(
            verbs, "hold", "Keeps restore points from being removed until they are released.", (client, guid, version, cancellationToken) =>
                client.Api.UpdateAsync($"/backups/{guid}/hold", Text("reason", client.Parsed.GetValue<string?>("--reason")), version, cancellationToken), "Holding",
            [new Option<string?>("--reason") { Description = "Why.", HelpName = "TEXT" }], ("vprotect point hold 81c0de5f --reason 'audit 2026'", "nothing removes it")),
        NewSmall(
            verbs, "release", "Takes holds off: the restore points may be removed again.", (client, guid, version, cancellationToken) => client.Api.DeleteAsync($"/backups/{guid}/hold", version, cancellationToken),
            "Released", [], ("vprotect point release 81c0de5f", "one that is held")),
        NewSmall(
            verbs, "describe", "Writes a description; without --text it is taken away.", (client, guid, version, cancellationToken) =>
                client.Api.UpdateAsync($"/backups/{guid}/description", Text("description", client.Parsed.GetValue<string?>("--text")), version, cancellationToken), "Described",
            [new Option<string?>("--text") { Description = "What it is.", HelpName = "TEXT" }], ("vprotect point describe 81c0de5f --text 'before the upgrade'", "shown in lists")),
        NewSmall(
            verbs, "acknowledge", "Says that the warnings were seen.", (client, guid, version, cancellationToken) =>
                client.Api.UpdateAsync($"/backups/{guid}/warnings-acknowledged", new JsonObject { ["warningsAcknowledged"] = true }, version, cancellationToken), "Acknowledged",
            [], ("vprotect point acknowledge 81c0de5f", "no longer counted as open")),
        NewHint(verbs), MountVerbs.NewMount(verbs), BootVerbs.New(verbs), NewDelete(verbs));

    /// <summary><c>vprotect vm restore NAME</c>: the latest restore point of a machine, or one of its own.</summary>
    public static Verb NewMachineRestore(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, MachineVerbs.Machine);
        var point = new Option<string?>("--point") { Description = "The restore point, by its id in 'point list'. Otherwise the latest good one.", HelpName = "ID" };
        return NewRestore(
            verbs, new Verb("restore", "Brings a machine back, to a platform or as files.") { name, point },
            [
                ("vprotect vm restore web1 --as web1-restored --wait", "beside the machine, where it came from"), ("vprotect vm restore web1 --overwrite --power-on", "in place of the machine"),
                ("vprotect vm restore web1 --to /restore/web1 --format qcow2", "as files in a directory of the node"),
            ],
            (client, cancellationToken) => FindOfMachineAsync(client, name, point, cancellationToken));
    }

    /// <summary>The restore point that is named, or the latest good one of the machine.</summary>
    internal static async Task<JsonElement> FindOfMachineAsync(ClientInvocation client, Argument<string> name, Option<string?> point, CancellationToken cancellationToken)
    {
        if (client.Parsed.GetValue(point) is { } typed)
        {
            return await ObjectNames.FindAsync(client.Api, Point, typed, cancellationToken);
        }

        JsonElement machine = await ObjectNames.FindAsync(client.Api, MachineVerbs.Machine, client.Parsed.GetRequiredValue(name), cancellationToken);
        ObjectList latest = await ObjectList.ReadAsync(
            client.Api, Point, [("protected-entity", ObjectNames.GuidOf(machine)), ("status", "SUCCESS")], limit: 1, cancellationToken);
        return latest.Rows.Count == 1 ? latest.Rows[0] : throw new VProtectException(
            ErrorCode.ObjectUnknown, ErrorSide.Request, $"Machine '{machine.Text("name")}' has no good restore point.", "'vprotect point list --machine' shows what there is.");
    }

    /// <summary>Networks for the cards of a machine, in their order, as the API takes them.</summary>
    internal static async Task<JsonArray> NetworksAsync(ClientInvocation client, string[] cards, CancellationToken cancellationToken)
    {
        var restored = new JsonArray();
        foreach (string typed in cards)
        {
            JsonElement network = await ObjectNames.FindAsync(client.Api, InfrastructureVerbs.Network, typed, cancellationToken);
            restored.Add(new JsonObject { ["network"] = new JsonObject { ["guid"] = ObjectNames.GuidOf(network) }, ["networkInterfaceCard"] = restored.Count });
        }

        return restored;
    }

    private static Verb NewRestore(ClientVerbs verbs)
    {
        Argument<string> id = ObjectArgument.New(verbs, Point, "ID");
        return NewRestore(
            verbs, new Verb("restore", "Brings a restore point back, to a platform or as files.") { id },
            [("vprotect point restore 81c0de5f --as web1-old --wait", "as another machine"), ("vprotect point restore 81c0de5f --to /restore/web1", "as files in a directory of the node")],
            (client, cancellationToken) => ObjectNames.FindAsync(client.Api, Point, client.Parsed.GetRequiredValue(id), cancellationToken));
    }

    private static Verb NewRestore(
        ClientVerbs verbs, Verb verb, (string, string)[] examples, Func<ClientInvocation, CancellationToken, Task<JsonElement>> find)
    {
        var disks = new Option<string[]>("--disk") { Description = "Only this disk, by its name. May be given several times.", HelpName = "NAME" };
        Field directory = Field.Text("--to", "restorePath", "Absolute directory on the node: restores files instead of a machine.", "DIR");
        Field[] toFiles = [directory, Field.Word("--format", "format", "Of the files", "raw", "qcow2", "vmdk", "vhdx", "vhd"), Field.Reference(verbs, "--node", "node", InfrastructureVerbs.Node, "The node whose directory it is.")];
        Field[] toPlatform =
        [
            Field.Text("--as", "restoredPeName", "Name of the restored machine. Otherwise the one it had.", "NAME"), Field.Flag("--overwrite", "overwrite", "Put it in place of the machine itself."),
            Field.Reference(verbs, "--hypervisor", "hypervisor", InfrastructureVerbs.Hypervisor, "The host that shall run it."),
            Field.Reference(verbs, "--manager", "hypervisorManager", InfrastructureVerbs.Manager, "The platform to restore to. Otherwise where it came from."),
            Field.Text("--storage", "restoreStorageId", "Where its disks go: a storage's guid, or the platform's id of it.", "ID"), Field.Flag("--power-on", "powerOnAfterRestore", "Start it afterwards."),
        ];
        var networks = new Option<string[]>("--network") { Description = "Network for the next card, in their order. May be given several times.", HelpName = "NAME" };
        Field preallocated = Field.Flag("--preallocated", "restoredDiskAllocationFormat", "Allocate disks whole.");
        verb.Options.Add(disks);
        verb.Options.Add(networks);
        ClientVerbs.With(verb, [.. toFiles, .. toPlatform, preallocated]);
        var starting = new TaskStarting(verb);
        return verbs.Doing(verb.WithExamples(examples), async (client, cancellationToken) =>
        {
            bool isToFiles = await directory.ReadAsync(client, cancellationToken) is not null;
            JsonElement point = await find(client, cancellationToken);
            var body = new JsonObject { ["backup"] = new JsonObject { ["guid"] = ObjectNames.GuidOf(point) } };
            await RequestBody.ApplyAsync(client, isToFiles ? toFiles : toPlatform, body, cancellationToken);
            if (await preallocated.ReadAsync(client, cancellationToken) is { } whole)
            {
                body["restoredDiskAllocationFormat"] = whole.GetValue<bool>() ? "PREALLOCATED" : "SPARSE";
            }

            if (client.Parsed.GetValue(disks) is { Length: > 0 } wanted)
            {
                body["taskFiles"] = await FilesAsync(client, point, wanted, cancellationToken);
            }

            if (!isToFiles && client.Parsed.GetValue(networks) is { Length: > 0 } cards)
            {
                body["restoredNetworks"] = await NetworksAsync(client, cards, cancellationToken);
            }

            return await starting.RunAsync(client, isToFiles ? "/tasks/restore" : "/tasks/restore-and-import", body, cancellationToken);
        });
    }

    /// <summary>A verb that changes one thing of each restore point.</summary>
    private static Verb NewSmall(
        ClientVerbs verbs, string verbName, string description, Func<ClientInvocation, string, string?, CancellationToken, Task<ApiAnswer>> change, string did,
        Option[] options, params (string, string)[] examples)
    {
        Argument<string[]> ids = ObjectArgument.NewList(verbs, Point, "ID");
        var verb = new Verb(verbName, description) { ids };
        foreach (Option option in options)
        {
            verb.Options.Add(option);
        }

        return verbs.Doing(verb.WithExamples(examples), async (client, cancellationToken) =>
        {
            List<JsonElement> points = await FindAllAsync(client, client.Parsed.GetRequiredValue(ids), cancellationToken);
            foreach (JsonElement point in points)
            {
                await change(client, ObjectNames.GuidOf(point), null, cancellationToken);
                client.Say($"{did} {Title(point)}.");
            }

            if (client.IsJson)
            {
                client.WriteJson(new JsonArray([.. points.Select(point => (JsonNode?)JsonValue.Create(ObjectNames.GuidOf(point)))]).ToJsonString());
            }

            return ExitCodes.Success;
        });
    }

    private static Verb NewHint(ClientVerbs verbs)
    {
        var hint = new Option<string>("--as") { Description = "standard, archive (keep), or remove (at the next retention).", HelpName = "WORD", Required = true };
        hint.AcceptOnlyFromAmong("standard", "archive", "remove");
        return NewSmall(
            verbs, "retention", "Says what retention shall do with restore points.",
            (client, guid, version, cancellationToken) => client.Api.UpdateAsync(
                $"/backups/{guid}/retention-hint",
                new JsonObject { ["retentionHint"] = client.Parsed.GetValue(hint) switch { "archive" => "ARCHIVE", "remove" => "TO_REMOVE", _ => "STANDARD_RETENTION" } }, version, cancellationToken),
            "Marked", [hint], ("vprotect point retention 81c0de5f --as archive", "retention leaves it alone"));
    }

    private static Verb NewDelete(ClientVerbs verbs)
    {
        Argument<string[]> ids = ObjectArgument.NewList(verbs, Point, "ID");
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var verb = new Verb("delete", "Removes restore points; the space comes back when the destination is collected.") { ids, yes };
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(("vprotect point delete 81c0de5f --wait", "asks first"), ("vprotect point delete 81c0de5f 77b1f09a --yes", "for scripts")),
            async (client, cancellationToken) =>
            {
                List<JsonElement> points = await FindAllAsync(client, client.Parsed.GetRequiredValue(ids), cancellationToken);
                if (!client.Parsed.GetValue(yes))
                {
                    ClientVerbs.Confirm(client.Terminal, string.Join(", ", points.Select(Title)), points.Count == 1 ? "it cannot be restored any more." : "they cannot be restored any more.");
                }

                var body = new JsonObject { ["backups"] = new JsonArray([.. points.Select(point => (JsonNode?)new JsonObject { ["guid"] = ObjectNames.GuidOf(point) })]) };
                return await starting.RunAsync(client, "/tasks/delete", body, cancellationToken);
            });
    }

    private static async Task<List<JsonElement>> FindAllAsync(ClientInvocation client, string[] typed, CancellationToken cancellationToken)
    {
        List<JsonElement> points = [];
        foreach (string id in typed)
        {
            points.Add(await ObjectNames.FindAsync(client.Api, Point, id, cancellationToken));
        }

        return points;
    }

    private static async Task<JsonArray> FilesAsync(ClientInvocation client, JsonElement point, string[] wanted, CancellationToken cancellationToken)
    {
        ObjectList all = await ObjectList.ReadAsync(client.Api, _file, [("backup", ObjectNames.GuidOf(point))], limit: 0, cancellationToken);
        var files = new JsonArray();
        foreach (string typed in wanted)
        {
            JsonElement found = all.Rows.FirstOrDefault(row => row.Text("name") == typed || row.Text("guid") == typed);
            files.Add(new JsonObject
            {
                ["guid"] = found.ValueKind == JsonValueKind.Object ? ObjectNames.GuidOf(found) : throw new VProtectException(
                    ErrorCode.ObjectUnknown, ErrorSide.Request, $"The restore point has no disk '{typed}'.", $"It has: {string.Join(", ", all.Rows.Select(row => row.Text("name")))}."),
            });
        }

        return files;
    }

    private static async Task ShowDisksAsync(ClientInvocation client, JsonElement point, CancellationToken cancellationToken)
    {
        ObjectList files = await ObjectList.ReadAsync(client.Api, _file, [("backup", ObjectNames.GuidOf(point))], limit: 0, cancellationToken);
        if (files.Rows.Count > 0)
        {
            client.Terminal.Out.WriteLine();
            Table.Write(client.Terminal.Out, _file.Columns, files.Rows, client.Terminal.Width);
        }
    }

    private static IEnumerable<string> Remarks(JsonElement point)
    {
        if (point.Text("description") is { Length: > 0 } description)
        {
            yield return description;
        }

        if (point.IsTrue("held"))
        {
            yield return point.Text("holdReason") is { Length: > 0 } reason ? $"held: {reason}" : "held";
        }

        if (point.Text("verifyState") == "DAMAGED")
        {
            yield return "damaged";
        }

        if (point.Text("status") == "FAILED" && point.Text("statusInfo") is { } info)
        {
            yield return info;
        }
    }

    private static string Title(JsonElement point) =>
        $"restore point {point.ShortId()} of {point.Text("protectedEntity") ?? "a machine"}{(point.Time("backupTime") is { } time ? $", {JsonReading.Minute(time)}" : "")}";

    private static JsonObject Text(string member, string? text) => new() { [member] = text };
}
