using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect hv|hvm|credential|node|node-config …</c>: platforms, what opens them, and who moves the bytes.</summary>
internal static class InfrastructureVerbs
{
    private static readonly Column _settings = new("settings", row => row.Member("settings") is { ValueKind: JsonValueKind.Object } settings && settings.EnumerateObject().Any() ? settings.GetRawText() : null);

    public static Resource Hypervisor { get; } = new()
    {
        Noun = "host",
        Path = "/hypervisors",
        ListVerb = "hv list",
        Columns =
        [
            Column.Text("name", "name", shrinks: true), Column.Text("address", "host", shrinks: true), Column.Word("platform", "type"), Column.Text("manager", "hvManager", shrinks: true),
            Column.Text("cluster", "cluster", shrinks: true), Column.Count(">machines", "vmCount"), Column.Word("state", "state"), Column.Time("last seen (UTC)", "lastSeen"), Column.Text("info", "stateInfo", shrinks: true),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("address", "host"), Column.Word("platform", "type"), Column.Text("manager", "hvManager"), Column.Text("cluster", "cluster"),
            Column.Text("data centre", "dataCenterName"), Column.Count("machines", "vmCount"), Column.Word("state", "state"), Column.Text("info", "stateInfo"), Column.Time("last seen (UTC)", "lastSeen"),
            Column.Text("present", "present"), Column.Text("user", "user"), Column.Text("credential", "credential"), Column.Text("SSH key", "sshKeyPath"), Column.Text("node", "node"),
            Column.Text("node configuration", "nodeConfig"), Column.Word("disks read by", "vmExportImportMode"), Column.Text("data address", "transferNicAddress"), _settings,
        ],
    };

    public static Resource Manager { get; } = new()
    {
        Noun = "manager",
        Path = "/hypervisor-managers",
        ListVerb = "hvm list",
        Columns =
        [
            Column.Text("name", "name", shrinks: true), Column.Text("address", "url", shrinks: true), Column.Word("platform", "type"), Column.Count(">machines", "vmCount"), Column.Word("state", "state"),
            Column.Time("inventory read (UTC)", "lastSync"), Column.Text("info", "stateInfo", shrinks: true),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("address", "url"), Column.Word("platform", "type"), Column.Count("machines", "vmCount"), Column.Word("state", "state"), Column.Text("info", "stateInfo"),
            Column.Time("last seen (UTC)", "lastSeen"), Column.Time("inventory read (UTC)", "lastSync"), Column.Text("user", "user"), Column.Text("credential", "credential"), Column.Text("node", "node"),
            Column.Text("node configuration", "nodeConfig"), _settings,
        ],
    };

    public static Resource Node { get; } = new()
    {
        Noun = "node",
        Path = "/nodes",
        ListVerb = "node list",
        Columns =
        [
            Column.Text("name", "name", shrinks: true), Column.Text("address", "nodeIP"), Column.Word("state", "state"), Column.Text("version", "version"), Column.Count(">tasks at most", "maxTasks"),
            Column.Bytes(">staging used", "stagingSpace.usedSpace"), Column.Bytes(">of", "stagingSpace.totalSpace"), Column.Time("last seen (UTC)", "lastSeen"),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("address", "nodeIP"), Column.Word("state", "state"), Column.Text("version", "version"), Column.Count("tasks at most", "maxTasks"),
            Column.Text("configuration", "nodeConfig"), Column.Text("can do", "capabilities"), Column.Bytes("staging used", "stagingSpace.usedSpace"), Column.Bytes("staging size", "stagingSpace.totalSpace"),
            Column.Time("last seen (UTC)", "lastSeen"), Column.Time("joined (UTC)", "enrolledAt"),
        ],
    };

    public static Resource NodeConfig { get; } = new()
    {
        Noun = "node configuration",
        Path = "/node-configurations",
        ListVerb = "node-config list",
        Columns = [Column.Text("name", "name"), Column.Text("default", "defaultConfiguration"), Column.Text("description", "description", shrinks: true)],
        Details = [Column.Text("name", "name"), Column.Text("default", "defaultConfiguration"), Column.Text("description", "description"), _settings],
    };

