using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>An option that sets a member of a request's body, or a parameter of a query.</summary>
internal sealed class Field
{
    private readonly Func<ClientInvocation, CancellationToken, Task<JsonNode?>> _read;

    private Field(Option option, string member, Func<ClientInvocation, CancellationToken, Task<JsonNode?>> read)
    {
        Option = option;
        Member = member;
        _read = read;
    }

    public Option Option { get; }

    /// <summary>Dotted path of the member.</summary>
    public string Member { get; }

    /// <summary>Whether the request makes no sense without it.</summary>
    public bool IsRequired
    {
        get => Option.Required;
        private init => Option.Required = value;
    }

    /// <summary>The value, or null when the option was not given.</summary>
    public Task<JsonNode?> ReadAsync(ClientInvocation client, CancellationToken cancellationToken) => _read(client, cancellationToken);

    public static Field Text(string name, string member, string description, string help = "TEXT", bool required = false)
    {
        Option<string?> option = NewOption<string?>(name, description, help);
        return new Field(option, member, (client, _) => Result(client.Parsed.GetValue(option) is { } text ? JsonValue.Create(text) : null)) { IsRequired = required };
    }

    public static Field Texts(string name, string member, string description, string help = "TEXT")
    {
        Option<string[]> option = NewOption<string[]>(name, description + " May be given several times.", help);
        return new Field(option, member, (client, _) => Result(client.Parsed.GetValue(option) is { Length: > 0 } texts ? ArrayOf(texts) : null));
    }

    /// <summary>What is in a file.</summary>
    public static Field FileText(string name, string member, string description)
    {
        Option<string?> option = NewOption<string?>(name, description, "FILE");
        return new Field(option, member, (client, _) => Result(client.Parsed.GetValue(option) is { } file ? JsonValue.Create(ClientSecrets.WholeFile(file)) : null));
    }

    public static Field Number(string name, string member, string description, string help = "N")
    {
        Option<long?> option = NewOption<long?>(name, description, help);
        return new Field(option, member, (client, _) => Result(client.Parsed.GetValue(option) is { } number ? JsonValue.Create(number) : null));
    }

    public static Field Size(string name, string member, string description)
    {
        Option<string?> option = NewOption<string?>(name, description, "SIZE");
        return new Field(option, member, (client, _) => Result(Parsed(client, option, typed =>
            SizeText.TryParse(typed, out long bytes) ? JsonValue.Create(bytes) : null, "Write it as 500M, 64G or 2T.")));
    }

    /// <summary><c>--active</c>, or <c>--active false</c>.</summary>
    public static Field Flag(string name, string member, string description)
    {
        var option = new Option<bool?>(name) { Description = description, HelpName = "true|false", Arity = ArgumentArity.ZeroOrOne };
        return new Field(option, member, (client, _) => Result(
            client.Parsed.GetResult(option) is null ? null : JsonValue.Create(client.Parsed.GetValue(option) ?? true)));
    }

    /// <summary>One of the API's words; typed in any case, with dashes or underscores.</summary>
    public static Field Word(string name, string member, string description, params string[] words)
    {
        Option<string?> option = NewOption<string?>(name, $"{description}: {string.Join(", ", words.Select(Typed))}.", "WORD");
        option.CompletionSources.Add([.. words.Select(Typed)]);
        return new Field(option, member, (client, _) => Result(Parsed(client, option, typed => WordOf(typed, words), $"It may be one of: {string.Join(", ", words.Select(Typed))}.")));
    }

