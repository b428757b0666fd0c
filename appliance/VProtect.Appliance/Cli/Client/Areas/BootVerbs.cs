using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Requests;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect point boot</c> and <c>vprotect vm boot</c>: a machine that runs before it is restored. <c>mounted end</c> ends it.</summary>
internal static class BootVerbs
{
    /// <summary><c>vprotect point boot ID</c></summary>
    public static Verb New(ClientVerbs verbs)
    {
        Argument<string> id = ObjectArgument.New(verbs, PointVerbs.Point, "ID");
        return New(
            verbs, new Verb("boot", "Starts a machine from a restore point at once; what it writes is kept apart. 'mounted end' keeps it, commits what it wrote, or removes it.") { id },
            [
                ("vprotect point boot 81c0de5f --wait", "beside the machine, without its network: to look whether it starts"),
                ("vprotect point boot 81c0de5f --connected --as web1-again", "in place of a machine that is lost"),
            ],
            (client, cancellationToken) => ObjectNames.FindAsync(client.Api, PointVerbs.Point, client.Parsed.GetRequiredValue(id), cancellationToken));
    }

    /// <summary><c>vprotect vm boot NAME</c>: the latest restore point of a machine, or one of its own.</summary>
    public static Verb NewOfMachine(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, MachineVerbs.Machine);
        var point = new Option<string?>("--point") { Description = "The restore point, by its id in 'point list'. Otherwise the latest good one.", HelpName = "ID" };
        return New(
            verbs, new Verb("boot", "Starts a machine from its backup at once; 'mounted end' keeps it, commits what it wrote, or removes it.") { name, point },
            [("vprotect vm boot web1 --wait", "beside the machine, without its network"), ("vprotect vm boot web1 --connected --network prod", "with its first network card in the network 'prod'")],
            (client, cancellationToken) => PointVerbs.FindOfMachineAsync(client, name, point, cancellationToken));
    }

    private static Verb New(ClientVerbs verbs, Verb verb, (string, string)[] examples, Func<ClientInvocation, CancellationToken, Task<JsonElement>> find)
    {
        Field[] fields =
        [
            Field.Text("--as", "restoredPeName", "Its name. Otherwise the one it had, with a remark.", "NAME"),
            Field.Reference(verbs, "--hypervisor", "hypervisor", InfrastructureVerbs.Hypervisor, "The host that runs it. Otherwise where it came from."),
            Field.Moment("--until", "unmountTime", "When it is shut down by itself, and what it wrote becomes a restore point; never otherwise."),
            Field.Reference(verbs, "--node", "node", InfrastructureVerbs.Node, "The node that serves its disks."),
        ];
        var connected = new Option<bool>("--connected") { Description = "With its network. Otherwise its network cards are unplugged, so that it disturbs nobody." };
        var networks = new Option<string[]>("--network") { Description = "Network for the next card, in their order. May be given several times.", HelpName = "NAME" };
        verb.Options.Add(connected);
        verb.Options.Add(networks);
        ClientVerbs.With(verb, fields);
        var starting = new TaskStarting(verb);
        return verbs.Doing(verb.WithExamples(examples), async (client, cancellationToken) =>
        {
            JsonElement point = await find(client, cancellationToken);
            var body = new JsonObject { ["backup"] = new JsonObject { ["guid"] = ObjectNames.GuidOf(point) }, ["isolated"] = !client.Parsed.GetValue(connected) };
            await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
            if (client.Parsed.GetValue(networks) is { Length: > 0 } cards)
            {
                body["restoredNetworks"] = await PointVerbs.NetworksAsync(client, cards, cancellationToken);
            }

            return await starting.RunAsync(client, "/tasks/boot", body, cancellationToken);
        });
    }
}
