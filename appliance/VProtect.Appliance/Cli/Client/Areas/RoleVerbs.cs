using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect role|group …</c>: what users may do, everywhere or with selected objects.</summary>
internal static class RoleVerbs
{
    public static Resource Role { get; } = new()
    {
        Noun = "role",
        Path = "/roles",
        ListVerb = "role list",
        IsWrittenWhole = true,
        Columns =
        [
            Column.Text("name", "name"), Column.Text("built in", "builtIn"), Column.Text("permissions", "permissions", shrinks: true), Column.Text("description", "description", shrinks: true),
        ],
        Details = [Column.Text("name", "name"), Column.Text("description", "description"), Column.Text("built in", "builtIn"), Column.Text("permissions", "permissions")],
    };

    public static Resource Group { get; } = new()
    {
        Noun = "group",
        Path = "/groups",
        ListVerb = "group list",
        IsWrittenWhole = true,
        Columns =
        [
            Column.Text("name", "name"), Column.Text("members", "members", shrinks: true), Column.Word("known by", "source"), Column.Text("there called", "externalId", shrinks: true),
            Column.Text("description", "description", shrinks: true),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("description", "description"), Column.Word("known by", "source"), Column.Text("there called", "externalId"), Column.Text("members", "members"),
        ],
    };

    private static readonly Resource _given = new()
    {
        Noun = "role that was given",
        Path = "/role-assignments",
        ListVerb = "role given",
        NameMember = null,
        HasSingle = false,
        Columns =
        [
            Column.Id(), Column.Text("role", "role"), Column.Text("user", "user"), Column.Text("group", "group"), Column.Text("only on", "scopeKind"), Column.Text("object", "scope", shrinks: true),
        ],
    };

    private static readonly Resource _permission = new()
    {
        Noun = "permission",
        Path = "/permissions",
        ListVerb = "role permissions",
        HasSingle = false,
        Columns = [Column.Text("name", "name"), Column.Text("can be limited", "canBeLimited"), Column.Text("description", "description", shrinks: true)],
    };

    public static Verb New(ClientVerbs verbs)
    {
        Field[] members =
        [
            Field.Text("--description", "description", "What it is for."),
            Field.Texts("--permission", "permissions", "What it lets one do, as 'vprotect role permissions' lists them.", "NAME"),
        ];
        return verbs.Area(
            "role", "What users may do, everywhere or with selected objects.",
            verbs.List(Role, "Lists roles.", [], ("vprotect role list", "those that came with the program, and your own")),
            verbs.Show(Role, "Shows a role.", ("vprotect role show OPERATOR", "what it lets one do")),
            NewPermissions(verbs),
            verbs.Create("create", Role, "Makes a role.", members, complete: null, told: null, ("vprotect role create night --permission tasks.backup --permission tasks.read", "only backups")),
            verbs.Update(Role, "Changes a role; the permissions that are given replace those before.", members, ("vprotect role update night --permission tasks.read", "not even backups")),
            verbs.Delete("delete", Role, "Deletes roles that nobody has.", warning: null, ("vprotect role delete night", "by name")),
            verbs.List(
                _given, "Lists who has which role.",
                [
                    Field.Reference(verbs, "--role", "role", Role, "Only this role.", bare: true), Field.Reference(verbs, "--user", "user", AccessVerbs.User, "Only of this user.", bare: true),
                    Field.Reference(verbs, "--group", "group", Group, "Only of this group.", bare: true),
                ],
                "given", ("vprotect role given --user ann", "what ann has herself; her groups may have more")),
            NewGive(verbs),
            verbs.Delete("take", _given, "Takes roles away.", warning: null, ("vprotect role take 81c0de5f", "an id of 'vprotect role given'")));
    }

