using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client;

/// <summary>What verbs that queue work have in common: its options, the request with a key against doing it twice, and the wait for its end.</summary>
internal sealed class TaskStarting
{
    private readonly Option<bool> _wait = new("--wait", "-W") { Description = "Wait for the end, with progress; the exit code tells the outcome." };

    private readonly Option<string?> _key = new("--idempotency-key")
    {
        Description = "Word of your own by which the server knows this request: given again, it makes nothing new.",
        HelpName = "WORD",
    };

    /// <summary>Adds the options.</summary>
    public TaskStarting(Verb verb)
    {
        verb.Options.Add(_wait);
        verb.Options.Add(_key);
        foreach (Field field in Common)
        {
            verb.Options.Add(field.Option);
        }
    }

    private Field[] Common { get; } =
    [
        Field.Number("--priority", "priority", "0 to 100; 50 otherwise."),
        Field.Number("--retries", "retryCount", "How often it is tried again after a failure that may pass."),
        Field.Moment("--not-before", "windowStart", "Begin then or later."),
        Field.Moment("--not-after", "windowEnd", "Begin before then, or not at all."),
    ];

    /// <summary>Queues work.</summary>
    /// <param name="client">Of whom.</param>
    /// <param name="path">What work.</param>
    /// <param name="body">The request; options are added.</param>
    /// <param name="cancellationToken">Stops waiting, not the work.</param>
    public async Task<int> RunAsync(ClientInvocation client, string path, JsonObject body, CancellationToken cancellationToken)
    {
        await RequestBody.ApplyAsync(client, Common, body, cancellationToken);
        ApiAnswer answer = await client.Api.CreateAsync(path, body, client.Parsed.GetValue(_key), cancellationToken);
        JsonElement[] tasks = answer.Body.ValueKind == JsonValueKind.Array ? [.. answer.Body.Items("")] : [answer.Body];
        if (client.Parsed.GetValue(_wait) && tasks.Length > 0)
        {
            return await TaskWaiting.RunAsync(client, tasks, cancellationToken);
        }

        foreach (JsonElement task in tasks)
        {
            client.Say($"Queued {TaskText.Of(task)}: task {task.ShortId()}.");
        }

        if (client.IsJson)
        {
            client.WriteJson(answer.Text);
        }
        else if (tasks.Length > 0)
        {
            client.Note($"Follow it with: vprotect task wait {string.Join(' ', tasks.Take(5).Select(task => task.ShortId()))}");
        }

        return ExitCodes.Success;
    }
}
