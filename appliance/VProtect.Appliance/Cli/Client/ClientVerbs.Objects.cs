using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client;

/// <summary>The verbs that every kind of object has: list, show, create, update, delete.</summary>
internal sealed partial class ClientVerbs
{
    private const int RowsByDefault = 100;

    /// <summary><c>list</c>: a table, or with --json the API's array.</summary>
    /// <param name="resource">What.</param>
    /// <param name="description">A sentence.</param>
    /// <param name="filters">Parameters of the query.</param>
    /// <param name="examples">For help.</param>
    public Verb List(Resource resource, string description, IReadOnlyList<Field> filters, params (string, string)[] examples) =>
        List(resource, description, filters, "list", examples);

    /// <summary>As above, by another name.</summary>
    public Verb List(Resource resource, string description, IReadOnlyList<Field> filters, string verbName, params (string, string)[] examples)
    {
        var filter = new Option<string?>("--filter", "-f") { Description = "Only those whose name contains this.", HelpName = "TEXT" };
        var orderBy = new Option<string?>("--order-by") { Description = "Member to sort by, as the API calls it; a dash before it turns the order round.", HelpName = "MEMBER" };
        var limit = new Option<int?>("--limit", "-n") { Description = $"Rows at most; 0 for all. Otherwise {RowsByDefault} in a table, and all with --json.", HelpName = "N" };
        var watch = new Option<bool>("--watch", "-w") { Description = "Show it again whenever something changes, until Ctrl-C." };
        var verb = new Verb(verbName, description) { limit, watch };
        if (!resource.GoesByBefore)
        {
            verb.Options.Add(filter);
            verb.Options.Add(orderBy);
        }

        return Doing(With(verb.WithExamples(examples), filters), async (client, cancellationToken) =>
        {
            ParseResult parsed = client.Parsed;
            List<(string, string?)> parameters = [];
            if (!resource.GoesByBefore)
            {
                string? order = parsed.GetValue(orderBy);
                parameters.Add(("filter", parsed.GetValue(filter)));
                parameters.Add(("orderBy", order?.TrimStart('-')));
                parameters.Add(("direction", order is null ? null : order.StartsWith('-') ? "desc" : "asc"));
            }

            parameters.AddRange(await ParametersAsync(client, filters, cancellationToken));

            int rows = parsed.GetValue(limit) ?? (client.IsJson ? 0 : RowsByDefault);
            async Task<Action<TextWriter>> Fetch(CancellationToken token)
            {
                ObjectList list = await ObjectList.ReadAsync(client.Api, resource, parameters, rows, token);
                return writer => WriteList(client, writer, resource, list);
            }

            return await ShowOrWatchAsync(client, parsed.GetValue(watch), Fetch, cancellationToken);
        });
    }

    /// <summary><c>show NAME</c>.</summary>
    public Verb Show(Resource resource, string description, params (string, string)[] examples) => Show(resource, description, also: null, examples);

    /// <summary>As above; <paramref name="also"/> writes what lies beside the object, below it.</summary>
    public Verb Show(Resource resource, string description, Func<ClientInvocation, JsonElement, CancellationToken, Task>? also, params (string, string)[] examples)
    {
        Argument<string> name = ObjectArgument.New(this, resource, resource.NameMember is null ? "ID" : "NAME");
        return Doing(new Verb("show", description) { name }.WithExamples(examples), async (client, cancellationToken) =>
        {
            JsonElement item = await ObjectNames.FindAsync(client.Api, resource, client.Parsed.GetRequiredValue(name), cancellationToken);
            if (resource.HasSingle)
            {
                item = (await client.Api.GetAsync(resource.PathOf(ObjectNames.GuidOf(item)), cancellationToken)).Body;
            }

            if (client.IsJson)
            {
                client.WriteJson(item.GetRawText());
                return ExitCodes.Success;
            }

            Table.WriteOne(client.Terminal.Out, [.. resource.Details, Column.Text("guid", "guid")], item);
            if (also is not null)
            {
                await also(client, item, cancellationToken);
            }

            return ExitCodes.Success;
        });
    }

