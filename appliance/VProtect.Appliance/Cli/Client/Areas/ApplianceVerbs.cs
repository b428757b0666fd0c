using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Requests;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect appliance …</c>: the appliance itself.</summary>
internal static class ApplianceVerbs
{
    public static Verb New(ClientVerbs verbs) => verbs.Area("appliance", "The appliance itself: copies of it, from which 'vprotect recover' makes it again.", NewBackup(verbs));

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
