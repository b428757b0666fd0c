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
    public static Verb New(ClientVerbs verbs) => verbs.Area("appliance", "The appliance itself: copies of it, from which 'vprotect recover' makes it again, what somebody who helps needs to see, and the key of its secrets.", NewBackup(verbs), NewCheck(verbs), NewRotation(verbs), NewBundle(verbs));

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
