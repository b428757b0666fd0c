using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect directory …</c>: the LDAP directory that knows users.</summary>
internal static class DirectoryVerbs
{
    private const string Path = "/directory";

    private static readonly Column[] _details =
    [
        Column.Text("active", "active"), Column.Text("address", "url"), Column.Text("searched as", "bindDn"), Column.Text("password known", "hasPassword"), Column.Text("users below", "userBase"),
        Column.Text("users' class", "userClass"), Column.Text("login is", "loginAttribute"), Column.Text("groups below", "groupBase"), Column.Text("members are in", "memberAttribute"),
    ];

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "directory", "The LDAP directory that knows users; 'vprotect group create --directory-group' says what they may.", NewShow(verbs), NewSet(verbs), NewCheck(verbs));

    private static Verb NewShow(ClientVerbs verbs) => verbs.Doing(
        new Verb("show", "Shows which directory is asked.").WithExamples(("vprotect directory show", "without its password")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.GetAsync(Path, cancellationToken);
            if (client.IsJson)
            {
                client.WriteJson(answer.Text);
            }
            else
            {
                Table.WriteOne(client.Terminal.Out, _details, answer.Body);
            }

            return ExitCodes.Success;
        });

    private static Verb NewSet(ClientVerbs verbs)
    {
        Field[] fields =
        [
            Field.Flag("--active", "active", "Whether it is asked."), Field.Text("--url", "url", "ldaps://HOST, or ldap://HOST, which is made TLS by StartTLS.", "URL"),
            Field.Text("--bind-dn", "bindDn", "As whom users are searched.", "DN"), Field.Secret("--password-file", "password", question: null), Field.Text("--user-base", "userBase", "Below which users are.", "DN"),
            Field.Text("--user-class", "userClass", "Class that users have.", "NAME"), Field.Text("--login-attribute", "loginAttribute", "Attribute that is the login: uid, or sAMAccountName.", "NAME"),
            Field.Text("--group-base", "groupBase", "Below which groups are.", "DN"), Field.Text("--member-attribute", "memberAttribute", "Attribute of groups that names their members.", "NAME"),
        ];
        var authorities = new System.CommandLine.Option<string?>("--authorities") { Description = "File with certificates (PEM) of authorities that vouch for it. Otherwise those of the server's operating system.", HelpName = "FILE" };
        Verb verb = ClientVerbs.With(new Verb("set", "Changes which directory is asked, and how; what is not given stays.") { authorities }, fields);
        return verbs.Doing(
            verb.WithExamples(
                ("vprotect directory set --active --url ldaps://ldap.example.org --bind-dn cn=vprotect,dc=example,dc=org --password-file pw --user-base ou=people,dc=example,dc=org --group-base ou=groups,dc=example,dc=org", "OpenLDAP"),
                ("vprotect directory set --login-attribute sAMAccountName --user-class user", "Active Directory"), ("vprotect directory set --active false", "local users only")),
            async (client, cancellationToken) =>
            {
                JsonObject body = [];
                await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
                if (client.Parsed.GetValue(authorities) is { } file)
                {
                    body["authorities"] = await File.ReadAllTextAsync(file, cancellationToken);
                }

                return ClientVerbs.Answer(client, await client.Api.UpdateAsync(Path, body, version: null, cancellationToken), "Changed. Try it with: vprotect directory check");
            });
    }

    private static Verb NewCheck(ClientVerbs verbs) => verbs.Doing(
        new Verb("check", "Tries whether the directory is reached, trusted, and knows the user who searches; the exit code says it too.").WithExamples(("vprotect directory check", "before users do")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.SendAsync(HttpMethod.Post, Path + "/check", body: null, [], cancellationToken);
            bool works = answer.Body.IsTrue("works");
            ClientVerbs.Answer(client, answer, works ? "The directory works." : $"The directory does not work: {answer.Body.Text("finding")}");
            return works ? ExitCodes.Success : ExitCodes.UnexpectedFailure;
        });
}
