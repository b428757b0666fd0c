using System.Collections.Concurrent;
using System.Threading.Channels;
using VProtect.Abstractions;

namespace VProtect.Server.Tasks;

/// <summary>
/// What is done a little later, beside the caller and after its commit. Work under a name that already waits is not taken twice, so the queue is no longer
/// than there are names. A failure is logged; who needs certainty looks again in time.
/// </summary>
internal sealed partial class FollowUps(ILogger<FollowUps> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<string, byte> _waiting = new(StringComparer.Ordinal);
    private readonly Channel<(string Name, Func<CancellationToken, Task> Work)> _queue =
        System.Threading.Channels.Channel.CreateUnbounded<(string, Func<CancellationToken, Task>)>(new UnboundedChannelOptions { SingleReader = true });

    public void Post(string name, Func<CancellationToken, Task> work)
    {
        if (_waiting.TryAdd(name, 0))
        {
            _queue.Writer.TryWrite((name, work));
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach ((string name, Func<CancellationToken, Task> work) in _queue.Reader.ReadAllAsync(stoppingToken))
        {
            _waiting.TryRemove(name, out _);
            _ = RunAsync(name, work, stoppingToken);
        }
    }

    private async Task RunAsync(string name, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        try
        {
            await work(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (VProtectException failure)
        {
            Log.Failed(logger, name, failure.Message);
        }
        catch (ObjectDisposedException) when (stoppingToken.IsCancellationRequested)
        {
            // The same, a moment later.
        }
        catch (Exception unexpected)
        {
            Log.Unexpected(logger, unexpected, name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5307, LogLevel.Warning, "{Name} failed: {Problem}")]
        public static partial void Failed(ILogger logger, string name, string problem);

        [LoggerMessage(5308, LogLevel.Error, "{Name} failed unexpectedly")]
        public static partial void Unexpected(ILogger logger, Exception exception, string name);
    }
}
