using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect appliance …</c>: the appliance itself.</summary>
internal static class ApplianceVerbs
{
    private const string Membership = "/membership";

    private static Resource Joined { get; } = new()
    {
        Noun = "appliance",
        Path = "/appliances",
        ListVerb = "appliance list",
        Columns =
        [
            Column.Text("name", "name", shrinks: true), Column.Text("here", "here"), Column.Text("address", "nodeIP"), Column.Text("version", "version"), Column.Count(">machines", "machines"),
            Column.Count(">policies", "policies"), Column.Count(">restore points", "restorePoints"), Column.Time("told last (UTC)", "syncedAt"),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("here", "here"), Column.Text("address", "nodeIP"), Column.Text("version", "version"), Column.Count("machines", "machines"),
            Column.Count("policies", "policies"), Column.Count("destinations", "destinations"), Column.Count("restore points", "restorePoints"), Column.Count("not shown", "skipped"),
            Column.Time("told last (UTC)", "syncedAt"), Column.Time("last seen (UTC)", "lastSeen"), Column.Time("joined (UTC)", "enrolledAt"), Column.Text("problem", "problem"),
        ],
    };

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "appliance",
        "The appliance itself: copies of it, from which 'vprotect recover' makes it again, what somebody who helps needs to see, and the key of its secrets; and the appliances that joined it, or the server that it joined.",
        NewBackup(verbs), NewCheck(verbs), NewRotation(verbs), NewBundle(verbs),
        verbs.List(Joined, "Lists the appliances that joined this one.", [], ("vprotect appliance list", "are they here?")),
        verbs.Show(Joined, "Shows one.", ("vprotect appliance show site2", "by name or guid")),
        verbs.Create("add", Joined, "Adds an appliance, and tells what to run there.", [], complete: null, InfrastructureVerbs.TellJoin, ("vprotect appliance add site2", "the token holds for an hour, once")),
        InfrastructureVerbs.NewToken(
            verbs, Joined, "Makes a token with which an appliance joins again: its identity stays, its old certificate is void.", ("vprotect appliance token site2", "after it was recovered, or its certificate is over")),
        verbs.Delete(
            "remove", Joined, "Removes appliances: what they told is forgotten here.", "Nothing changes there: they go on by themselves.", ("vprotect appliance remove site2", "asks first")),
        NewJoin(verbs), NewMove(verbs), NewMembership(verbs), NewLeave(verbs));

    private static Verb NewJoin(ClientVerbs verbs)
    {
        Option<string> at = NodeVerbs.NewAt();
        Option<string?> token = NodeVerbs.NewToken("appliance add");
        Option<string?> file = NodeVerbs.NewTokenFile();
        return verbs.Doing(
            new Verb("join", "Joins this appliance to a server: it shows what this one has, and its users may work with that. Everything stays here and goes on by itself.") { at, token, file }
                .WithExamples(("vprotect appliance join --at backup.example.org --token vpn1_…", "as 'vprotect appliance add' told it there")),
            async (client, cancellationToken) =>
            {
                string word = await NodeVerbs.TokenAsync(client.Terminal, client.Parsed.GetValue(token), client.Parsed.GetValue(file), "appliance add", cancellationToken);
                var body = new JsonObject { ["server"] = client.Parsed.GetRequiredValue(at), ["token"] = word };
                ApiAnswer answer = await client.Api.CreateAsync(Membership, body, key: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, $"This appliance is '{answer.Body.Text("name")}' of the server at {answer.Body.Text("server")}.");
            });
    }

    private static Verb NewMove(ClientVerbs verbs)
    {
        Option<string> at = NodeVerbs.NewAt();
        return verbs.Doing(
            new Verb("move", "Tells this appliance that its server has another address.") { at }
                .WithExamples(("vprotect appliance move --at backup2.example.org", "the server itself must be the same")),
            async (client, cancellationToken) =>
            {
                ApiAnswer answer = await client.Api.UpdateAsync(Membership, new JsonObject { ["server"] = client.Parsed.GetRequiredValue(at) }, version: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, $"Its server is at {answer.Body.Text("server")} now.");
            });
    }

    private static Verb NewMembership(ClientVerbs verbs) => verbs.Doing(
        new Verb("membership", "Tells which server this appliance joined, and how it stands with it.").WithExamples(("vprotect appliance membership", "does it hear us?")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.GetAsync(Membership, cancellationToken);
            JsonElement body = answer.Body;
            return ClientVerbs.Answer(client, answer, !body.IsTrue("joined")
                ? "This appliance stands alone."
                : $"This appliance is '{body.Text("name")}' of the server at {body.Text("server")}, which {(body.Text("problem") is { Length: > 0 } problem
                    ? $"does not hear it, so it goes on by itself. Changes that wait to be told: {body.Number("pending")}.\n{problem}"
                    : body.Number("pending") is > 0 and var pending ? $"is being told {pending} changes." : "knows everything.")}");
        });

    private static Verb NewLeave(ClientVerbs verbs)
    {
        var anyway = new Option<bool>("--anyway") { Description = "Even when the server cannot be told; remove it there then." };
        return verbs.Doing(
            new Verb("leave", "Leaves the server: it forgets what it was told. Nothing changes here.") { anyway }
                .WithExamples(("vprotect appliance leave", "stands alone again"), ("vprotect appliance leave --anyway", "the server is gone for good")),
            async (client, cancellationToken) =>
            {
                ApiAnswer answer = await client.Api.DeleteAsync($"{Membership}?anyway={(client.Parsed.GetValue(anyway) ? "true" : "false")}", version: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, "This appliance stands alone.");
            });
    }

    private static Verb NewCheck(ClientVerbs verbs) => verbs.Doing(
        new Verb("check", "Reads the whole catalog, opens every secret and verifies the audit log. Exit code 0 when nothing is amiss. Takes seconds for each GiB of catalog.")
            .WithExamples(("vprotect appliance check", "after a power cut, or before an update")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.CreateAsync("/appliance/check", body: null, key: null, cancellationToken);
            bool isWhole = answer.Body.IsTrue("whole");
            ClientVerbs.Answer(client, answer, isWhole ? "The catalog, its secrets and the audit log are whole." : "Something is amiss:");
            foreach (JsonElement finding in client.IsJson ? [] : answer.Body.Items("findings"))
            {
                client.Terminal.Out.WriteLine($"  {finding}");
            }

            return isWhole ? ExitCodes.Success : ExitCodes.DataDamaged;
        });

    private static Verb NewRotation(ClientVerbs verbs) => verbs.Doing(
        new Verb("rotate-key", "Makes a new key of secrets (secret.key) and seals every password, pass phrase and second factor with it; the key before is forgotten. Repositories and their recovery keys stay as they are. Copies of the appliance made before open with the key that is in them.")
            .WithExamples(("vprotect appliance rotate-key", "after somebody has left who could read the data directory")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.CreateAsync("/appliance/rotate-key", body: null, key: null, cancellationToken);
            return ClientVerbs.Answer(client, answer, $"The key is new: {answer.Body.Number("secrets")} secrets were sealed with it. Make a copy of the appliance: vprotect appliance backup");
        });

    private static Verb NewBundle(ClientVerbs verbs)
    {
        var to = new Option<string?>("--to") { Description = "The file to make. Otherwise a name with the time, here.", HelpName = "FILE" };
        return verbs.Doing(
            new Verb("support-bundle", "Downloads versions, settings, latest tasks, metrics and logs as a zip archive, without secrets.") { to }
                .WithExamples(("vprotect appliance support-bundle --to bundle.zip", "for whoever helps")),
            async (client, cancellationToken) =>
            {
                using HttpResponseMessage answer = await client.Api.DownloadAsync("/support-bundle", new JsonObject(), cancellationToken);
                string target = client.Parsed.GetValue(to) ?? Path.GetFileName(answer.Content.Headers.ContentDisposition?.FileNameStar ?? "support.zip");
                await using Stream content = await answer.Content.ReadAsStreamAsync(cancellationToken);
                long bytes = await FileVerbs.SaveAsync(content, target, cancellationToken);
                client.Say($"{target} has {SizeText.Of(bytes)}. It holds names of machines and users' doings: give it to whom you trust.");
                return ExitCodes.Success;
            });
    }

    private static Verb NewBackup(ClientVerbs verbs)
    {
        Field[] fields = [Field.Reference(verbs, "--destination", "backupDestination", DestinationVerbs.Destination, "Where to; an encrypted one. Otherwise as the settings say, or the default destination.")];
        Verb verb = ClientVerbs.With(
            new Verb("backup", "Keeps a copy of catalog, keys and certificate in a destination now. It is done by itself once a day (settings applianceBackup…)."), fields);
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(("vprotect appliance backup --wait", "before something is changed"), ("vprotect appliance backup --destination offsite", "to another place, too")),
            async (client, cancellationToken) =>
            {
                var body = new JsonObject();
                await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
                return await starting.RunAsync(client, "/tasks/appliance-backup", body, cancellationToken);
            });
    }
}