    /// <summary><c>create</c> or <c>add</c>.</summary>
    /// <param name="verbName">How it is called.</param>
    /// <param name="resource">What.</param>
    /// <param name="description">A sentence.</param>
    /// <param name="fields">Members of the request.</param>
    /// <param name="complete">Fills in what follows from the rest; null for nothing.</param>
    /// <param name="told">Writes what only this answer tells, such as a token; null for nothing.</param>
    /// <param name="examples">For help.</param>
    public Verb Create(
        string verbName, Resource resource, string description, IReadOnlyList<Field> fields, Action<JsonObject>? complete,
        Action<ClientInvocation, JsonElement>? told, params (string, string)[] examples)
    {
        Option<string?> from = NewFrom();
        var name = new Argument<string?>("NAME") { Description = "Name to give it.", Arity = ArgumentArity.ZeroOrOne };
        var verb = new Verb(verbName, description) { from };
        if (resource.NameMember is not null)
        {
            verb.Arguments.Add(name);
        }

        return Doing(With(verb.WithExamples(examples), fields), async (client, cancellationToken) =>
        {
            JsonObject body = client.Parsed.GetValue(from) is { } file ? RequestBody.FromFile(client.Terminal, file) : [];
            if (resource.NameMember is { } member && client.Parsed.GetValue(name) is { } given)
            {
                body[member] = given;
            }

            await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
            complete?.Invoke(body);
            ApiAnswer answer = await client.Api.CreateAsync(resource.Path, body, key: null, cancellationToken);
            if (client.IsJson)
            {
                client.WriteJson(answer.Text);
                return ExitCodes.Success;
            }

            client.Say($"Made {resource.Title(answer.Body)}.");
            told?.Invoke(client, answer.Body);
            return ExitCodes.Success;
        });
    }

    /// <summary><c>update NAME</c>: reads the object, puts what was typed on top, and sends it back if nobody changed it meanwhile.</summary>
    public Verb Update(Resource resource, string description, IReadOnlyList<Field> fields, params (string, string)[] examples) =>
        Change("update", resource, description, guid => resource.PathOf(guid), fields, examples);

    /// <summary>As above for a part of an object that has a path of its own.</summary>
    public Verb Change(string verbName, Resource resource, string description, Func<string, string> path, IReadOnlyList<Field> fields, params (string, string)[] examples)
    {
        Option<string?> from = NewFrom();
        Argument<string> name = ObjectArgument.New(this, resource);
        return Doing(With(new Verb(verbName, description) { name, from }.WithExamples(examples), fields), async (client, cancellationToken) =>
        {
            JsonElement found = await ObjectNames.FindAsync(client.Api, resource, client.Parsed.GetRequiredValue(name), cancellationToken);
            string guid = ObjectNames.GuidOf(found);
            ApiAnswer before = await client.Api.GetAsync(resource.PathOf(guid), cancellationToken);
            JsonObject body = client.Parsed.GetValue(from) is { } file ? RequestBody.FromFile(client.Terminal, file) : resource.IsWrittenWhole ? JsonObject.Create(before.Body)! : [];
            if (await RequestBody.ApplyAsync(client, fields, body, before.Body, cancellationToken) == 0 && client.Parsed.GetValue(from) is null)
            {
                throw Invocation.BadArgument("Nothing to change was named.", $"See 'vprotect {resource.ListVerb.Split(' ')[0]} {verbName} --help'.");
            }

            ApiAnswer answer = await client.Api.UpdateAsync(path(guid), body, before.Version, cancellationToken);
            return Answer(client, answer, $"Changed {resource.Title(before.Body)}.");
        });
    }

    /// <summary><c>delete NAME...</c> or <c>remove</c>: all are found before the first is touched.</summary>
    /// <param name="verbName">How it is called.</param>
    /// <param name="resource">What.</param>
    /// <param name="description">A sentence.</param>
    /// <param name="warning">What is lost; asked about first. Null when nothing is.</param>
    /// <param name="examples">For help.</param>
    public Verb Delete(string verbName, Resource resource, string description, string? warning, params (string, string)[] examples)
    {
        Argument<string[]> names = ObjectArgument.NewList(this, resource, resource.NameMember is null ? "ID" : "NAME");
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var verb = new Verb(verbName, description) { names };
        if (warning is not null)
        {
            verb.Options.Add(yes);
        }

        return Doing(verb.WithExamples(examples), async (client, cancellationToken) =>
        {
            List<JsonElement> items = [];
            foreach (string typed in client.Parsed.GetRequiredValue(names))
            {
                items.Add(await ObjectNames.FindAsync(client.Api, resource, typed, cancellationToken));
            }

            if (warning is not null && !client.Parsed.GetValue(yes))
            {
                Confirm(client.Terminal, string.Join(", ", items.Select(resource.Title)), warning);
            }

            foreach (JsonElement item in items)
            {
                await client.Api.DeleteAsync(resource.PathOf(ObjectNames.GuidOf(item)), version: null, cancellationToken);
                client.Say($"{Past(verbName)} {resource.Title(item)}.");
            }

            if (client.IsJson)
            {
                client.WriteJson(new JsonArray([.. items.Select(item => (JsonNode?)JsonValue.Create(ObjectNames.GuidOf(item)))]).ToJsonString());
            }

            return ExitCodes.Success;
        });
    }

