using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect api METHOD PATH</c>: any call of the API, for what has no verb of its own.</summary>
internal static class ApiVerb
{
    public static Verb New(ClientVerbs verbs)
    {
        var method = new Argument<string>("METHOD") { Description = "GET, POST, PUT or DELETE." };
        method.AcceptOnlyFromAmong("GET", "POST", "PUT", "DELETE", "get", "post", "put", "delete");
        var path = new Argument<string>("PATH") { Description = "Below /api, with its query." };
        var body = new Option<string?>("--body", "-b") { Description = "The body.", HelpName = "JSON" };
        var from = new Option<string?>("--from") { Description = "File that holds the body; - for standard input.", HelpName = "FILE" };
        var header = new Option<string[]>("--header", "-H") { Description = "A further header, such as 'If-Match: \"3\"'. May be given several times.", HelpName = "HEADER" };
        var verb = new Verb("api", "Makes any call of the API, and prints the answer.") { method, path, body, from, header };
        return verbs.Alone(verbs.Doing(
            verb.WithExamples(
                ("vprotect api GET /virtual-machines", "the machines, as JSON"),
                ("vprotect api GET '/tasks?state=RUNNING&size=5'", "with a query"),
                ("vprotect api POST /tasks/inventory-sync --from request.json", "with a body from a file")),
            async (client, cancellationToken) =>
            {
                string target = client.Parsed.GetRequiredValue(path);
                target = target.StartsWith("/api/", StringComparison.Ordinal) ? target[4..] : target.StartsWith('/') ? target : "/" + target;
                (string, string)[] headers = [.. (client.Parsed.GetValue(header) ?? []).Select(HeaderOf)];
                ApiAnswer answer = await client.Api.SendAsync(
                    new HttpMethod(client.Parsed.GetRequiredValue(method).ToUpperInvariant()), target, BodyOf(client), headers, cancellationToken);
                if (answer.Text.Length > 0)
                {
                    client.Terminal.Out.WriteLine(client.IsJson || client.Terminal.Width is null ? answer.Text : Indented(answer.Body));
                }
                else if (client.IsJson)
                {
                    client.WriteJson("");
                }

                return ExitCodes.Success;
            }));

        JsonNode? BodyOf(ClientInvocation client)
        {
            if (client.Parsed.GetValue(body) is not { } typed)
            {
                return client.Parsed.GetValue(from) is { } file ? RequestBody.FromFile(client.Terminal, file) : null;
            }

            try
            {
                return JsonNode.Parse(typed);
            }
            catch (JsonException exception)
            {
                throw Invocation.BadArgument($"--body is no JSON: {exception.Message}", "Quote it for the shell, or write it to a file and name that with --from.");
            }
        }
    }

    private static (string Name, string Value) HeaderOf(string typed) => typed.Split(':', 2) is [var name, var value]
        ? (name.Trim(), value.Trim())
        : throw Invocation.BadArgument($"'{typed}' is no header.", "Write it as 'Name: value'.");

    private static string Indented(JsonElement body)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            body.WriteTo(writer);
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
