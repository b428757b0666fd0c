using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect session …</c> and <c>second-factor …</c>: who is logged in, and one's own authenticator.</summary>
internal static class SessionVerbs
{
    private static readonly Resource _own = Of("/session/sessions", "session list");

    private static readonly Resource _all = Of("/sessions", "session list-all");

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "session", "Logins of browsers that have not ended; 'vprotect token' has those of programs.",
        verbs.List(_own, "Lists your own sessions.", [], ("vprotect session list", "from where are you logged in?")),
        verbs.Delete("end", _own, "Ends sessions of yours.", warning: null, ("vprotect session end 81c0de5f", "that browser must log in again")),
        NewEndOthers(verbs),
        verbs.List(
            _all, "Lists sessions of all users.", [Field.Reference(verbs, "--user", "user", AccessVerbs.User, "Only of this user.", bare: true)], "list-all",
            ("vprotect session list-all --user ann", "is ann logged in?")),
        verbs.Delete("end-any", _all, "Ends sessions of any user.", warning: null, ("vprotect session end-any 81c0de5f", "an id of 'vprotect session list-all'")));

    public static Verb NewSecondFactor(ClientVerbs verbs) => verbs.Area(
        "second-factor", "Codes of an authenticator that logins need beside the password.",
        NewEnable(verbs),
        NewChange(
            verbs, "recovery-codes", "Makes new recovery codes; those before count no more.", "/session/second-factor/recovery-codes", TellCodes,
            ("vprotect second-factor recovery-codes", "when most are used up")),
        NewChange(
            verbs, "disable", "Takes your second factor away.", "/session/second-factor/remove", (client, answer) => ClientVerbs.Answer(client, answer, "Logins need the password only."),
            ("vprotect second-factor disable", "asks for password and code; a recovery code will do")),
        NewReset(verbs));

    private static Verb NewEndOthers(ClientVerbs verbs) => verbs.Doing(
        new Verb("end-others", "Ends all your sessions.").WithExamples(("vprotect session end-others", "browsers must log in again; tokens stay")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.SendAsync(HttpMethod.Post, "/session/sessions/end-others", body: null, [], cancellationToken);
            return ClientVerbs.Answer(client, answer, $"Ended {Quantity.Of(answer.Body.Number("ended") ?? 0, "session")}.");
        });

    private static Verb NewEnable(ClientVerbs verbs)
    {
        (Option<string?> password, Option<string?> code) = Options();
        return verbs.Doing(
            new Verb("enable", "Makes a secret for your authenticator, and has it confirmed by a code.") { password, code }
                .WithExamples(("vprotect second-factor enable", "shows the secret, then asks for the code")),
            async (client, cancellationToken) =>
            {
                var proof = new JsonObject { ["currentPassword"] = ClientSecrets.Need(client.Terminal, client.Parsed.GetValue(password), "--password-file", "Present password") };
                ApiAnswer made = await client.Api.SendAsync(HttpMethod.Post, "/session/second-factor", proof, [], cancellationToken);
                client.Terminal.Error.WriteLine($"Put this into your authenticator, as text or as a picture made of the address:\n  {made.Body.Text("secret")}\n  {made.Body.Text("uri")}");
                var shown = new JsonObject { ["code"] = ClientSecrets.Need(client.Terminal, client.Parsed.GetValue(code), "--code-file", "Code that it shows") };
                return TellCodes(client, await client.Api.SendAsync(HttpMethod.Put, "/session/second-factor", shown, [], cancellationToken));
            });
    }

    private static Verb NewChange(
        ClientVerbs verbs, string name, string description, string path, Func<ClientInvocation, ApiAnswer, int> tell, (string, string) example)
    {
        (Option<string?> password, Option<string?> code) = Options();
        return verbs.Doing(
            new Verb(name, description) { password, code }.WithExamples(example),
            async (client, cancellationToken) =>
            {
                var proof = new JsonObject
                {
                    ["currentPassword"] = ClientSecrets.Need(client.Terminal, client.Parsed.GetValue(password), "--password-file", "Present password"),
                    ["code"] = ClientSecrets.Need(client.Terminal, client.Parsed.GetValue(code), "--code-file", "Code"),
                };
                return tell(client, await client.Api.SendAsync(HttpMethod.Post, path, proof, [], cancellationToken));
            });
    }

    private static Verb NewReset(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, AccessVerbs.User);
        return verbs.Doing(
            new Verb("reset", "Takes the second factor of another user away, who has lost it; ends the user's sessions.") { name }
                .WithExamples(("vprotect second-factor reset ann", "ann logs in with her password, and makes a new one")),
            async (client, cancellationToken) =>
            {
                JsonElement user = await ObjectNames.FindAsync(client.Api, AccessVerbs.User, client.Parsed.GetRequiredValue(name), cancellationToken);
                ApiAnswer answer = await client.Api.DeleteAsync($"/users/{ObjectNames.GuidOf(user)}/second-factor", version: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, $"The second factor of {AccessVerbs.User.Title(user)} is taken away.");
            });
    }

    private static int TellCodes(ClientInvocation client, ApiAnswer answer)
    {
        if (client.IsJson)
        {
            client.WriteJson(answer.Text);
            return ExitCodes.Success;
        }

        client.Note("Logins need a code from now on. Recovery codes, shown this once; each works once, in the place of a code. Keep them away from this machine:");
        foreach (JsonElement code in answer.Body.Items("recoveryCodes"))
        {
            client.Terminal.Out.WriteLine(code.GetString());
        }

        return ExitCodes.Success;
    }

    private static (Option<string?> Password, Option<string?> Code) Options() => (
        new Option<string?>("--password-file") { Description = "File that holds your password; - for standard input. Otherwise you are asked.", HelpName = "FILE" },
        new Option<string?>("--code-file") { Description = "File that holds the code; - for standard input. Otherwise you are asked.", HelpName = "FILE" });

    private static Resource Of(string path, string listVerb) => new()
    {
        Noun = "session",
        Path = path,
        ListVerb = listVerb,
        NameMember = null,
        HasSingle = false,
        Columns =
        [
            Column.Id(), Column.Text("user", "user"), Column.Text("from", "address"), Column.Time("since (UTC)", "createdAt"), Column.Time("last used (UTC)", "lastUsedAt"),
            Column.Time("until (UTC)", "expiresAt"), Column.Text("with", "userAgent", shrinks: true),
        ],
    };
}