    public static Resource Network { get; } = Part("network", "/network", "hvm networks", Column.Text("shared", "shared"), Column.Count(">VLAN", "vlan"));

    private static readonly Resource _cluster = Part("cluster", "/hypervisor-clusters", "hvm clusters", Column.Text("data centre", "dataCenterName"));

    private static readonly Resource _storage = Part("storage", "/hypervisor-storages", "hvm storages", Column.Text("type", "type"), Column.Bytes(">size", "totalSpace"), Column.Bytes(">free", "availableSpace"));

    private static readonly Resource _flavor = new()
    {
        Noun = "flavor",
        Path = "/virtual-machine-flavors",
        ListVerb = "hvm flavors",
        HasSingle = false,
        Columns = [Column.Text("name", "name"), Column.Text("manager", "hvManager"), Column.Count(">processors", "cpuCount"), Column.Bytes(">memory", "memory"), Column.Bytes(">disk", "diskSize")],
    };

    public static Resource Credential { get; } = new()
    {
        Noun = "credential",
        Path = "/credential",
        ListVerb = "credential list",
        Columns = [Column.Text("name", "name"), Column.Word("kind", "kind"), Column.Text("login", "login"), Column.Time("changed (UTC)", "changedAt"), Column.Text("description", "description", shrinks: true)],
        Details = [Column.Text("name", "name"), Column.Word("kind", "kind"), Column.Text("login", "login"), Column.Text("description", "description"), Column.Time("made (UTC)", "createdAt"), Column.Time("changed (UTC)", "changedAt")],
    };

    public static Verb NewHypervisor(ClientVerbs verbs)
    {
        Field[] members = [Field.Text("--host", "host", "Its name or address. Otherwise its name here.", "ADDRESS"), .. Common(verbs), Field.Text("--ssh-key", "sshKeyPath", "Path of a private key on the node.", "PATH"), Field.Text("--export-mode", "vmExportImportMode", "How disks are read, as the platform's connector names it.", "MODE"), Field.Text("--data-address", "transferNicAddress", "Address for data, when it differs.", "ADDRESS")];
        return verbs.Area(
            "hv", "Hosts that run machines; those that stand alone are added here, others come with their manager.",
            verbs.List(Hypervisor, "Lists hosts.", [Field.Reference(verbs, "--manager", "hypervisor-manager", Manager, "Only of this manager.", bare: true)], ("vprotect hv list", "all of them")),
            verbs.Show(Hypervisor, "Shows a host.", ("vprotect hv show kvm1", "by name or guid")),
            verbs.Create(
                "add", Hypervisor, "Adds a host that stands alone, and reads its inventory.", [.. members, Field.Secret("--password-file", "password", question: null)],
                body => body["host"] ??= body["name"]?.DeepClone(), told: null,
                ("vprotect hv add kvm1.example.org --type KVM --user root --ssh-key /etc/vprotect/id_ed25519", "over SSH, with a key on the node"),
                ("vprotect hv add local --type KVM --host localhost", "this machine")),
            verbs.Update(Hypervisor, "Changes a host; a password that is not given stays.", [.. members, Field.Secret("--password-file", "password", question: null)], ("vprotect hv update kvm1.example.org --data-address 10.0.0.7", "data over another network")),
            NewCheck(verbs, Hypervisor), NewSync(verbs, Hypervisor, "hypervisor"),
            verbs.Delete("remove", Hypervisor, "Removes hosts; their machines stay as gone, with their restore points.", warning: null, ("vprotect hv remove kvm1.example.org", "nothing is deleted there")));
    }

