using System.CommandLine;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect telemetry …</c>: where metrics, spans of tasks and the log are sent by OpenTelemetry's protocol.</summary>
internal static class TelemetryVerbs
{
    private const string Path = "/telemetry";

    private static readonly Column[] _details =
    [
        Column.Text("active", "active"), Column.Text("receiver", "endpoint"), Column.Text("headers known", "hasHeaders"), Column.Text("metrics", "metrics"),
        Column.Text("metrics every (ms)", "metricsInterval"), Column.Text("traces", "traces"), Column.Text("logs", "logs"), Column.Time("taken (UTC)", "sentAt"), Column.Text("amiss", "finding"),
        Column.Text("log lines lost", "droppedLogLines"),
    ];

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "telemetry", "Where metrics, spans of tasks and the log are sent (OTLP over HTTP).", NewShow(verbs), NewSet(verbs), NewCheck(verbs));

    private static Verb NewShow(ClientVerbs verbs) => verbs.Doing(
        new Verb("show", "Shows where telemetry is sent, and how that goes.").WithExamples(("vprotect telemetry show", "is it taken?")),
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
            Field.Flag("--active", "active", "Whether anything is sent."), Field.Text("--endpoint", "endpoint", "https://HOST:PORT of the receiver, without /v1/metrics.", "URL"),
            Field.Duration("--metrics-interval", "metricsInterval", "Metrics are sent this often."), Field.Flag("--metrics", "metrics", "Whether metrics are sent."),
            Field.FileText("--authorities", "authorities", "File with certificates (PEM) of authorities that vouch for it. Otherwise those of the server's operating system."), Field.Flag("--traces", "traces", "Whether a span is sent of each task that has ended."), Field.Flag("--logs", "logs", "Whether the log is sent."),
        ];
        var headers = new Option<string?>("--headers-file") { Description = "File with headers that are sent along, 'Name: value' on each line; an empty file for none. They are kept sealed.", HelpName = "FILE" };
        Verb verb = ClientVerbs.With(new Verb("set", "Changes where telemetry is sent, and what; what is not given stays.") { headers }, fields);
        return verbs.Doing(
            verb.WithExamples(
                ("vprotect telemetry set --active --endpoint https://otlp.example.org:4318 --headers-file headers", "with a header 'Authorization: Bearer …'"),
                ("vprotect telemetry set --logs false --metrics-interval 15s", "no log, and metrics more often"), ("vprotect telemetry set --active false", "nothing any more")),
            async (client, cancellationToken) =>
            {
                JsonObject body = [];
                await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
                if (client.Parsed.GetValue(headers) is { } file)
                {
                    body["headers"] = HeadersOf(ClientSecrets.WholeFile(file));
                }

                return ClientVerbs.Answer(client, await client.Api.UpdateAsync(Path, body, version: null, cancellationToken), "It holds now. Try it with: vprotect telemetry check");
            });
    }

    private static Verb NewCheck(ClientVerbs verbs) => verbs.Doing(
        new Verb("check", "Tries whether the receiver is reached, trusted, and takes each kind that is sent; the exit code says it too.").WithExamples(("vprotect telemetry check", "after a change")),
        async (client, cancellationToken) =>
        {
            ApiAnswer answer = await client.Api.SendAsync(HttpMethod.Post, Path + "/check", body: null, [], cancellationToken);
            bool works = answer.Body.IsTrue("works");
            ClientVerbs.Answer(client, answer, works ? "The receiver takes what is sent." : $"The receiver does not work: {answer.Body.Text("finding")}");
            return works ? ExitCodes.Success : ExitCodes.UnexpectedFailure;
        });

    private static JsonObject HeadersOf(string text)
    {
        JsonObject headers = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            headers[line.Split(':', 2) is [{ Length: > 0 } name, var value] ? name.Trim() : throw Invocation.BadArgument("A line of the file is no header.", "Write each as 'Name: value'.")] = value.Trim();
        }

        return headers;
    }
}
