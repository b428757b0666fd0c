using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect settings|certificate|mailing-list …</c>: what holds for the whole appliance.</summary>
internal static class SettingsVerbs
{
    private const string Path = "/global-settings";

    private static readonly Resource _mailingList = new()
    {
        Noun = "mailing list",
        Path = "/mailing-lists",
        ListVerb = "mailing-list list",
        IsWrittenWhole = true,
        Columns = [Column.Text("name", "name"), Column.Text("addresses", "addresses", shrinks: true)],
        Details = [Column.Text("name", "name"), Column.Text("addresses", "addresses")],
    };

    private static readonly Column[] _certificate =
    [
        Column.Text("subject", "subject"), Column.Text("issuer", "issuer"), Column.Time("valid from (UTC)", "notBefore"), Column.Time("valid until (UTC)", "notAfter"),
        Column.Text("fingerprint", "fingerprint"), Column.Text("self-signed", "selfSigned"),
    ];

    public static Resource MailingList => _mailingList;

    public static Verb NewSettings(ClientVerbs verbs) => verbs.Area("settings", "Settings of the whole appliance; changes hold at once.", NewGet(verbs), NewSet(verbs));

    public static Verb NewMailingList(ClientVerbs verbs)
    {
        Field[] members = [Field.Texts("--address", "addresses", "A mail address.", "ADDRESS")];
        return verbs.Area(
            "mailing-list", "Who gets reports and alerts.",
            verbs.List(_mailingList, "Lists mailing lists.", [], ("vprotect mailing-list list", "all of them")),
            verbs.Show(_mailingList, "Shows a mailing list.", ("vprotect mailing-list show operators", "by name")),
            verbs.Create("create", _mailingList, "Makes a mailing list.", members, complete: null, told: null, ("vprotect mailing-list create operators --address ann@example.org --address bob@example.org", "two people")),
            verbs.Update(_mailingList, "Changes a mailing list; addresses that are given replace all.", members, ("vprotect mailing-list update operators --address ann@example.org", "ann alone")),
            verbs.Delete("delete", _mailingList, "Deletes mailing lists.", warning: null, ("vprotect mailing-list delete operators", "nobody is told any more")));
    }

    public static Verb NewCertificate(ClientVerbs verbs)
    {
        var certificate = new Option<string>("--certificate") { Description = "PEM file: the server's certificate first, then its issuers.", HelpName = "FILE", Required = true };
        var key = new Option<string>("--key") { Description = "PEM file of its private key, not encrypted.", HelpName = "FILE", Required = true };
        return verbs.Area(
            "certificate", "The certificate that the server shows.",
            verbs.Doing(
                new Verb("show", "Shows it, with the fingerprint to compare.").WithExamples(("vprotect certificate show", "when does it end?")),
                async (client, cancellationToken) => Tell(client, await client.Api.GetAsync("/server-certificate", cancellationToken))),
            verbs.Doing(
                new Verb("replace", "Puts another in its place; new connections see it at once.") { certificate, key }
                    .WithExamples(("vprotect certificate replace --certificate server.crt --key server.key", "one of your own authority")),
                async (client, cancellationToken) =>
                {
                    var body = new JsonObject { ["certificate"] = ClientSecrets.WholeFile(client.Parsed.GetRequiredValue(certificate)), ["privateKey"] = ClientSecrets.WholeFile(client.Parsed.GetRequiredValue(key)) };
                    return Tell(client, await client.Api.UpdateAsync("/server-certificate", body, version: null, cancellationToken));
                }),
            verbs.Doing(
                new Verb("renew", "Makes a new one of the appliance's own; everybody must trust it anew.").WithExamples(("vprotect certificate renew", "then log in again everywhere")),
                async (client, cancellationToken) => Tell(client, await client.Api.CreateAsync("/server-certificate/renew", body: null, key: null, cancellationToken))));
    }