    public static Verb NewManager(ClientVerbs verbs)
    {
        Field[] members = [Field.Text("--url", "url", "Address of its API.", "URL"), .. Common(verbs)];
        Field manager = Field.Reference(verbs, "--manager", "hypervisor-manager", Manager, "Only of this manager.", bare: true);
        return verbs.Area(
            "hvm", "Managers of platforms: they know hosts, machines, storages and networks.",
            verbs.List(Manager, "Lists managers.", [], ("vprotect hvm list", "all of them")),
            verbs.Show(Manager, "Shows a manager.", ("vprotect hvm show engine1", "by name or guid")),
            verbs.Create(
                "add", Manager, "Adds a manager, and reads its inventory.", [.. members, Field.Secret("--password-file", "password", "Password", isNew: false)], complete: null, told: null,
                ("vprotect hvm add engine1 --type OVIRT --url https://engine1.example.org/ovirt-engine/api --user admin@internal", "asks for the password"),
                ("vprotect hvm add engine1 --type OVIRT --url https://engine1.example.org --credential ovirt", "with a credential that is kept already")),
            verbs.Update(Manager, "Changes a manager; a password that is not given stays.", [.. members, Field.Secret("--password-file", "password", question: null)], ("vprotect hvm update engine1 --credential ovirt2", "another credential")),
            NewCheck(verbs, Manager), NewSync(verbs, Manager, "hypervisorManager"),
            verbs.Delete("remove", Manager, "Removes managers with their hosts; machines stay as gone, with their restore points.", warning: null, ("vprotect hvm remove engine1", "nothing is deleted there")),
            NewPart(verbs, "clusters", _cluster, manager), NewPart(verbs, "storages", _storage, manager), NewPart(verbs, "networks", Network, manager), NewPart(verbs, "flavors", _flavor, manager));
    }

    public static Verb NewCredential(ClientVerbs verbs)
    {
        Field[] members =
        [
            Field.Word("--kind", "kind", "What the secret is", "PASSWORD", "SSH_KEY", "TOKEN", "CERTIFICATE"), Field.Text("--login", "login", "User name.", "LOGIN"), Field.Text("--description", "description", "What it is for."),
            Field.SecretText("--secret-text-file", "secret", "File that is the secret as a whole, such as a private key."),
        ];
        return verbs.Area(
            "credential", "What opens platforms, guests and destinations; secrets are sealed and never shown.",
            verbs.List(Credential, "Lists credentials.", [], ("vprotect credential list", "without their secrets")),
            verbs.Show(Credential, "Shows a credential, without its secret.", ("vprotect credential show ovirt", "by name or guid")),
            verbs.Create(
                "create", Credential, "Keeps a credential.", [.. members, Field.Secret("--secret-file", "secret", "Secret", isNew: true, unless: "--secret-text-file")], complete: null, told: null,
                ("vprotect credential create ovirt --login admin@internal", "asks for the password"), ("vprotect credential create kvm-key --kind ssh-key --login root --secret-text-file id_ed25519", "a private key")),
            verbs.Update(Credential, "Changes a credential; a secret that is not given stays.", [.. members, Field.Secret("--secret-file", "secret", question: null)], ("vprotect credential update ovirt --secret-file new.txt", "another password")),
            verbs.Delete("delete", Credential, "Deletes credentials that nothing uses.", warning: null, ("vprotect credential delete ovirt", "refused while something needs it")));
    }

