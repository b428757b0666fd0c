using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client;

/// <summary>Waits until tasks have ended, with progress; the exit code tells how. Ctrl-C stops the wait, never the tasks.</summary>
internal static class TaskWaiting
{
    private static readonly TimeSpan _pollFirst = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _pollMax = TimeSpan.FromSeconds(1);

    /// <summary>A server that restarts is back by then, and goes on with its tasks.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    /// <param name="client">Of whom.</param>
    /// <param name="tasks">As the server told them.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Failed if one failed, else cancelled if one was, else success.</returns>
    public static async Task<int> RunAsync(ClientInvocation client, IReadOnlyList<JsonElement> tasks, CancellationToken cancellationToken)
    {
        JsonElement[] now = [.. tasks];
        try
        {
            await ProgressDisplay.RunAsync(client.Local, () => Sample(now), async () =>
            {
                await FollowAsync(client, now, cancellationToken);
                return true;
            });
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            string ids = string.Join(' ', now.Where(task => !TaskText.HasEnded(task)).Take(5).Select(task => task.ShortId()));
            throw new OperationCanceledException($"Stopped waiting; the work goes on. Cancel it with: vprotect task cancel {ids}", exception, cancellationToken);
        }

        if (client.IsJson)
        {
            client.WriteJson($"[{string.Join(",", now.Select(task => task.GetRawText()))}]");
        }

        int exitCode = ExitCodes.Success;
        foreach (JsonElement task in now)
        {
            exitCode = Tell(client, task) switch
            {
                ExitCodes.TaskFailed => ExitCodes.TaskFailed,
                ExitCodes.TaskCancelled when exitCode == ExitCodes.Success => ExitCodes.TaskCancelled,
                _ => exitCode,
            };
        }

        return exitCode;
    }

    private static async Task FollowAsync(ClientInvocation client, JsonElement[] tasks, CancellationToken cancellationToken)
    {
        TimeSpan pause = _pollFirst;
        long heardAt = Stopwatch.GetTimestamp();
        using var changed = new SemaphoreSlim(0);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task listening = EventStream.SignalAsync(client.Api, changed, ending.Token);
        try
        {
            while (!tasks.All(TaskText.HasEnded))
            {
                // Changes end the pause early. What they may have missed, or a server without events, is left to the clock.
                await Task.Delay(_pollFirst, cancellationToken);
                await changed.WaitAsync(pause - _pollFirst, cancellationToken);
                pause = pause * 2 < _pollMax ? pause * 2 : _pollMax;
                try
                {
                    for (int at = 0; at < tasks.Length; at++)
                    {
                        if (!TaskText.HasEnded(tasks[at]))
                        {
                            tasks[at] = (await client.Api.GetAsync($"/tasks/{ObjectNames.GuidOf(tasks[at])}", cancellationToken)).Body;
                        }
                    }

                    heardAt = Stopwatch.GetTimestamp();
                }
                catch (VProtectException exception) when (exception.Code == ErrorCode.ServerUnreachable && Stopwatch.GetElapsedTime(heardAt) < _patience)
                {
                    // Tasks outlive a restart of the server, and so does who waits for them.
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await listening;
        }
    }

    private static ProgressSample Sample(JsonElement[] tasks)
    {
        JsonElement[] running = [.. tasks.Where(task => !TaskText.HasEnded(task))];
        if (running.Length == 0)
        {
            return default;
        }

        long done = tasks.Sum(task => task.Number("bytesDone") ?? 0);
        bool isTotalKnown = tasks.All(task => task.Number("bytesTotal") is > 0 || TaskText.HasEnded(task));
        long total = isTotalKnown ? tasks.Sum(task => task.Number("bytesTotal") ?? task.Number("bytesDone") ?? 0) : 0;
        string step = tasks.Length == 1
            ? $"{Capital(TaskText.Of(tasks[0]))}, {StageOf(tasks[0])}"
            : string.Create(CultureInfo.InvariantCulture, $"{tasks.Length - running.Length} of {tasks.Length} tasks have ended");
        return new ProgressSample(step, done, total, done);
    }

    private static string StageOf(JsonElement task) =>
        task.Text("state") == "QUEUED" ? "waiting for its turn" : task.IsTrue("cancelRequested") ? "being cancelled" : task.Text("stage") ?? "running";

    private static int Tell(ClientInvocation client, JsonElement task)
    {
        string what = Capital(TaskText.Of(task));
        string took = TaskText.Took(task) is { } span ? $" after {SizeText.OfWhole(span)}" : "";
        switch (task.Text("state"))
        {
            case "FINISHED":
                string moved = task.Number("bytesDone") is > 0 and var bytes ? $", {SizeText.Of(bytes)} gone through" : "";
                client.Say($"{what} has finished{took}{moved}.");
                if (task.Number("warnings") is > 0 and var warnings)
                {
                    client.Local.Warn($"There {(warnings == 1 ? "was" : "were")} {Quantity.Of(warnings, "warning")}: vprotect task log {task.ShortId()}");
                }

                return ExitCodes.Success;
            case "CANCELLED":
                client.Terminal.Error.WriteLine($"{what} was cancelled{took}.{Sentence(task.Text("statusInfo"))}");
                return ExitCodes.TaskCancelled;
            default:
                client.Terminal.Error.WriteLine($"error: {what} failed{took}.{Sentence(task.Text("statusInfo"))}{(task.Text("errorCode") is { } code ? $" (code {code})" : "")}");
                client.Terminal.Error.WriteLine($"hint: {task.Text("guidance") ?? "Look at its log."} 'vprotect task log {task.ShortId()}' shows what it did.");
                return ExitCodes.TaskFailed;
        }
    }

    private static string Sentence(string? text) => text is null ? "" : " " + text;

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
