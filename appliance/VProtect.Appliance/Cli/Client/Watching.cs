using System.Diagnostics;
using VProtect.Appliance.Cli.Client.Connection;

namespace VProtect.Appliance.Cli.Client;

/// <summary>
/// Shows something again whenever it has changed: 1 ask the server, 2 show it if it differs, 3 wait for an event, or for the clock where there are
/// none. On a terminal the picture stays in its place; otherwise each change is written below the one before.
/// </summary>
internal static class Watching
{
    private static readonly TimeSpan _pollInterval = TimeSpan.FromSeconds(2);

    /// <summary>With events, only what they may have missed is left to the clock.</summary>
    private static readonly TimeSpan _eventfulInterval = TimeSpan.FromSeconds(15);

    /// <summary>Events come in bursts.</summary>
    private static readonly TimeSpan _gather = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan _retryEvents = TimeSpan.FromSeconds(10);

    /// <param name="client">Of whom.</param>
    /// <param name="fetch">Asks the server, and gives what writes it.</param>
    /// <param name="cancellationToken">Ends it: that is how it is meant to end.</param>
    public static async Task<int> RunAsync(
        ClientInvocation client, Func<CancellationToken, Task<Action<TextWriter>>> fetch, CancellationToken cancellationToken)
    {
        using var signal = new SemaphoreSlim(0);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task listening = EventStream.SignalAsync(client.Api, signal, ending.Token);
        long listeningSince = Stopwatch.GetTimestamp();
        string shown = "";
        try
        {
            while (true)
            {
                // 1
                Action<TextWriter> write = await fetch(cancellationToken);
                var text = new StringWriter();
                write(text);

                // 2
                if (text.ToString() is var now && now != shown)
                {
                    Show(client, now, isFirst: shown.Length == 0);
                    shown = now;
                }

                // 3
                if (listening.IsCompleted && Stopwatch.GetElapsedTime(listeningSince) > _retryEvents)
                {
                    listening = EventStream.SignalAsync(client.Api, signal, ending.Token);
                    listeningSince = Stopwatch.GetTimestamp();
                }

                if (await signal.WaitAsync(listening.IsCompleted ? _pollInterval : _eventfulInterval, cancellationToken))
                {
                    await Task.Delay(_gather, cancellationToken);
                    await signal.WaitAsync(TimeSpan.Zero, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        finally
        {
            await ending.CancelAsync();
            await listening;
        }
    }

    private static void Show(ClientInvocation client, string text, bool isFirst)
    {
        TextWriter writer = client.Terminal.Out;
        if (client.IsJson || client.Terminal.Width is null)
        {
            writer.Write(isFirst || client.IsJson ? text : "\n" + text);
        }
        else
        {
            // Home, each line cleared to its end, and all below cleared: nothing flickers.
            writer.Write((isFirst ? "\u001b[2J\u001b[H" : "\u001b[H") + text.Replace("\n", "\u001b[K\n", StringComparison.Ordinal) + "\u001b[J");
        }

        writer.Flush();
    }
}