    public static Verb NewNode(ClientVerbs verbs, CommonOptions common, Terminal terminal) => verbs.Area(
        "node", "Nodes: they move the bytes.",
        verbs.List(Node, "Lists nodes.", [], ("vprotect node list", "are they alive?")),
        verbs.Create(
            "add", Node, "Adds a node of another machine, and tells what to run there.",
            [Field.Number("--max-tasks", "maxTasks", "Tasks that it runs at once, 1 to 64. Otherwise 4."), Field.Reference(verbs, "--node-config", "nodeConfig", NodeConfig, "Settings that it shares with other nodes.")],
            complete: null, TellJoin, ("vprotect node add site2", "the token holds for an hour, once")),
        NewToken(
            verbs, Node, "Makes a token with which a node joins again, from the same machine or another: its identity stays, its old certificate is void.",
            ("vprotect node token site2", "after its disk was lost, or its certificate is over")),
        verbs.Show(Node, "Shows a node.", ("vprotect node show backup1", "by name or guid")),
        verbs.Update(
            Node, "Changes a node.",
            [Field.Text("--name", "name", "Another name."), Field.Number("--max-tasks", "maxTasks", "Tasks that it runs at once, 1 to 64."), Field.Reference(verbs, "--node-config", "nodeConfig", NodeConfig, "Settings that it shares with other nodes.")],
            ("vprotect node update backup1 --max-tasks 8", "more at once")),
        verbs.Delete(
            "remove", Node, "Removes nodes: they may call no more.", "What they work on begins again elsewhere, or fails.", ("vprotect node remove site2", "asks first")),
        NewFail(verbs),
        NodeVerbs.NewJoin(common, terminal),
        NodeVerbs.NewMove(common, terminal));

    /// <summary>The verb <c>token</c> of what joins.</summary>
    internal static Verb NewToken(ClientVerbs verbs, Resource resource, string description, (string Command, string Remark) example)
    {
        Argument<string> name = ObjectArgument.New(verbs, resource);
        return verbs.Doing(
            new Verb("token", description) { name }.WithExamples(example),
            async (client, cancellationToken) =>
            {
                string guid = ObjectNames.GuidOf(await ObjectNames.FindAsync(client.Api, resource, client.Parsed.GetRequiredValue(name), cancellationToken));
                ApiAnswer answer = await client.Api.CreateAsync($"{resource.PathOf(guid)}/token", body: null, key: null, cancellationToken);
                if (client.IsJson)
                {
                    client.WriteJson(answer.Text);
                }
                else
                {
                    TellJoin(client, answer.Body);
                }

                return ExitCodes.Success;
            });
    }