    private static Verb NewGet(ClientVerbs verbs)
    {
        var name = new Argument<string?>("NAME") { Description = "One setting; otherwise all.", Arity = ArgumentArity.ZeroOrOne };
        return verbs.Doing(
            new Verb("get", "Shows settings.") { name }.WithExamples(("vprotect settings get", "all of them"), ("vprotect settings get sessionIdleTimeout", "the value alone")),
            async (client, cancellationToken) =>
            {
                ApiAnswer answer = await client.Api.GetAsync(Path, cancellationToken);
                if (client.Parsed.GetValue(name) is { } wanted)
                {
                    JsonElement value = answer.Body.Member(wanted);
                    if (value.ValueKind == JsonValueKind.Undefined)
                    {
                        throw Unknown(answer.Body, wanted);
                    }

                    client.Terminal.Out.WriteLine(client.IsJson ? value.GetRawText() : value.ToString());
                }
                else if (client.IsJson)
                {
                    client.WriteJson(answer.Text);
                }
                else
                {
                    Listing.Write(client.Terminal.Out, [.. Flat(answer.Body, "")]);
                }

                return ExitCodes.Success;
            });
    }

    private static Verb NewSet(ClientVerbs verbs)
    {
        var pairs = new Argument<string[]>("NAME=VALUE") { Description = "What to set. Durations may be written as 30m or 12h, lists with commas.", Arity = ArgumentArity.OneOrMore };
        return verbs.Doing(
            new Verb("set", "Changes settings; they hold at once.") { pairs }.WithExamples(
                ("vprotect settings set sessionIdleTimeout=15m", "people who went away are logged out sooner"),
                ("vprotect settings set corsOrigins=https://portal.example.org", "a portal whose pages may call the API")),
            async (client, cancellationToken) =>
            {
                ApiAnswer before = await client.Api.GetAsync(Path, cancellationToken);
                JsonObject body = JsonObject.Create(before.Body)!;
                foreach (string pair in client.Parsed.GetRequiredValue(pairs))
                {
                    if (pair.Split('=', 2) is not [{ Length: > 0 } name, var value])
                    {
                        throw Invocation.BadArgument($"'{pair}' sets nothing.", "Write it as NAME=VALUE.");
                    }

                    JsonElement present = before.Body.Member(name);
                    if (present.ValueKind == JsonValueKind.Undefined)
                    {
                        throw Unknown(before.Body, name);
                    }

                    RequestBody.Set(body, name, ValueOf(value, present));
                }

                ApiAnswer answer = await client.Api.UpdateAsync(Path, body, before.Version, cancellationToken);
                return ClientVerbs.Answer(client, answer, "The settings hold now.");
            });
    }

    /// <summary>As the member's present value suggests: a duration where a number stands, a list where a list stands, else JSON, else text.</summary>
    private static JsonNode? ValueOf(string typed, JsonElement present)
    {
        if (present.ValueKind == JsonValueKind.Number && DurationText.TryParse(typed, out TimeSpan span))
        {
            return (long)span.TotalMilliseconds;
        }

        if (present.ValueKind == JsonValueKind.Array && !typed.StartsWith('['))
        {
            return new JsonArray([.. typed.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text => (JsonNode?)JsonValue.Create(text))]);
        }

        try
        {
            return present.ValueKind == JsonValueKind.String ? JsonValue.Create(typed) : JsonNode.Parse(typed);
        }
        catch (JsonException)
        {
            return JsonValue.Create(typed);
        }
    }

    private static IEnumerable<(string Name, string Value)> Flat(JsonElement element, string prefix)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = prefix + property.Name;
            if (property.Value.ValueKind == JsonValueKind.Object && property.Value.Member("name").ValueKind == JsonValueKind.Undefined)
            {
                foreach ((string Name, string Value) inner in Flat(property.Value, name + "."))
                {
                    yield return inner;
                }
            }
            else
            {
                yield return (name, element.Text(property.Name) is { Length: > 0 } text ? text : "-");
            }
        }
    }

    private static int Tell(ClientInvocation client, ApiAnswer answer)
    {
        if (client.IsJson)
        {
            client.WriteJson(answer.Text);
        }
        else
        {
            Table.WriteOne(client.Terminal.Out, _certificate, answer.Body);
        }

        return ExitCodes.Success;
    }

    private static VProtectException Unknown(JsonElement settings, string name) => new(
        ErrorCode.ObjectUnknown, ErrorSide.Request, $"There is no setting '{name}'.", $"There are: {string.Join(", ", Flat(settings, "").Select(pair => pair.Name))}.");
}
