using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>Puts a request's body together: a document, and what options say on top of it.</summary>
internal static class RequestBody
{
    /// <param name="client">Of whom.</param>
    /// <param name="fields">What options there are.</param>
    /// <param name="body">Changed in place.</param>
    /// <param name="before">The object as it is: a member that is changed within is sent with all that it holds. Undefined for a new one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many members were set.</returns>
    public static async Task<int> ApplyAsync(ClientInvocation client, IEnumerable<Field> fields, JsonObject body, JsonElement before, CancellationToken cancellationToken)
    {
        int set = 0;
        foreach (Field field in fields)
        {
            if (await field.ReadAsync(client, cancellationToken) is { } value)
            {
                string whole = field.Member.Split('.')[0];
                if (!body.ContainsKey(whole) && (whole != field.Member || value is JsonObject) && before.Member(whole) is { ValueKind: JsonValueKind.Object } present)
                {
                    body[whole] = JsonObject.Create(present);
                }

                Set(body, field.Member, value);
                set++;
            }
        }

        return set;
    }

    /// <summary>As above, for a request that makes something.</summary>
    public static Task<int> ApplyAsync(ClientInvocation client, IEnumerable<Field> fields, JsonObject body, CancellationToken cancellationToken) =>
        ApplyAsync(client, fields, body, before: default, cancellationToken);

    /// <summary>Reads a JSON object from a file; <c>-</c> is standard input.</summary>
    public static JsonObject FromFile(Terminal terminal, string file)
    {
        try
        {
            string text = file == "-" ? terminal.In.ReadToEnd() : File.ReadAllText(file);
            return JsonNode.Parse(text) as JsonObject ?? throw Invocation.BadArgument($"'{file}' holds no JSON object.", "Take one that --json shows as an example.");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{file}' cannot be used: {exception.Message}", "Name a file with a JSON object, or - for standard input.", RetryAdvice.Never, exception);
        }
    }

    /// <summary>Sets a member by its dotted path, making objects on the way.</summary>
    public static void Set(JsonObject body, string path, JsonNode? value)
    {
        string[] names = path.Split('.');
        foreach (string name in names[..^1])
        {
            if (body[name] is not JsonObject inner)
            {
                body[name] = inner = [];
            }

            body = inner;
        }

        // Pairs are added to those that there are; a reference takes the place of another.
        if (value is JsonObject pairs && body[names[^1]] is JsonObject before && !pairs.ContainsKey("guid"))
        {
            foreach ((string name, JsonNode? item) in pairs)
            {
                before[name] = item?.DeepClone();
            }

            return;
        }

        body[names[^1]] = value;
    }
}