    public static Verb NewGroup(ClientVerbs verbs)
    {
        Field[] members =
        [
            Field.Text("--description", "description", "What it is for."), Field.References(verbs, "--member", "members", AccessVerbs.User, "User who belongs to it."),
            Field.Text("--directory-group", "externalId", "Distinguished name of a directory's group, whose members this one then has.", "DN"),
        ];
        return verbs.Area(
            "group", "Users who share roles.",
            verbs.List(Group, "Lists groups.", [], ("vprotect group list", "with their members")),
            verbs.Show(Group, "Shows a group.", ("vprotect group show night-shift", "who is in it")),
            verbs.Create(
                "create", Group, "Makes a group.", members, complete: null, told: null,
                ("vprotect group create night-shift --member ann --member bob", "'vprotect role give' gives it roles"),
                ("vprotect group create backup --directory-group cn=backup,ou=groups,dc=example,dc=org", "members as the directory has them")),
            verbs.Update(Group, "Changes a group; the members that are given replace those before.", members, ("vprotect group update night-shift --member bob", "only bob")),
            verbs.Delete("delete", Group, "Deletes groups; their users stay.", warning: null, ("vprotect group delete night-shift", "by name")));
    }

    private static Verb NewPermissions(ClientVerbs verbs) => verbs.Doing(
        new Verb("permissions", "Lists what roles and tokens can hold.").WithExamples(("vprotect role permissions", "area.write includes every action of its area")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.GetAsync(_permission.Path, cancellationToken);
            JsonElement[] rows = [.. answer.Body.Items("")];
            ClientVerbs.WriteList(client, client.Terminal.Out, _permission, new ObjectList(rows, rows.Length));
            return ExitCodes.Success;
        });

    private static Verb NewGive(ClientVerbs verbs)
    {
        Argument<string> role = ObjectArgument.New(verbs, Role);
        Field[] to = [Field.Reference(verbs, "--user", "user", AccessVerbs.User, "User who gets it."), Field.Reference(verbs, "--group", "group", Group, "Group whose members get it.")];
        (string Kind, Field Field)[] limits =
        [
            ("machine", Field.Reference(verbs, "--machine", "scope", MachineVerbs.Machine, "Only on this machine.")),
            ("hypervisor", Field.Reference(verbs, "--hv", "scope", InfrastructureVerbs.Hypervisor, "Only on this host and its machines.")),
            ("hypervisor-manager", Field.Reference(verbs, "--hvm", "scope", InfrastructureVerbs.Manager, "Only on this manager, its hosts and machines.")),
            ("policy", Field.Reference(verbs, "--policy", "scope", PolicyVerbs.BackupPolicy, "Only on this policy, its rules and machines.")),
            ("policy", Field.Reference(verbs, "--snapshot-policy", "scope", PolicyVerbs.SnapshotPolicy, "Only on this snapshot policy, its rules and machines.")),
            ("destination", Field.Reference(verbs, "--destination", "scope", DestinationVerbs.Destination, "Only on this destination.")),
        ];
        Verb verb = ClientVerbs.With(new Verb("give", "Gives a role, for everything or for one object; for several objects give it several times.") { role }, [.. to, .. limits.Select(limit => limit.Field)]);
        return verbs.Doing(
            verb.WithExamples(
                ("vprotect role give OPERATOR --group night-shift --hvm cluster1", "what runs on cluster1"),
                ("vprotect role give RESTORER --user ann --machine web1", "one machine"), ("vprotect role give ADMIN --user bob", "everything")),
            async (client, cancellationToken) =>
            {
                JsonElement found = await ObjectNames.FindAsync(client.Api, Role, client.Parsed.GetRequiredValue(role), cancellationToken);
                var body = new JsonObject { ["role"] = new JsonObject { ["guid"] = ObjectNames.GuidOf(found) } };
                await RequestBody.ApplyAsync(client, to, body, cancellationToken);
                foreach ((string kind, Field field) in limits)
                {
                    if (await field.ReadAsync(client, cancellationToken) is { } scope)
                    {
                        if (body.ContainsKey("scope"))
                        {
                            throw new VProtectException(
                                ErrorCode.InvalidArgument, ErrorSide.Request, "Two objects are named.", "Give the role once for each.");
                        }

                        body["scopeKind"] = kind;
                        body["scope"] = scope;
                    }
                }

                ApiAnswer answer = await client.Api.CreateAsync(_given.Path, body, key: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, $"Gave {Role.Title(found)}.");
            });
    }
}
