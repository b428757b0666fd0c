using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect vm …</c>: machines as the server knows them.</summary>
internal static class MachineVerbs
{
    public static Resource Machine { get; } = new()
    {
        Noun = "machine",
        Path = "/virtual-machines",
        ListVerb = "vm list",
        Columns =
        [
            Column.Text("name", "name", shrinks: true), new Column("host", row => row.Text("hypervisor") ?? row.Text("hvManager"), Shrinks: true),
            new Column("platform", row => (row.Text("hvmType") ?? row.Text("hvType"))?.ToLowerInvariant()),
            Column.Text("present", "present"), Column.Text("policy", "vmBackupPolicy", shrinks: true), Column.Time("last backup (UTC)", "lastBackup"),
            Column.Word("ended", "lastBackupState"), Column.Text("up to date", "backupUpToDate"), Column.Bytes(">last size", "lastSuccessfulBackupSize"),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("on the platform", "uuid"), Column.Word("platform", "hvType"), Column.Text("host", "hypervisor"), Column.Text("manager", "hvManager"),
            Column.Text("cluster", "cluster"), Column.Word("power", "powerState"), Column.Text("guest", "guestOs"), Column.Text("tags", "tags"), Column.Text("present", "present"),
            Column.Text("backup policy", "vmBackupPolicy"), Column.Text("snapshot policy", "snapshotMgmtPolicy"), Column.Time("last backup (UTC)", "lastBackup"), Column.Word("it ended", "lastBackupState"), Column.Time("due (UTC)", "rpoDue"),
            Column.Text("up to date", "backupUpToDate"), Column.Bytes("last size", "lastSuccessfulBackupSize"), Column.Time("last full (UTC)", "lastSuccessfulFullBackup"),
            Column.Text("quiesced", "quiesceBeforeSnapshot"), Column.Word("disks read by", "vmExportImportMode"), Column.Text("SSH host", "sshHost"), Column.Text("SSH user", "sshUser"),
            new Column("command before", row => row.IsTrue("preSnapCmdExecEnabled") ? row.Text("preSnapCmdArgs") : null),
            new Column("command after", row => row.IsTrue("postSnapCmdExecEnabled") ? row.Text("postSnapCmdArgs") : null), Column.Text("restore", "restoreStatus"),
        ],
    };

    private static readonly Resource _disk = new()
    {
        Noun = "disk",
        Path = "/virtual-machine-disks",
        ListVerb = "vm disks",
        HasSingle = false,
        Columns =
        [
            Column.Text("disk", "name"), Column.Bytes(">size", "size"), Column.Text("storage", "hypervisorStorage"), Column.Text("format", "format"), Column.Text("left out", "excluded"),
            Column.Text("reason", "excludeReason", shrinks: true), Column.Text("guid", "guid"),
        ],
    };

    private static readonly Resource _snapshot = new()
    {
        Noun = "snapshot",
        Path = "/snapshots",
        ListVerb = "vm snapshots",
        HasSingle = false,
        Columns =
        [
            Column.Id(), Column.Text("name", "name", shrinks: true), Column.Time("made (UTC)", "snapshotTime"), Column.Word("state", "state"), Column.Text("quiesced", "quiesced"),
            Column.Text("ours", "ours"), Column.Text("policy", "policy"),
        ],
    };

