using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Appliance.Cli.Client.Connection;

/// <summary>What the server tells of changes: <c>/api/events</c>.</summary>
internal static class EventStream
{
    /// <summary>Events as they come; ends when the server, or the way to it, does.</summary>
    public static async IAsyncEnumerable<SseItem<string>> ReadAsync(ApiClient api, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await api.OpenStreamAsync("/events", cancellationToken);
        await using Stream stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            yield return item;
        }
    }

    /// <summary>Raises a signal at every event, until the stream ends. A server without events, or a broken line, is no failure: who waits asks again by the clock.</summary>
    public static async Task SignalAsync(ApiClient api, SemaphoreSlim signal, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (SseItem<string> _ in ReadAsync(api, cancellationToken))
            {
                // One raised signal is enough: who wakes looks at everything.
                if (signal.CurrentCount == 0)
                {
                    signal.Release();
                }
            }
        }
        catch (Exception exception) when (exception is VProtectException or IOException or HttpRequestException or OperationCanceledException)
        {
        }
    }
}