    private static Verb NewFail(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Node);
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        return verbs.Doing(
            new Verb("fail", "Says that a node that is offline does not come back to what it works on: no more waiting for it.") { name, yes }
                .WithExamples(("vprotect node fail site2", "its machine has burnt down; asks first")),
            async (client, cancellationToken) =>
            {
                string typed = client.Parsed.GetRequiredValue(name);
                string guid = ObjectNames.GuidOf(await ObjectNames.FindAsync(client.Api, Node, typed, cancellationToken));
                if (!client.Parsed.GetValue(yes))
                {
                    ClientVerbs.Confirm(client.Terminal, $"node '{typed}'", "what it works on begins again elsewhere, or fails.");
                }

                await client.Api.CreateAsync($"{Node.PathOf(guid)}/fail", body: null, key: null, cancellationToken);
                client.Say($"Nobody waits for {typed} any more.");
                return ExitCodes.Success;
            });
    }

    internal static void TellJoin(ClientInvocation client, JsonElement node)
    {
        client.Note("Run this there, within an hour; it is shown this once:");
        client.Terminal.Out.WriteLine(node.Text("command"));
    }

    public static Verb NewNodeConfig(ClientVerbs verbs)
    {
        Field[] members = [Field.Text("--description", "description", "What it is for."), Field.Flag("--default", "defaultConfiguration", "Whether new nodes get it."), Field.Pairs("--setting", "settings", "A limit, path or rate: runningTasksMax, allowedTaskTypes, restorePaths, backupBytesPerSecondMax, mountCacheBytesMax, mountCacheHoldsShares, mountStallSecondsMax, workPath; replaces all that were set.")];
        return verbs.Area(
            "node-config", "Settings that several nodes share.",
            verbs.List(NodeConfig, "Lists them.", [], ("vprotect node-config list", "all of them")),
            verbs.Show(NodeConfig, "Shows one.", ("vprotect node-config show site2", "by name or guid")),
            verbs.Create("create", NodeConfig, "Makes one.", members, complete: null, told: null, ("vprotect node-config create site2 --description 'second site'", "then give it to nodes")),
            verbs.Update(NodeConfig, "Changes one.", members, ("vprotect node-config update site2 --default", "for new nodes"), ("vprotect node-config update site2 --setting backupBytesPerSecondMax=52428800", "no more than 50 MiB/s from its platforms")),
            verbs.Delete("delete", NodeConfig, "Deletes those that nothing has.", warning: null, ("vprotect node-config delete site2", "by name or guid")));
    }

    private static Field[] Common(ClientVerbs verbs) =>
    [
        Field.Text("--type", "type", "The platform, such as KVM.", "WORD"), Field.Text("--user", "user", "As whom.", "LOGIN"),
        Field.Reference(verbs, "--credential", "credential", Credential, "What opens it, instead of user and password."), Field.Reference(verbs, "--node-config", "nodeConfig", NodeConfig, "Nodes that may talk to it."),
        Field.Pairs("--setting", "settings", "A setting of the platform's connector."),
    ];

    private static Resource Part(string noun, string path, string listVerb, params Column[] columns) => new()
    {
        Noun = noun,
        Path = path,
        ListVerb = listVerb,
        HasSingle = false,
        Columns = [Column.Text("name", "name", shrinks: true), Column.Text("manager", "hvManager", shrinks: true), Column.Text("host", "hypervisor", shrinks: true), .. columns, Column.Text("present", "present"), Column.Text("guid", "guid")],
    };

    private static Verb NewPart(ClientVerbs verbs, string verbName, Resource part, Field manager) => verbs.List(
        part, $"Lists {verbName} of platforms.", [manager], verbName, ($"vprotect hvm {verbName} --manager engine1", "of one manager"));

    private static Verb NewCheck(ClientVerbs verbs, Resource resource)
    {
        Argument<string> name = ObjectArgument.New(verbs, resource);
        string area = resource.ListVerb.Split(' ')[0];
        return verbs.Doing(
            new Verb("check", "Tries whether it can be used, and tells what is amiss.") { name }.WithExamples(($"vprotect {area} check {(area == "hv" ? "kvm1" : "engine1")}", "connection, privileges, programs")),
            async (client, cancellationToken) =>
            {
                JsonElement item = await ObjectNames.FindAsync(client.Api, resource, client.Parsed.GetRequiredValue(name), cancellationToken);
                ApiAnswer answer = await client.Api.CreateAsync(resource.PathOf(ObjectNames.GuidOf(item)) + "/check", body: null, key: null, cancellationToken);
                bool isUsable = answer.Body.IsTrue("usable");
                string product = answer.Body.Text("product") is { } text ? $" It is {text}." : "";
                ClientVerbs.Answer(client, answer, $"{char.ToUpperInvariant(resource.Noun[0])}{resource.Noun[1..]} '{item.Text("name")}' can {(isUsable ? "" : "not ")}be used.{product}");
                foreach (JsonElement finding in client.IsJson ? [] : answer.Body.Items("findings"))
                {
                    client.Terminal.Out.WriteLine($"  {finding}");
                }

                return isUsable ? ExitCodes.Success : ExitCodes.SourceFailed;
            });
    }

    private static Verb NewSync(ClientVerbs verbs, Resource resource, string member)
    {
        Argument<string> name = ObjectArgument.New(verbs, resource);
        string area = resource.ListVerb.Split(' ')[0];
        var verb = new Verb("sync", "Reads its inventory again: hosts, machines, storages, networks.") { name };
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(($"vprotect {area} sync {(area == "hv" ? "kvm1" : "engine1")} --wait", "what is new there?")),
            async (client, cancellationToken) =>
            {
                JsonElement item = await ObjectNames.FindAsync(client.Api, resource, client.Parsed.GetRequiredValue(name), cancellationToken);
                return await starting.RunAsync(client, "/tasks/inventory-sync", new JsonObject { [member] = new JsonObject { ["guid"] = ObjectNames.GuidOf(item) } }, cancellationToken);
            });
    }
}
