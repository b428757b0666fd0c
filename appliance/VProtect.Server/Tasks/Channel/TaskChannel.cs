using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Settings;
using VProtect.Server.Monitoring;
using VProtect.Server.Nodes;
using VProtect.Server.Rebuild;
using VProtect.Server.Tasks.Kinds;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Channel;

/// <summary>
/// The server's end of what nodes call, each over the <see cref="INodeChannel"/> that <see cref="For"/> gives it. Orders are given here; how they go and end
/// is in <c>TaskChannel.Progress.cs</c>.
/// </summary>
internal sealed partial class TaskChannel(
    CatalogDatabase catalog, TaskKinds kinds, TaskEndings endings, Errands errands, TaskBells bells, NodeLives lives, NodeMounts mounts, LostOrders lost, RateMeter rates, LocalNode local,
    CleanUps cleanUps, Succession succession, BusyMachines busyMachines, LiveSettings settings, TimeProvider time, ILogger<TaskChannel> logger)
{
    /// <summary>How long a question without an answer stays open; below what proxies and clients wait.</summary>
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);

    /// <summary>What becomes due by the clock (windows, tries) is looked for this often.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>The channel of a node that has shown who it is: what it asks, reports and ends is its own.</summary>
    public INodeChannel For(Guid node) => new Caller(this, node);

    private async ValueTask<TaskOrder?> LeaseAsync(Guid node, NodeStatus status, CancellationToken cancellationToken)
    {
        await lives.HeardAsync(node, status, cancellationToken);
        mounts.Tell(node, status.Mounts);
        await lost.LookAsync(node, status.Running, cancellationToken);
        long started = time.GetTimestamp();
        while (true)
        {
            Task ring = bells.Work.Next;
            if (errands.IsWaiting && await MayRunErrandsAsync(node, cancellationToken) && errands.Take(node) is { } errand)
            {
                return await WithSettingsAsync(errand, node, cancellationToken);
            }

            if (await ClaimAsync(node, hasSlot: status.SlotsFree > 0, cancellationToken) is { } order)
            {
                return await WithSettingsAsync(order, node, cancellationToken);
            }

            TimeSpan left = LongPoll - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            await Bell.WaitAsync(ring, left < LookAgain ? left : LookAgain, time, cancellationToken);
            if (status.SlotsFree <= 0 && ring.IsCompleted && !errands.IsWaiting)
            {
                // Perhaps a slot has become free, of which this question does not know.
                return null;
            }
        }
    }

    private async ValueTask<IReadOnlyList<TaskStop>> WaitForStopsAsync(Guid node, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            Task ring = bells.Stops.Next;
            List<TaskStop> stops = await StopsAsync(node, cancellationToken);
            TimeSpan left = LongPoll - time.GetElapsedTime(started);
            if (stops.Count > 0 || left <= TimeSpan.Zero)
            {
                return stops;
            }

            await Bell.WaitAsync(ring, left, time, cancellationToken);
        }
    }

    /// <summary>
    /// Whether a node may be given an errand: it is still one of ours, since it may have been removed while its question waited; and it is the server's own, which is
    /// where platforms and destinations are looked at, or that one is not there.
    /// </summary>
    private async Task<bool> MayRunErrandsAsync(Guid node, CancellationToken cancellationToken)
    {
        if (node != local.Guid && lives.SilenceOf(local.Guid).TotalMilliseconds < settings.Current.NodeTimeout)
        {
            return false;
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await session.Nodes.FindAsync(node, cancellationToken) is { State: NodeState.Online or NodeState.Maintenance };
    }

    /// <summary>The next task for a node. One for which no order can be made fails at once, and the one after it is looked at.</summary>
    private async Task<TaskOrder?> ClaimAsync(Guid node, bool hasSlot, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
            if (await ClaimAsync(transaction, node, hasSlot, cancellationToken) is not { } task)
            {
                return null;
            }

            TaskOrder? order = null;
            try
            {
                order = await OrderAsync(transaction, task, cancellationToken);
            }
            catch (VProtectException failure) when (failure.Side != ErrorSide.Catalog || failure.Code is ErrorCode.TaskImpossible or ErrorCode.RestorePointUnfit
                or ErrorCode.SecretUnreadable or ErrorCode.CatalogNotFound)
            {
                await FailAsync(transaction, task, failure, cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
            if (order is not null)
            {
                lives.HeardOf(node, task.Guid, task.Attempt);
                Log.Given(logger, task.Type, task.Guid, task.Attempt, node);
                return order;
            }

            bells.Work.Ring();
        }
    }

    /// <summary>What people wait for and what moves no data comes first, whatever runs; the rest within the limits.</summary>
    private async Task<CatalogTask?> ClaimAsync(CatalogTransaction transaction, Guid guid, bool hasSlot, CancellationToken cancellationToken)
    {
        if (await transaction.Nodes.FindAsync(guid, cancellationToken) is not { State: NodeState.Online } node)
        {
            return null;
        }

        GlobalSettings limits = settings.Current;
        NodeConfigSettings? config = await ConfigAsync(transaction, node, cancellationToken);
        var claim = new TaskClaim
        {
            Node = guid,
            Generation = node.Generation,
            Types = kinds.Types,
            Own = local.Work,
            NodeRunningMax = (int)Math.Min(node.MaxTasks, config?.RunningTasksMax ?? int.MaxValue),
            SourceRunningMax = limits.SourceRunningTasksMax,
            RunningMax = limits.RunningTasksMax,
        };
        TaskClaim urgent = claim with { Types = kinds.Urgent, NodeRunningMax = int.MaxValue, RunningMax = int.MaxValue };
        return await transaction.Tasks.ClaimNextAsync(urgent, cancellationToken)
            ?? (hasSlot ? await transaction.Tasks.ClaimNextAsync(claim, cancellationToken) : null);
    }

    /// <summary>The order with how the node is to work from now on.</summary>
    private async Task<TaskOrder> WithSettingsAsync(TaskOrder order, Guid guid, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        NodeConfigSettings? config = await session.Nodes.FindAsync(guid, cancellationToken) is { } node ? await ConfigAsync(session, node, cancellationToken) : null;
        var lease = TimeSpan.FromMilliseconds(settings.Current.NodeLeaseTimeout);
        return order with
        {
            Settings = new NodeSettings
            {
                RestorePaths = config?.RestorePaths,
                BackupBytesPerSecondMax = config?.BackupBytesPerSecondMax ?? 0,
                MountCacheBytesMax = config?.MountCacheBytesMax,
                WorkPath = config?.WorkPath,
                MountCacheHoldsShares = config?.MountCacheHoldsShares ?? false,
                MountStallMax = config?.MountStallSecondsMax is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                SilenceMax = lease - TimeSpan.FromMinutes(Math.Min(5, lease.TotalMinutes / 10)),
            },
        };
    }

    private static async Task<NodeConfigSettings?> ConfigAsync(CatalogSession session, Node node, CancellationToken cancellationToken) =>
        node.NodeConfigGuid is { } config ? NodeConfigSettings.Of(await session.NodeConfigs.GetAsync(config, cancellationToken)) : null;

    /// <summary>The order for a task that was claimed; null when there is nothing to do and the task is done.</summary>
    private async Task<TaskOrder?> OrderAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        TaskKind kind = kinds.Find(task.Type)!;
        if (await kind.WorkAsync(transaction, task, cancellationToken) is not { } work)
        {
            string? info = await kind.SucceededAsync(transaction, task, result: null, cancellationToken);
            await endings.EndTryAsync(transaction, task, new Ending { State = TaskState.Finished, StatusInfo = info }, cancellationToken);
            return null;
        }

        IReadOnlyList<TaskCheckpoint> reached = await transaction.Tasks.CheckpointsAsync(task.Guid, cancellationToken);
        return new TaskOrder(
            task.Guid.ToString("D"), task.Attempt, work, reached.ToDictionary(point => point.Stage, point => System.Text.Encoding.UTF8.GetString(point.Data)));
    }

    private async Task FailAsync(CatalogTransaction transaction, CatalogTask task, VProtectException failure, CancellationToken cancellationToken)
    {
        await transaction.Tasks.AppendLogAsync(task.Guid, TaskLogLevel.Error, $"{failure.Message} {failure.Guidance}", cancellationToken);
        await endings.EndTryAsync(
            transaction,
            task,
            new Ending
            {
                State = TaskState.Failed,
                StatusInfo = failure.Message,
                ErrorCode = (int)failure.Code,
                Result = JsonSerializer.Serialize(
                    new TaskFault(failure.Code, failure.Side, failure.Message, failure.Guidance, failure.Retry), JsonSerializerOptions.Web),
            },
            cancellationToken);
        Log.Impossible(logger, task.Type, task.Guid, failure.Message);
    }

    private static Guid GuidOf(string text) => Guid.TryParseExact(text, "D", out Guid guid)
        ? guid
        : throw new VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, $"'{text}' is no guid.", "Send it as 36 characters.");

    /// <summary>One node's calls.</summary>
    private sealed class Caller(TaskChannel channel, Guid node) : INodeChannel
    {
        public ValueTask<TaskOrder?> LeaseAsync(NodeStatus status, CancellationToken cancellationToken) => channel.LeaseAsync(node, status, cancellationToken);

        public ValueTask<IReadOnlyList<TaskStop>> WaitForStopsAsync(CancellationToken cancellationToken) => channel.WaitForStopsAsync(node, cancellationToken);

        public ValueTask<TaskDirective> ReportAsync(TaskReport report, CancellationToken cancellationToken) => channel.ReportAsync(node, report, cancellationToken);

        public ValueTask CompleteAsync(Abstractions.Nodes.TaskOutcome outcome, CancellationToken cancellationToken) =>
            channel.CompleteAsync(node, outcome, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(5300, LogLevel.Information, "{Type} {Task} begins, try {Attempt}, on node {Node}")]
        public static partial void Given(ILogger logger, TaskType type, Guid task, int attempt, Guid node);

        [LoggerMessage(5301, LogLevel.Warning, "{Type} {Task} cannot be done: {Problem}")]
        public static partial void Impossible(ILogger logger, TaskType type, Guid task, string problem);

        [LoggerMessage(5302, LogLevel.Information, "{Type} {Task} ended {State}: {Info}")]
        public static partial void Ended(ILogger logger, TaskType type, Guid task, TaskState state, string info);

        [LoggerMessage(5303, LogLevel.Error, "Task {Task} was done, but its result could not be taken")]
        public static partial void ResultRefused(ILogger logger, Exception exception, Guid task);
    }
}
