using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect user|token|audit …</c>: who may do what, and who did.</summary>
internal static class AccessVerbs
{
    public static Resource User { get; } = new()
    {
        Noun = "user",
        Path = "/users",
        ListVerb = "user list",
        NameMember = "login",
        IsWrittenWhole = true,
        Columns =
        [
            Column.Text("login", "login"), Column.Text("name", "fullName", shrinks: true), Column.Text("mail", "email", shrinks: true), Column.Text("roles", "roles"),
            Column.Text("active", "active"), Column.Time("last login (UTC)", "lastLoginAt"),
        ],
        Details =
        [
            Column.Text("login", "login"), Column.Text("name", "fullName"), Column.Text("mail", "email"), Column.Text("roles", "roles"), Column.Text("active", "active"),
            Column.Text("must change password", "mustChangePassword"), Column.Word("known by", "source"), Column.Time("last login (UTC)", "lastLoginAt"),
            Column.Time("made (UTC)", "createdAt"),
        ],
    };

    private static readonly Resource _token = new()
    {
        Noun = "token",
        Path = "/tokens",
        ListVerb = "token list",
        HasSingle = false,
        Columns =
        [
            Column.Id(), Column.Text("name", "name", shrinks: true), Column.Text("user", "user"), Column.Text("permissions", "permissions", shrinks: true),
            Column.Time("expires (UTC)", "expiresAt"), Column.Time("last used (UTC)", "lastUsedAt"), Column.Time("taken back (UTC)", "revokedAt"),
        ],
    };

    private static readonly Resource _audit = new()
    {
        Noun = "entry of the audit log",
        Path = "/audit",
        ListVerb = "audit list",
        HasSingle = false,
        GoesByBefore = true,
        Columns =
        [
            Column.Count(">seq", "seq"), Column.Time("time (UTC)", "at"), Column.Text("who", "actor"), Column.Text("from", "address"), Column.Text("what", "action"),
            Column.Text("object", "object", shrinks: true), Column.Word("outcome", "outcome"),
        ],
    };

    public static Verb NewUser(ClientVerbs verbs)
    {
        Field[] members =
        [
            Field.Text("--full-name", "fullName", "Name shown to people."), Field.Text("--email", "email", "Mail address."), Field.Flag("--active", "active", "Whether it may log in."),
            Field.References(verbs, "--role", "roles", RoleVerbs.Role, "Role that it has for everything; those that are given replace those before. 'vprotect role give' limits one to objects."),
        ];
        return verbs.Area(
            "user", "Who may log in.",
            verbs.List(User, "Lists users.", [], ("vprotect user list", "all of them")),
            verbs.Show(User, "Shows a user.", ("vprotect user show ann", "by login")),
            verbs.Create(
                "create", User, "Makes a user. The password that you give must be changed at the first login.", [.. members, Field.Secret("--password-file", "password", "Password of the new user", isNew: true)], complete: null, told: null,
                ("vprotect user create ann --full-name 'Ann Example' --role OPERATOR", "asks for a password, twice"),
                ("vprotect user create ci --password-file ci.txt", "from a file; - would be standard input")),
            verbs.Update(
                User, "Changes a user, or sets another password.", [.. members, Field.Secret("--password-file", "password", question: null)],
                ("vprotect user update ann --active false", "no more logins"),
                ("vprotect user update ann --password-file new.txt", "to be changed at the next login")),
            verbs.Delete("delete", User, "Deletes users, with their sessions and tokens.", warning: null, ("vprotect user delete ann", "her tokens end as well")),
            NewPassword(verbs));
    }

    public static Verb NewToken(ClientVerbs verbs) => verbs.Area(
        "token", "Tokens by which programs log in.",
        verbs.List(_token, "Lists tokens, without what is secret of them.", [], ("vprotect token list", "which are in use?")),
        verbs.Create(
            "create", _token, "Makes a token that acts as you. It is shown this once.",
            [
                Field.Texts("--permission", "permissions", "What it is limited to, such as tasks.read. Otherwise all that you may.", "NAME"),
                Field.Moment("--expires", "expiresAt", "When it ends: 2027-01-31, or 90d from now. Otherwise never."),
            ],
            complete: null,
            (client, token) =>
            {
                client.Note("It is shown this once; keep it where programs find it, for instance in VPROTECT_TOKEN:");
                client.Terminal.Out.WriteLine(token.Text("token"));
            },
            ("vprotect token create grafana --permission tasks.read --expires 365d", "for a program that only looks"),
            ("vprotect token create ci --json | jq -r .token", "for a script")),
        verbs.Delete("revoke", _token, "Takes tokens back: they open nothing any more.", warning: null, ("vprotect token revoke grafana", "by name or guid")));

    public static Verb NewAudit(ClientVerbs verbs) => verbs.Area(
        "audit", "Who did what.",
        verbs.List(
            _audit, "Lists the audit log, newest first.",
            [
                Field.Text("--actor", "actor", "Only what this user did.", "LOGIN"), Field.Text("--action", "action", "Only this, such as users.create.", "ACTION"),
                Field.Text("--object", "guid", "Only what was done to this object.", "GUID"),
            ],
            ("vprotect audit list --actor ann -n 20", "what ann did last"),
            ("vprotect audit list --action session.login --watch", "logins as they come")),
        NewVerify(verbs));

    private static Verb NewVerify(ClientVerbs verbs) => verbs.Doing(
        new Verb("verify", "Tells whether entries of the audit log were changed, removed or put in; the exit code says it too.")
            .WithExamples(("vprotect audit verify", "is it whole?"), ("vprotect audit verify --json", "with the newest entry's hash, to be noted elsewhere")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.CreateAsync("/audit/verify", body: null, key: null, cancellationToken);
            bool isWhole = answer.Body.IsTrue("whole");
            ClientVerbs.Answer(client, answer, isWhole
                ? $"The audit log is whole: {Quantity.Of(answer.Body.Number("newest") ?? 0, "entry", "entries")}. The newest has the hash {answer.Body.Text("hash")}."
                : "The audit log is not whole:");
            foreach (JsonElement finding in client.IsJson ? [] : answer.Body.Items("findings"))
            {
                client.Terminal.Out.WriteLine($"  {finding}");
            }

            return isWhole ? ExitCodes.Success : ExitCodes.DataDamaged;
        });

    private static Verb NewPassword(ClientVerbs verbs)
    {
        var current = new Option<string?>("--password-file") { Description = "File that holds the present password; - for standard input. Otherwise you are asked.", HelpName = "FILE" };
        var changed = new Option<string?>("--new-password-file") { Description = "File that holds the new one. Otherwise you are asked.", HelpName = "FILE" };
        return verbs.Doing(
            new Verb("password", "Changes your own password, and ends your other sessions.") { current, changed }
                .WithExamples(("vprotect user password", "asks for the present and the new one")),
            async (client, cancellationToken) =>
            {
                var body = new JsonObject
                {
                    ["currentPassword"] = ClientSecrets.Need(client.Terminal, client.Parsed.GetValue(current), "--password-file", "Present password"),
                    ["newPassword"] = ClientSecrets.Need(client.Terminal, client.Parsed.GetValue(changed), "--new-password-file", "New password", isNew: true),
                };
                ApiAnswer answer = await client.Api.UpdateAsync("/session/password", body, version: null, cancellationToken);
                return ClientVerbs.Answer(client, answer, "The password is changed.");
            });
    }
}
