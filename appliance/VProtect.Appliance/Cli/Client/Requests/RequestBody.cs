using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;

namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>Puts a request's body together: a document, and what options say on top of it.</summary>
internal static class RequestBody
{
    /// <param name="client">Of whom.</param>
    /// <param name="fields">What options there are.</param>
    /// <param name="body">Changed in place.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many members were set.</returns>
    public static async Task<int> ApplyAsync(ClientInvocation client, IEnumerable<Field> fields, JsonObject body, CancellationToken cancellationToken)
    {
        int set = 0;
        foreach (Field field in fields)
        {
            if (await field.ReadAsync(client, cancellationToken) is { } value)
            {
                Set(body, field.Member, value);
                set++;
            }
        }

        return set;
    }

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

        body[names[^1]] = value;
    }
}