    /// <summary>The connection of a completion, which has no invocation.</summary>
    public ClientInvocation NewInvocation(ParseResult parsed) => new(new Invocation(parsed, common, terminal), Options);

    /// <summary>Writes an answer with --json, else a sentence.</summary>
    public static int Answer(ClientInvocation client, ApiAnswer answer, string sentence)
    {
        if (client.IsJson)
        {
            client.WriteJson(answer.Text);
        }
        else
        {
            client.Say(sentence);
        }

        return ExitCodes.Success;
    }

    /// <summary>Writes a table, or with --json the array.</summary>
    public static void WriteList(ClientInvocation client, TextWriter writer, Resource resource, ObjectList list)
    {
        if (client.IsJson)
        {
            writer.WriteLine($"[{string.Join(",", list.Rows.Select(row => row.GetRawText()))}]");
        }
        else if (list.Rows.Count == 0)
        {
            Remark($"There is no {resource.Noun}.");
        }
        else
        {
            Table.Write(writer, resource.Columns, list.Rows, client.Terminal.Width);
            if (list.Total > list.Rows.Count)
            {
                Remark($"{list.Rows.Count} of {list.Total} are shown; --limit 0 shows all.");
            }
        }

        // What is drawn again and again has its remarks within it.
        void Remark(string text)
        {
            if (writer == client.Terminal.Out)
            {
                client.Note(text);
            }
            else
            {
                writer.WriteLine(text);
            }
        }
    }

    /// <summary>Asks before something is lost.</summary>
    public static void Confirm(Terminal terminal, string what, string warning)
    {
        if (!terminal.IsInputTerminal)
        {
            throw Invocation.BadArgument($"{what}: {warning}", "Add --yes when that is meant.");
        }

        terminal.Error.WriteLine($"{what}: {warning}");
        if (terminal.ReadLine("Type yes to go on")?.Trim() != "yes")
        {
            throw Invocation.BadArgument("Nothing was done.", "");
        }
    }

    private static Option<string?> NewFrom() => new("--from") { Description = "File with a JSON object of the API to start from, - for standard input; options change it.", HelpName = "FILE" };

    /// <summary>Shows what the server tells, once or until Ctrl-C.</summary>
    public static async Task<int> ShowOrWatchAsync(
        ClientInvocation client, bool watches, Func<CancellationToken, Task<Action<TextWriter>>> fetch, CancellationToken cancellationToken)
    {
        if (watches)
        {
            return await Watching.RunAsync(client, fetch, cancellationToken);
        }

        (await fetch(cancellationToken))(client.Terminal.Out);
        return ExitCodes.Success;
    }

    /// <summary>Fields as parameters of a query; null where an option was not given.</summary>
    public static async Task<List<(string Name, string? Value)>> ParametersAsync(ClientInvocation client, IEnumerable<Field> fields, CancellationToken cancellationToken)
    {
        List<(string, string?)> parameters = [];
        foreach (Field field in fields)
        {
            parameters.Add((field.Member, ParameterOf(await field.ReadAsync(client, cancellationToken))));
        }

        return parameters;
    }

    private static string Past(string verbName) => verbName switch
    {
        "remove" => "Removed",
        "revoke" => "Took back",
        _ => "Deleted",
    };

    private static string? ParameterOf(JsonNode? value) => value switch
    {
        null => null,
        JsonArray items => string.Join(",", items.Select(ParameterOf)),
        _ => value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString(),
    };
}