    /// <summary>Several of the API's words.</summary>
    public static Field Words(string name, string member, string description, params string[] words)
    {
        Option<string[]> option = NewOption<string[]>(name, $"{description}: {string.Join(", ", words.Select(Typed))}. Several with commas between.", "WORDS");
        option.CompletionSources.Add([.. words.Select(Typed)]);
        return new Field(option, member, (client, _) =>
        {
            string[] typed = [.. (client.Parsed.GetValue(option) ?? []).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
            return Result(typed.Length == 0 ? null : new JsonArray([.. typed.Select(word => WordOf(word, words)
                ?? throw Bad(option, word, $"It may be one of: {string.Join(", ", words.Select(Typed))}."))]));
        });
    }

    /// <summary>Another object, by name or guid.</summary>
    public static Field Reference(ClientVerbs verbs, string name, string member, Resource resource, string description, bool required = false, bool bare = false)
    {
        Option<string?> option = NewOption<string?>(name, description, "NAME");
        option.CompletionSources.Add(context => ObjectArgument.Complete(verbs, resource, context));
        return new Field(option, member, async (client, cancellationToken) => client.Parsed.GetValue(option) is not { } typed ? null
            : bare ? JsonValue.Create(ObjectNames.GuidOf(await ObjectNames.FindAsync(client.Api, resource, typed, cancellationToken)))
            : await ReferenceAsync(client, resource, typed, cancellationToken))
        { IsRequired = required };
    }

    /// <summary>Several other objects.</summary>
    public static Field References(ClientVerbs verbs, string name, string member, Resource resource, string description)
    {
        Option<string[]> option = NewOption<string[]>(name, description + " May be given several times.", "NAME");
        option.CompletionSources.Add(context => ObjectArgument.Complete(verbs, resource, context));
        return new Field(option, member, async (client, cancellationToken) =>
        {
            if (client.Parsed.GetValue(option) is not { Length: > 0 } names)
            {
                return null;
            }

            var references = new JsonArray();
            foreach (string typed in names)
            {
                references.Add(await ReferenceAsync(client, resource, typed, cancellationToken));
            }

            return references;
        });
    }

    /// <summary>A moment: a date, a date with a time (UTC unless it says otherwise), or how long from now (<c>90d</c>).</summary>
    public static Field Moment(string name, string member, string description)
    {
        Option<string?> option = NewOption<string?>(name, description, "TIME");
        return new Field(option, member, (client, _) => Result(Parsed(client, option, typed =>
            DurationText.TryParse(typed, out TimeSpan span) ? JsonValue.Create(DateTimeOffset.UtcNow.Add(span).ToUnixTimeMilliseconds())
            : DateTimeOffset.TryParse(typed, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment)
                ? JsonValue.Create(moment.ToUnixTimeMilliseconds()) : null,
            "Write it as 2026-12-31, '2026-12-31 22:00' (UTC), or how long from now: 12h, 90d.")));
    }

    /// <summary>A time of the day, sent as milliseconds since midnight.</summary>
    public static Field Clock(string name, string member, string description)
    {
        Option<string?> option = NewOption<string?>(name, description, "HH:MM");
        return new Field(option, member, (client, _) => Result(Parsed(client, option, typed =>
            TimeSpan.TryParseExact(typed, [@"h\:mm", @"hh\:mm", @"hh\:mm\:ss"], CultureInfo.InvariantCulture, out TimeSpan time) && time < TimeSpan.FromDays(1)
                ? JsonValue.Create((long)time.TotalMilliseconds) : null,
            "Write it as 22:30.")));
    }

    /// <summary>How long, sent as milliseconds.</summary>
    public static Field Duration(string name, string member, string description)
    {
        Option<string?> option = NewOption<string?>(name, description, "DURATION");
        return new Field(option, member, (client, _) => Result(Parsed(client, option, typed =>
            DurationText.TryParse(typed, out TimeSpan span) ? JsonValue.Create((long)span.TotalMilliseconds) : null, DurationText.Form)));
    }

    /// <summary>A password or key: from a file, from standard input (<c>-</c>), or asked for.</summary>
    /// <param name="name">Option that names the file.</param>
    /// <param name="member">Of the body.</param>
    /// <param name="question">Asked when the option is missing and a person is there; null to go without.</param>
    /// <param name="isNew">Whether it is typed twice.</param>
    /// <param name="unless">Another option that makes the question needless; null for none.</param>
    public static Field Secret(string name, string member, string? question, bool isNew = false, string? unless = null)
    {
        Option<string?> option = NewOption<string?>(name, $"File that holds the {(question ?? "password").ToLowerInvariant()}; - for standard input.{(question is null ? "" : " Otherwise you are asked.")}", "FILE");
        return new Field(option, member, (client, _) => Result(
            client.Parsed.GetValue(option) is { } file ? JsonValue.Create(ClientSecrets.FromFile(client.Terminal, file))
            : question is not null && client.Terminal.IsInputTerminal && (unless is null || client.Parsed.GetResult(unless) is null) ? JsonValue.Create(ClientSecrets.Ask(client.Terminal, question, isNew)) : null));
    }

    /// <summary>A secret that is a whole file, such as a private key.</summary>
    public static Field SecretText(string name, string member, string description)
    {
        Option<string?> option = NewOption<string?>(name, description, "FILE");
        return new Field(option, member, (client, _) => Result(client.Parsed.GetValue(option) is { } file ? JsonValue.Create(ClientSecrets.WholeFile(file)) : null));
    }

    /// <summary><c>NAME=VALUE</c> pairs of an object; values are JSON where they look like it, else text.</summary>
    public static Field Pairs(string name, string member, string description)
    {
        Option<string[]> option = NewOption<string[]>(name, description + " May be given several times.", "NAME=VALUE");
        return new Field(option, member, (client, _) =>
        {
            var pairs = new JsonObject();
            foreach (string typed in client.Parsed.GetValue(option) ?? [])
            {
                pairs[typed.Split('=', 2) is [{ Length: > 0 } key, _] ? key : throw Bad(option, typed, "Write it as NAME=VALUE.")] = ValueOf(typed.Split('=', 2)[1]);
            }

            return Result(pairs.Count == 0 ? null : pairs);
        });
    }

    private static JsonNode? ValueOf(string typed)
    {
        try
        {
            return JsonNode.Parse(typed);
        }
        catch (JsonException)
        {
            return JsonValue.Create(typed);
        }
    }

    private static string Typed(string word) => word.Replace('_', '-').ToLowerInvariant();

    private static JsonValue? WordOf(string typed, string[] words) =>
        words.FirstOrDefault(word => Typed(word) == Typed(typed)) is { } word ? JsonValue.Create(word) : null;

    private static async Task<JsonNode?> ReferenceAsync(ClientInvocation client, Resource resource, string typed, CancellationToken cancellationToken)
    {
        JsonElement found = await ObjectNames.FindAsync(client.Api, resource, typed, cancellationToken);
        return new JsonObject { ["guid"] = ObjectNames.GuidOf(found) };
    }

    private static JsonArray ArrayOf(string[] texts) => new([.. texts.Select(text => (JsonNode?)JsonValue.Create(text))]);

    private static JsonNode? Parsed(ClientInvocation client, Option<string?> option, Func<string, JsonNode?> parse, string form) =>
        client.Parsed.GetValue(option) is { } typed ? parse(typed) ?? throw Bad(option, typed, form) : null;

    private static Abstractions.VProtectException Bad(Option option, string typed, string form) =>
        Invocation.BadArgument($"{option.Name}: '{typed}' is not understood.", form);

    private static Option<T> NewOption<T>(string name, string description, string help) => new(name) { Description = description, HelpName = help };

    private static Task<JsonNode?> Result(JsonNode? value) => Task.FromResult(value);
}
