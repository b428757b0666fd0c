using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Mover;
using VProtect.Node.Channel;
using VProtect.Node.Execution;
using VProtect.Node.Mounts;
using VProtect.Node.Repositories;

namespace VProtect.Node;

/// <summary>
/// The node role: leases orders from the server, does them with connectors, mover and chunk index, and tells how they go.
/// <code>
///  server ──lease──► (1) order ──► (2) run ──► Execution/: one file for each kind of work ──► connectors, mover
///         ◄─report──────────────── (3) journal: stage, bytes, lines                              │
///         ──directive─► cancel, abandon                                                          ▼
///         ◄─complete── (5) outcomes ◄── (4) durable under StatePath ◄──────────────── result or fault
/// </code>
/// An outcome is told again and again until the server has it, by the next process too. One instance runs once.
/// </summary>
/// <param name="options">How it works.</param>
/// <param name="channel">The way to the server.</param>
/// <param name="factories">The platforms it has connectors for.</param>
/// <param name="loggers">Where it logs. No secret gets there.</param>
/// <param name="time">For dates and periods.</param>
/// <param name="files">Is told of the mounts; null where nobody browses them in this process.</param>
public sealed partial class NodeAgent(
    NodeOptions options, INodeChannel channel, IReadOnlyList<IConnectorFactory> factories, ILoggerFactory loggers, TimeProvider time, MountedFiles? files = null)
{
    /// <summary>Work that takes no slot (errands, inventory, snapshots) at once.</summary>
    private const int LightMax = 8;

    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = loggers.CreateLogger<NodeAgent>();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, OrderRun> _runs = new(StringComparer.Ordinal);
    private readonly Channel<bool> _ended = System.Threading.Channels.Channel.CreateUnbounded<bool>();
    private CancellationTokenSource? _asking;

    /// <summary>Works until it is cancelled. Then running orders are stopped and cleaned up, and told to the server as far as <see cref="NodeOptions.StopTimeMax"/> reaches.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.StatePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var repositories = new OpenRepositories(options, loggers.CreateLogger<OpenRepositories>(), time);
        using var outcomes = new OutcomeBook(Path.Combine(options.StatePath, "outcomes"), channel, loggers.CreateLogger<OutcomeBook>(), time);
        using var slots = new SemaphoreSlim(Math.Clamp(options.SlotsMax, 1, 64));
        await using var mounts = new MountBook(options, repositories, loggers, time);
        mounts.CleanUp();
        files?.Follow(mounts);
        var workshop = new Workshop(options, factories, repositories, mounts, slots, loggers.CreateLogger<Workshop>(), time);
        using var stop = new CancellationTokenSource();
        Task telling = outcomes.TellAsync(stop.Token);
        Task stopping = ObeyStopsAsync(stop.Token);
        Log.Started(_logger, options.NodeGuid, ProductVersion.Text, string.Join(", ", PlatformsNow()));
        foreach (IConnectorFactory factory in factories.Where(factory => factory.Missing is not null))
        {
            Log.PlatformMissing(_logger, factory.Platform, factory.Missing!);
        }

        try
        {
            await LeaseAsync(workshop, outcomes, mounts, cancellationToken);
        }
        finally
        {
            files?.Follow(null);
            await StopAsync(outcomes);
            await stop.CancelAsync();
            await telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await stopping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Log.Stopped(_logger, options.NodeGuid);
        }
    }

    /// <summary>:: 1. One lease waits at a time.</summary>
    private async Task LeaseAsync(Workshop workshop, OutcomeBook outcomes, MountBook mounts, CancellationToken cancellationToken)
    {
        TimeSpan pause = PauseMin;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                while (RunCount() >= Math.Clamp(options.SlotsMax, 1, 64) + LightMax)
                {
                    await _ended.Reader.ReadAsync(cancellationToken);
                }

                long asked = time.GetTimestamp();
                TaskOrder? order = await AskAsync(outcomes, mounts, cancellationToken);
                pause = PauseMin;
                if (order is not null)
                {
                    if (order.Settings is { } settings)
                    {
                        workshop.Heed(settings);
                    }

                    Begin(order, workshop, outcomes);
                }
                else if (time.GetElapsedTime(asked) < PauseMin)
                {
                    await Task.Delay(PauseMin, time, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it was, it was the way to the server: the node works on and asks again.
                Log.ChannelFailed(_logger, "lease", e.Message);
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
            }
        }
    }

    /// <summary>Asks with no slot free too, for what takes none. When one comes free, the question is put again, with that.</summary>
    private async Task<TaskOrder?> AskAsync(OutcomeBook outcomes, MountBook mounts, CancellationToken cancellationToken)
    {
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        NodeStatus status;
        lock (_lock)
        {
            status = StatusNow(outcomes) with { Mounts = mounts.Status };
            _asking = status.SlotsFree == 0 ? asking : null;
        }

        try
        {
            return await channel.LeaseAsync(status, asking.Token);
        }
        catch (OperationCanceledException) when (asking.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            lock (_lock)
            {
                _asking = null;
            }
        }
    }

    /// <summary>What must end before it is done. Told by reports too, should this be lost.</summary>
    private async Task ObeyStopsAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = PauseMin;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                long asked = time.GetTimestamp();
                IReadOnlyList<TaskStop> stops = await channel.WaitForStopsAsync(cancellationToken);
                pause = PauseMin;
                foreach (TaskStop stop in stops)
                {
                    Obey(stop);
                }

                if (stops.Count == 0 && time.GetElapsedTime(asked) < PauseMin)
                {
                    await Task.Delay(PauseMin, time, cancellationToken);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Log.ChannelFailed(_logger, "stops", e.Message);
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
            }
        }
    }

    private void Obey(TaskStop stop)
    {
        lock (_lock)
        {
            if (_runs.TryGetValue(stop.TaskGuid, out OrderRun? run) && run.Order.Attempt == stop.Attempt)
            {
                run.Obey(stop.Directive);
            }
        }
    }

    private NodeStatus StatusNow(OutcomeBook outcomes)
    {
        lock (_lock)
        {
            int slotsTaken = _runs.Values.Count(run => run.TakesSlot);
            return new NodeStatus(
                ProductVersion.Text, [.. _runs.Keys.Union(outcomes.Untold, StringComparer.Ordinal)],
                Math.Max(0, Math.Clamp(options.SlotsMax, 1, 64) - slotsTaken), PlatformsNow());
        }
    }

    /// <summary>Those for which this machine has what they need.</summary>
    private List<string> PlatformsNow() => [.. factories.Where(factory => factory.Missing is null).Select(factory => factory.Platform)];

    private int RunCount()
    {
        lock (_lock)
        {
            return _runs.Count;
        }
    }

    private void Begin(TaskOrder order, Workshop workshop, OutcomeBook outcomes)
    {
        lock (_lock)
        {
            OrderRun? former = _runs.GetValueOrDefault(order.TaskGuid);
            if (former?.Order.Attempt >= order.Attempt)
            {
                // The answer to a lease was lost, and it is given again.
                return;
            }

            former?.Abandon();
            var run = new OrderRun(order, workshop, channel, loggers.CreateLogger<OrderRun>(), time);
            _runs[order.TaskGuid] = run;
            run.Completion = Task.Run(() => RunAsync(run, former, outcomes), CancellationToken.None);
        }
    }

    private async Task RunAsync(OrderRun run, OrderRun? former, OutcomeBook outcomes)
    {
        try
        {
            if (former is not null)
            {
                await former.Completion;
            }

            if (await run.RunAsync() is { } outcome)
            {
                outcomes.Keep(outcome);
            }
        }
        finally
        {
            CancellationTokenSource? asking;
            lock (_lock)
            {
                if (_runs.GetValueOrDefault(run.Order.TaskGuid) == run)
                {
                    _runs.Remove(run.Order.TaskGuid);
                }

                asking = run.TakesSlot ? _asking : null;
                _asking = run.TakesSlot ? null : _asking;
            }

            AskAgain(asking);
            run.Dispose();
            _ended.Writer.TryWrite(true);
        }
    }

    private static void AskAgain(CancellationTokenSource? asking)
    {
        try
        {
            asking?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just been answered.
        }
    }

    private async Task StopAsync(OutcomeBook outcomes)
    {
        List<OrderRun> runs;
        lock (_lock)
        {
            runs = [.. _runs.Values];
        }

        foreach (OrderRun run in runs)
        {
            run.Stop();
        }

        using var limit = new CancellationTokenSource(options.StopTimeMax, time);
        try
        {
            await Task.WhenAll(runs.Select(run => run.Completion)).WaitAsync(limit.Token);
            await outcomes.WaitUntilToldAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Log.StoppedHalfway(_logger, string.Join(", ", runs.Where(run => !run.Completion.IsCompleted).Select(run => run.Order.TaskGuid)), outcomes.Untold.Count);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6000, LogLevel.Information, "Node {NodeGuid} of version {Version} takes work for {Platforms}")]
        public static partial void Started(ILogger logger, string nodeGuid, string version, string platforms);

        [LoggerMessage(6001, LogLevel.Information, "Node {NodeGuid} has stopped")]
        public static partial void Stopped(ILogger logger, string nodeGuid);

        [LoggerMessage(6002, LogLevel.Warning, "The node stops before these tasks have ended: {Tasks}; {UntoldCount} outcomes are told at the next start")]
        public static partial void StoppedHalfway(ILogger logger, string tasks, int untoldCount);

        [LoggerMessage(6004, LogLevel.Warning, "No work for {Platform} until this machine has what it needs: {Missing}")]
        public static partial void PlatformMissing(ILogger logger, string platform, string missing);

        [LoggerMessage(6003, LogLevel.Warning, "The server did not answer ({Operation}): {Reason}")]
        public static partial void ChannelFailed(ILogger logger, string operation, string reason);
    }
}
