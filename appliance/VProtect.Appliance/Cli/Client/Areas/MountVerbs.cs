using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect mounted …</c> and <c>point mount</c>: restore points that the appliance serves as disks.</summary>
internal static class MountVerbs
{
    internal static readonly Resource Mount = new()
    {
        Noun = "mount",
        Path = "/mounted-backups",
        ListVerb = "mounted list",
        NameMember = null,
        Columns =
        [
            Column.Id(), Column.Text("machine", "protectedEntity", shrinks: true), Column.Text("runs as", "machine.name", shrinks: true), Column.Id("restore point", "backup.guid"), Column.Word("state", "state"), Column.Time("until (UTC)", "unmountTime"),
            Column.Text("at", "address", shrinks: true), Column.Text("info", "statusInfo", shrinks: true),
        ],
        Details =
        [
            Column.Text("machine", "protectedEntity"), Column.Text("runs as", "machine.name"), Column.Text("isolated", "machine.isolated"), Column.Id("restore point", "backup.guid"), Column.Word("state", "state"), Column.Text("info", "statusInfo"), Column.Text("node", "node"),
            Column.Time("since (UTC)", "mountTime"), Column.Time("until (UTC)", "unmountTime"), Column.Text("let in", "allowedClients"),
        ],
    };

    private static readonly Column[] _disks =
        [Column.Text("disk", "name"), Column.Bytes(">size", "size"), Column.Text("writable", "writable"), Column.Text("at", "address")];

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "mounted", "Restore points that the appliance serves as disks; 'vprotect point mount' makes more.",
        verbs.List(Mount, "Lists mounts, newest first.", [], ("vprotect mounted list", "what is served, and where")),
        verbs.Show(Mount, "Shows a mount and its disks.", ShowDisksAsync, ("vprotect mounted show 81c0de5f", "the addresses for clients")),
        NewEnd(verbs));

    /// <summary><c>vprotect point mount</c></summary>
    public static Verb NewMount(ClientVerbs verbs)
    {
        Argument<string> id = ObjectArgument.New(verbs, PointVerbs.Point, "ID");
        Field[] fields =
        [
            Field.Flag("--writable", "writable", "Whether clients may write; it is kept apart from the restore point."), Field.Texts("--allow", "allowedClients", "Network that may connect, as in 192.0.2.0/24; otherwise only the node itself. With iSCSI and --chap the name of an initiator (iqn.…) too, which must come from the networks, if there are any.", "CIDR|IQN"),
            Field.Word("--mode", "mode", "How the disks are served, NBD otherwise", "NBD", "ISCSI"),
            Field.Reference(verbs, "--chap", "chapCredential", InfrastructureVerbs.Credential, "With iSCSI: the credential that initiators must know (CHAP)."),
            Field.Reference(verbs, "--mutual-chap", "mutualChapCredential", InfrastructureVerbs.Credential, "With --chap: the credential that the target shows in turn."),
            Field.Flag("--tls", "tls", "With NBD: over TLS alone, with the certificate that 'vprotect certificate show' shows."),
            Field.FileText("--tls-clients", "tlsClientAuthorities", "With --tls: PEM file of the authorities whose certificates clients must show."),
            Field.Moment("--until", "unmountTime", "When it ends by itself, and what was written becomes a restore point; a day from now otherwise."), Field.Reference(verbs, "--node", "node", InfrastructureVerbs.Node, "The node that serves it."),
        ];
        Verb verb = ClientVerbs.With(new Verb("mount", "Serves the disks of a restore point over NBD or iSCSI, until it is unmounted. Opens at once, whatever the size.") { id }, fields);
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(
                ("vprotect point mount 81c0de5f --wait", "read-only, for clients on the node; 'vprotect mounted list' tells where"),
                ("vprotect point mount 81c0de5f --writable --allow 192.0.2.0/24 --until 8h", "to try something out, from another machine"),
                ("vprotect point mount 81c0de5f --allow 192.0.2.0/24 --tls --tls-clients ca.pem", "encrypted, for who has a certificate of that authority"),
                ("vprotect point mount 81c0de5f --mode iscsi --allow 192.0.2.0/24 --chap lab", "for iSCSI initiators of a network that know the credential 'lab'")),
            async (client, cancellationToken) =>
            {
                JsonElement point = await ObjectNames.FindAsync(client.Api, PointVerbs.Point, client.Parsed.GetRequiredValue(id), cancellationToken);
                var body = new JsonObject { ["backup"] = new JsonObject { ["guid"] = ObjectNames.GuidOf(point) } };
                await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
                return await starting.RunAsync(client, "/tasks/mount", body, cancellationToken);
            });
    }

    private static Verb NewEnd(ClientVerbs verbs)
    {
        Argument<string> id = ObjectArgument.New(verbs, Mount, "ID");
        Field[] fields =
        [
            Field.Flag("--commit", "commit", "Whether what was written becomes the machine's next restore point; it is discarded otherwise."),
            Field.Text("--label", "label", "A remark kept with that."),
            Field.Flag("--keep", "keep", "Keep the machine that runs on it ('point boot'): its disks are moved to the host's storage while it runs. It is removed otherwise."),
            Field.Text("--storage", "restoreStorageId", "Where they are moved to: a storage's guid, or the platform's id of it.", "ID"),
        ];
        Verb verb = ClientVerbs.With(new Verb("end", "Unmounts: clients are let go, and what they wrote is discarded or committed; a machine that runs on it is removed or kept.") { id }, fields);
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(("vprotect mounted end 81c0de5f", "as if nothing had been"), ("vprotect mounted end 81c0de5f --commit --label repaired --wait", "what was written, as the next restore point"), ("vprotect mounted end 81c0de5f --keep --wait", "a machine that was started from a backup stays")),
            async (client, cancellationToken) =>
            {
                JsonElement mount = await ObjectNames.FindAsync(client.Api, Mount, client.Parsed.GetRequiredValue(id), cancellationToken);
                var body = new JsonObject { ["mountedBackup"] = new JsonObject { ["guid"] = ObjectNames.GuidOf(mount) } };
                await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
                return await starting.RunAsync(client, "/tasks/unmount", body, cancellationToken);
            });
    }

    private static async Task ShowDisksAsync(ClientInvocation client, JsonElement mount, CancellationToken cancellationToken)
    {
        JsonElement[] disks = [.. (await client.Api.GetAsync($"/mounted-files?mounted-backup={ObjectNames.GuidOf(mount)}", cancellationToken)).Body.Items("")];
        if (disks.Length > 0)
        {
            await client.Terminal.Out.WriteLineAsync();
            Table.Write(client.Terminal.Out, _disks, disks, client.Terminal.Width);
        }
    }
}