    private static readonly string[] _errorHandling = ["DONT_IGNORE", "IGNORE_WITH_WARNING", "IGNORE_WITHOUT_WARNING"];

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "vm", "Machines: look at them, back them up, bring them back.",
        verbs.List(
            Machine, "Lists machines.",
            [
                Field.Reference(verbs, "--hypervisor", "hypervisor", InfrastructureVerbs.Hypervisor, "Only on this host.", bare: true),
                Field.Reference(verbs, "--manager", "hypervisor-manager", InfrastructureVerbs.Manager, "Only of this manager.", bare: true),
                Field.Reference(verbs, "--policy", "policy", PolicyVerbs.BackupPolicy, "Only in this policy.", bare: true),
                Field.Text("--tag", "tag", "Only with this tag.", "TAG"), Field.Text("--type", "type", "Only of this platform.", "WORD"), Field.Flag("--present", "present", "Whether the platform still has them."),
                Field.Flag("--protected", "protected", "Whether they are in a policy."), Field.Flag("--up-to-date", "up-to-date", "Whether their last backup is recent enough."),
                Field.Word("--last-backup", "last-backup-state", "How their last backup ended", "SUCCESS", "FAILED", "CANCELLED"), Field.Text("--tenant", "tenantId", "Only of this tenant.", "ID"),
            ],
            ("vprotect vm list", "all of them"), ("vprotect vm list --up-to-date false", "what is overdue?"), ("vprotect vm list --filter web --watch", "some, as they change"), ("vprotect vm list --json | jq -r '.[].name'", "for scripts")),
        verbs.Show(Machine, "Shows a machine, its disks and its newest restore points.", ShowPartsAsync, ("vprotect vm show web1", "by name or guid")),
        NewBackup(verbs), PointVerbs.NewMachineRestore(verbs), BootVerbs.NewOfMachine(verbs), NewSnapshot(verbs), NewSnapshots(verbs), NewRevert(verbs),
        NewAssign(verbs, isAssigned: true), NewAssign(verbs, isAssigned: false), NewSettings(verbs), NewSshPassword(verbs), NewDisks(verbs), NewDisk(verbs), ForecastVerbs.NewRetention(verbs), NewRequireFull(verbs), NewForgetGone(verbs));

    /// <summary>References to machines, for requests about several.</summary>
    public static async Task<JsonArray> ReferencesAsync(ClientInvocation client, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        // All are found before anything is asked for: a mistyped name starts nothing.
        var references = new JsonArray();
        foreach (string typed in names)
        {
            references.Add(new JsonObject { ["guid"] = ObjectNames.GuidOf(await ObjectNames.FindAsync(client.Api, Machine, typed, cancellationToken)) });
        }

        return references;
    }

    private static Verb NewBackup(ClientVerbs verbs)
    {
        Argument<string[]> names = ObjectArgument.NewList(verbs, Machine);
        var full = new Option<bool>("--full") { Description = "Read everything, not only what changed." };
        Field[] fields =
        [
            Field.Reference(verbs, "--destination", "backupDestination", DestinationVerbs.Destination, "Where to. Otherwise the default destination."),
            Field.References(verbs, "--rule", "rules", RuleVerbs.BackupRule, "As this rule of a policy says, instead."),
        ];
        Verb verb = ClientVerbs.With(new Verb("backup", "Backs machines up now.") { names, full }, fields);
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(
                ("vprotect vm backup web1 --wait", "what changed, with progress, until it is done"), ("vprotect vm backup web1 db1 --full", "everything, of two machines"),
                ("vprotect vm backup web1 --destination offsite --not-before 4h", "elsewhere, and later")),
            async (client, cancellationToken) =>
            {
                var body = new JsonObject
                {
                    ["protectedEntities"] = await ReferencesAsync(client, client.Parsed.GetRequiredValue(names), cancellationToken),
                    ["protectedEntityType"] = "VM",
                    ["backupType"] = client.Parsed.GetValue(full) ? "FULL" : "INCREMENTAL",
                };
                await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
                return await starting.RunAsync(client, "/tasks/export", body, cancellationToken);
            });
    }

    private static Verb NewSnapshot(ClientVerbs verbs)
    {
        Argument<string[]> names = ObjectArgument.NewList(verbs, Machine);
        var called = new Option<string?>("--name") { Description = "Name of the snapshot. Otherwise one made of the time.", HelpName = "TEXT" };
        var verb = new Verb("snapshot", "Takes snapshots that stay on the platform.") { names, called };
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(("vprotect vm snapshot web1 --name before-upgrade --wait", "to be able to go back")),
            async (client, cancellationToken) =>
            {
                var body = new JsonObject { ["protectedEntities"] = await ReferencesAsync(client, client.Parsed.GetRequiredValue(names), cancellationToken) };
                if (client.Parsed.GetValue(called) is { } text)
                {
                    body["name"] = text;
                }

                return await starting.RunAsync(client, "/tasks/vm-snapshot", body, cancellationToken);
            });
    }

    private static Verb NewSnapshots(ClientVerbs verbs) => NewParts(
        verbs, "snapshots", "Lists the snapshots of a machine.", _snapshot, "virtual-machine", ("vprotect vm snapshots web1", "newest first"));

    private static Verb NewDisks(ClientVerbs verbs) => NewParts(verbs, "disks", "Lists the disks of a machine.", _disk, "virtual-machine", ("vprotect vm disks web1", "which are left out?"));

    private static Verb NewParts(ClientVerbs verbs, string verbName, string description, Resource parts, string parameter, (string, string) example)
    {
        Argument<string> name = ObjectArgument.New(verbs, Machine);
        return verbs.Doing(new Verb(verbName, description) { name }.WithExamples(example), async (client, cancellationToken) =>
        {
            string guid = await GuidAsync(client, client.Parsed.GetRequiredValue(name), cancellationToken);
            ClientVerbs.WriteList(client, client.Terminal.Out, parts, await ObjectList.ReadAsync(client.Api, parts, [(parameter, guid)], limit: 0, cancellationToken));
            return ExitCodes.Success;
        });
    }

    private static Verb NewRevert(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Machine);
        var snapshot = new Argument<string>("SNAPSHOT") { Description = "Its name, id or guid, as 'vm snapshots' shows it." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var verb = new Verb("revert", "Takes a machine back to a snapshot; what came after is lost.") { name, snapshot, yes };
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(("vprotect vm revert web1 before-upgrade", "asks first")),
            async (client, cancellationToken) =>
            {
                string machine = client.Parsed.GetRequiredValue(name);
                string guid = await GuidAsync(client, machine, cancellationToken);
                string typed = client.Parsed.GetRequiredValue(snapshot);
                ObjectList all = await ObjectList.ReadAsync(client.Api, _snapshot, [("virtual-machine", guid)], limit: 0, cancellationToken);
                JsonElement found = OnePart(all, _snapshot, machine, typed);
                if (!client.Parsed.GetValue(yes))
                {
                    ClientVerbs.Confirm(client.Terminal, $"machine '{machine}'", $"everything since the snapshot '{found.Text("name")}' will be lost.");
                }

                return await starting.RunAsync(client, "/tasks/snapshot-reversion", new JsonObject { ["snapshot"] = new JsonObject { ["guid"] = ObjectNames.GuidOf(found) } }, cancellationToken);
            });
    }

    private static Verb NewAssign(ClientVerbs verbs, bool isAssigned)
    {
        Argument<string[]> names = ObjectArgument.NewList(verbs, Machine);
        var policy = new Option<string>("--policy", "-p") { Description = "The policy: its name or guid.", HelpName = "NAME", Required = true };
        policy.CompletionSources.Add(context => ObjectArgument.Complete(verbs, PolicyVerbs.BackupPolicy, context));
        string verbName = isAssigned ? "assign" : "unassign";
        return verbs.Doing(
            new Verb(verbName, isAssigned ? "Puts machines into a backup policy." : "Takes machines out of a backup policy; what was backed up stays.") { names, policy }
                .WithExamples(($"vprotect vm {verbName} web1 web2 --policy nightly", "two machines")),
            async (client, cancellationToken) =>
            {
                string[] wanted = [.. (await ReferencesAsync(client, client.Parsed.GetRequiredValue(names), cancellationToken)).Select(item => item!["guid"]!.GetValue<string>())];
                JsonElement found = await ObjectNames.FindAsync(client.Api, PolicyVerbs.BackupPolicy, client.Parsed.GetRequiredValue(policy), cancellationToken);
                string path = PolicyVerbs.BackupPolicy.PathOf(ObjectNames.GuidOf(found));
                ApiAnswer before = await client.Api.GetAsync(path, cancellationToken);
                IEnumerable<string> present = before.Body.Items("vms").Select(ObjectNames.GuidOf);
                IEnumerable<string> after = isAssigned ? present.Union(wanted) : present.Except(wanted);
                var body = new JsonObject
                {
                    ["name"] = before.Body.Text("name"),
                    ["vms"] = new JsonArray([.. after.Select(guid => (JsonNode?)new JsonObject { ["guid"] = guid })]),
                };
                ApiAnswer answer = await client.Api.UpdateAsync(path, body, before.Version, cancellationToken);
                return ClientVerbs.Answer(
                    client, answer, $"Policy '{before.Body.Text("name")}' has {Quantity.Of(answer.Body.Items("vms").Count(), "machine")} now.");
            });
    }

    private static Verb NewSettings(ClientVerbs verbs) => verbs.Change(
        "settings", Machine, "Changes how a machine is backed up.", guid => $"/virtual-machines/{guid}/settings",
        [
            Field.Flag("--quiesce", "quiesceBeforeSnapshot", "Whether file systems are frozen for the snapshot."), Field.Text("--export-mode", "vmExportImportMode", "How disks are read, as the platform's connector names it.", "MODE"),
            Field.Text("--ssh-host", "sshHost", "Where commands run, when not by the guest agent.", "HOST"), Field.Number("--ssh-port", "sshPort", "22 otherwise."), Field.Text("--ssh-user", "sshUser", "As whom.", "LOGIN"),
            Field.Text("--ssh-key", "sshKeyPath", "Path of the private key on the node.", "PATH"),
            Field.Flag("--pre-command", "preSnapCmdExecEnabled", "Whether a command runs before the snapshot."), Field.Texts("--pre-arg", "preSnapCmdArgs", "An argument of it, the program first; no shell reads it.", "ARG"),
            Field.Word("--pre-stderr", "preSnapStdErrorHandling", "What text on its standard error means", _errorHandling),
            Field.Flag("--post-command", "postSnapCmdExecEnabled", "Whether a command runs after the snapshot."), Field.Texts("--post-arg", "postSnapCmdArgs", "An argument of it, the program first.", "ARG"),
            Field.Word("--post-stderr", "postSnapStdErrorHandling", "What text on its standard error means", _errorHandling),
        ],
        ("vprotect vm settings db1 --quiesce", "consistent file systems"),
        ("vprotect vm settings db1 --pre-command --pre-arg /usr/local/bin/flush --pre-arg now", "a command in the guest before each snapshot"));

    private static Verb NewSshPassword(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Machine);
        var file = new Option<string?>("--password-file") { Description = "File that holds the password; - for standard input. Otherwise you are asked.", HelpName = "FILE" };
        return verbs.Doing(
            new Verb("ssh-password", "Keeps the password by which commands are run in a machine.") { name, file }.WithExamples(("vprotect vm ssh-password db1", "asks for it")),
            async (client, cancellationToken) =>
            {
                string guid = await GuidAsync(client, client.Parsed.GetRequiredValue(name), cancellationToken);
                string password = ClientSecrets.Need(client.Terminal, client.Parsed.GetValue(file), "--password-file", "SSH password");
                ApiAnswer answer = await client.Api.UpdateAsync($"/virtual-machines/{guid}/ssh-password", new JsonObject { ["password"] = password }, version: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, "The password is kept.");
            });
    }

    private static Verb NewDisk(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Machine);
        var disk = new Argument<string>("DISK") { Description = "Its name or guid, as 'vm disks' shows it." };
        var exclude = new Option<bool>("--exclude") { Description = "Leave it out of backups." };
        var include = new Option<bool>("--include") { Description = "Back it up again." };
        return verbs.Doing(
            new Verb("disk", "Leaves a disk out of backups, or takes it in again.") { name, disk, exclude, include }.WithExamples(("vprotect vm disk db1 scratch --exclude", "it is never restored either")),
            async (client, cancellationToken) =>
            {
                if (client.Parsed.GetValue(exclude) == client.Parsed.GetValue(include))
                {
                    throw Invocation.BadArgument("Say what to do with the disk.", "Give --exclude or --include.");
                }

                string machine = client.Parsed.GetRequiredValue(name);
                string guid = await GuidAsync(client, machine, cancellationToken);
                JsonElement found = OnePart(await ObjectList.ReadAsync(client.Api, _disk, [("virtual-machine", guid)], limit: 0, cancellationToken), _disk, machine, client.Parsed.GetRequiredValue(disk));
                ApiAnswer answer = await client.Api.UpdateAsync(
                    $"/virtual-machine-disks/{ObjectNames.GuidOf(found)}/settings", new JsonObject { ["excluded"] = client.Parsed.GetValue(exclude) }, version: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, $"Disk '{found.Text("name")}' of {machine} is {(client.Parsed.GetValue(exclude) ? "left out of" : "part of")} backups from now on.");
            });
    }

    private static Verb NewForgetGone(ClientVerbs verbs) => verbs.Doing(
        new Verb("forget-gone", "Forgets machines that their platforms no longer have and that have no restore points.").WithExamples(("vprotect vm forget-gone", "tidies the list")),
        async (client, cancellationToken) => ClientVerbs.Answer(
            client, await client.Api.DeleteAsync("/virtual-machines/all-non-present", version: null, cancellationToken), "Machines that are gone are forgotten."));

    private static Verb NewRequireFull(ClientVerbs verbs)
    {
        Argument<string[]> names = ObjectArgument.NewList(verbs, Machine);
        return verbs.Doing(
            new Verb("require-full", "Makes the next backup of machines read everything.") { names }.WithExamples(("vprotect vm require-full web1", "when its changed blocks are not to be trusted")),
            async (client, cancellationToken) =>
            {
                JsonArray body = await ReferencesAsync(client, client.Parsed.GetRequiredValue(names), cancellationToken);
                ApiAnswer answer = await client.Api.SendAsync(HttpMethod.Post, "/virtual-machines/incremental-not-possible", body, [], cancellationToken);
                return ClientVerbs.Answer(client, answer, body.Count == 1 ? "Its next backup reads everything." : $"The next backups of {body.Count} machines read everything.");
            });
    }

    private static async Task ShowPartsAsync(ClientInvocation client, JsonElement machine, CancellationToken cancellationToken)
    {
        string guid = ObjectNames.GuidOf(machine);
        TextWriter writer = client.Terminal.Out;
        ObjectList disks = await ObjectList.ReadAsync(client.Api, _disk, [("virtual-machine", guid)], limit: 50, cancellationToken);
        if (disks.Rows.Count > 0)
        {
            writer.WriteLine();
            Table.Write(writer, [.. _disk.Columns.Take(_disk.Columns.Count - 1)], disks.Rows, client.Terminal.Width);
        }

        ObjectList points = await ObjectList.ReadAsync(client.Api, PointVerbs.Point, [("protected-entity", guid)], limit: 5, cancellationToken);
        if (points.Rows.Count > 0)
        {
            writer.WriteLine();
            Table.Write(writer, PointVerbs.Point.Columns, points.Rows, client.Terminal.Width);
        }
    }

    private static async Task<string> GuidAsync(ClientInvocation client, string typed, CancellationToken cancellationToken) =>
        ObjectNames.GuidOf(await ObjectNames.FindAsync(client.Api, Machine, typed, cancellationToken));

    private static JsonElement OnePart(ObjectList all, Resource parts, string machine, string typed)
    {
        JsonElement[] found = [.. all.Rows.Where(row => row.Text("name") == typed || row.Text("guid") == typed || (typed.Length >= 8 && row.ShortId() == typed))];
        return found.Length == 1
            ? found[0]
            : throw new VProtectException(
                ErrorCode.ObjectUnknown, ErrorSide.Request, $"{(found.Length == 0 ? "No" : "More than one")} {parts.Noun} of {machine} is called '{typed}'.",
                all.Rows.Count == 0 ? "It has none." : $"It has: {string.Join(", ", all.Rows.Take(10).Select(row => $"{row.Text("name")} ({row.Text("guid")})"))}.");
    }
}
