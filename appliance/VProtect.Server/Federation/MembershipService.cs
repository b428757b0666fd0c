using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;

namespace VProtect.Server.Federation;

/// <summary>
/// This appliance at the server that it joined: tells what changes here, and answers what users ask there. While the server is away everything here goes on, and
/// what changed meanwhile is told when it is back.
/// </summary>
internal sealed partial class MembershipService(
    IServiceProvider services, CatalogDatabase catalog, OwnCalls calls, TimeProvider time, ILogger<MembershipService> logger) : BackgroundService
{
    private const int BatchRowsMax = 1000;

    /// <summary>Changes are told this often.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(10);

    /// <summary>A server that cannot follow is not told everything over and over.</summary>
    private static readonly TimeSpan AnewMax = TimeSpan.FromMinutes(5);

    /// <summary>How long the answer to a change waits for the server to know of it.</summary>
    private static readonly TimeSpan ToldMax = TimeSpan.FromSeconds(5);

    private static readonly string Version = typeof(MembershipService).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _telling = new();
    private readonly IServerMembership? _server = services.GetService<IServerMembership>();
    private TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _joined;
    private volatile VProtectException? _untold;
    private volatile VProtectException? _unasked;

    /// <summary>The membership; null when this appliance stands alone.</summary>
    public Membership? Current => _server?.Current;

    /// <summary>When the server last had everything; null not since the start.</summary>
    public DateTimeOffset? InStepAt { get; private set; }

    /// <summary>Why the server does not hear us; null when it does.</summary>
    public VProtectException? Problem => _untold ?? _unasked;

    /// <summary>Joins a server.</summary>
    public async Task<Membership> JoinAsync(string server, string token, CancellationToken cancellationToken)
    {
        Membership joined = await Server.JoinAsync(server, token, cancellationToken);
        try
        {
            // Tells nothing, and is answered to appliances only.
            await Server.FeedAsync(new FeedBatch("", 0, []), cancellationToken);
        }
        catch (VProtectException failure) when (failure.Code == ErrorCode.NoSuchEndpoint)
        {
            Server.Forget();
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, "token: it lets a node join, not an appliance.", "Make one with vprotect appliance add NAME at the server.", RetryAdvice.Never, failure);
        }
        finally
        {
            // It has joined, whether or not the server answered a second time; without a feed one is begun.
            Begin();
        }

        return joined;
    }

    /// <summary>Follows the server to another address.</summary>
    public async Task<Membership> MoveAsync(string server, CancellationToken cancellationToken)
    {
        Membership moved = await Server.MoveAsync(server, cancellationToken);
        Begin();
        return moved;
    }

    /// <summary>Leaves the server: it forgets what it was told, and nothing changes here.</summary>
    /// <param name="anyway">Whether to leave even when the server cannot be told.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task LeaveAsync(bool anyway, CancellationToken cancellationToken)
    {
        try
        {
            await Server.LeaveAsync(cancellationToken);
        }
        catch (VProtectException failure) when (failure.Code == ErrorCode.Forbidden || (anyway && failure.Code != ErrorCode.TaskUnfit))
        {
            Log.LeftUnheard(logger, failure.Message);
        }
        catch (VProtectException failure) when (failure.Code is ErrorCode.ServerUnreachable or ErrorCode.ServerUntrusted)
        {
            throw new VProtectException(
                failure.Code, failure.Side, failure.Message, "Leave when it is back. If it is gone for good: vprotect appliance leave --anyway.", failure.Retry, failure);
        }

        Server.Forget();
        Begin();
    }

    /// <summary>How many rows the server has not been told.</summary>
    public async Task<long> PendingAsync(CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await session.Feed.PendingAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _wake.Dispose();
        _joined?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (_server is not null && !stoppingToken.IsCancellationRequested)
        {
            using var joined = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            Volatile.Write(ref _joined, joined);
            try
            {
                await BelongAsync(_server, joined);
            }
            catch (Exception failure)
            {
                // The appliance itself goes on, whatever is amiss here: files of the membership that a power cut left half, a full disk.
                Log.Amiss(logger, failure.Message);
                _untold = failure as VProtectException;
                await Task.Delay(RetryMax, time, joined.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            Volatile.Write(ref _joined, null);
        }
    }

    private async Task BelongAsync(IServerMembership server, CancellationTokenSource joined)
    {
        if (server.Current is null)
        {
            await EndFeedAsync(joined.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, joined.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        // All end when we leave, move or stop; and when one ends by a fault.
        Task[] parts = [TellAsync(joined.Token), AskAsync(joined.Token), server.RenewAsync(joined.Token)];
        await Task.WhenAny(parts);
        await joined.CancelAsync();
        await Task.WhenAll(parts);
    }

    /// <summary>Nothing is noted for nobody: a catalog that came back from a copy may still have a feed.</summary>
    private async Task EndFeedAsync(CancellationToken cancellationToken)
    {
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            if (await session.Feed.FindAsync(cancellationToken) is null)
            {
                return;
            }
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Feed.EndAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private IServerMembership Server => _server ?? throw new VProtectException(
        ErrorCode.NotSupported, ErrorSide.Request, "This program cannot join a server.", "Start it with vprotect serve.");

    /// <summary>Looks anew at what we belong to.</summary>
    private void Begin()
    {
        (InStepAt, _untold, _unasked) = (null, null, null);
        try
        {
            Volatile.Read(ref _joined)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It looks already.
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        TimeSpan retry = Pause;
        TimeSpan anew = Pause;
        List<TaskCompletionSource> waiting = [];
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause = Pause;
            lock (_telling)
            {
                waiting.Add(_told);
                _told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            try
            {
                Step step = await TellOnceAsync(cancellationToken);
                (_untold, retry) = (null, Pause);
                switch (step)
                {
                    case Step.All:
                        (InStepAt, anew) = (time.GetUtcNow(), Pause);
                        waiting.ForEach(one => one.TrySetResult());
                        waiting.Clear();
                        break;
                    case Step.More:
                        pause = TimeSpan.Zero;
                        break;
                    case Step.Anew:
                        (pause, anew) = (anew, anew * 2 < AnewMax ? anew * 2 : AnewMax);
                        break;
                }
            }
            catch (VProtectException failure)
            {
                Note(failure);
                _untold = failure;
                (pause, retry) = (retry, retry * 2 < RetryMax ? retry * 2 : RetryMax);
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
            {
                // We leave, move or stop; or the connection was exchanged beneath us.
            }

            if (pause > TimeSpan.Zero)
            {
                await WaitAsync(pause, cancellationToken);
            }
        }
    }

    /// <summary>Once for each trouble, not for each try.</summary>
    private void Note(VProtectException failure)
    {
        if (Problem?.Code != failure.Code)
        {
            Log.Unheard(logger, _server!.Current?.Server, failure.Message);
        }
    }

    /// <summary>Waits, unless somebody waits for us.</summary>
    private async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task woken = _wake.WaitAsync(wait.Token);
        await Task.WhenAny(woken, Task.Delay(pause, time, wait.Token));
        await wait.CancelAsync();
        await woken.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private enum Step
    {
        All,
        More,
        Anew,
    }

    private async Task<Step> TellOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await TellOnceAsync(onlyGone: false, cancellationToken);
        }
        catch (VProtectException full) when (full.Code == ErrorCode.ApplianceFull)
        {
            // What went here makes room there.
            if (await TellOnceAsync(onlyGone: true, cancellationToken) == Step.All)
            {
                throw;
            }

            return Step.More;
        }
    }

    private async Task<Step> TellOnceAsync(bool onlyGone, CancellationToken cancellationToken)
    {
        (FeedBatch Batch, IReadOnlyList<long> Changes)? next;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            next = await session.Feed.NextAsync(BatchRowsMax, onlyGone, cancellationToken);
        }

        if (next is not { } tell)
        {
            // A catalog that came back from a copy, beside a membership that did not.
            await AnewAsync(cancellationToken);
            return Step.More;
        }

        if (tell.Batch.Rows.Count == 0 && (onlyGone || tell.Batch.Number > 1))
        {
            return Step.All;
        }

        FeedAnswer answer = await _server!.FeedAsync(tell.Batch, cancellationToken);
        if (answer.BeginsAnew)
        {
            Log.Anew(logger);
            await AnewAsync(cancellationToken);
            return Step.Anew;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Feed.AcknowledgeAsync(tell.Batch, tell.Changes, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return tell.Batch.Rows.Count < BatchRowsMax ? Step.All : Step.More;
    }

    private async Task AnewAsync(CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Feed.BeginAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        TimeSpan retry = Pause;
        List<Task> open = [];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                CallsAnswer asked = await _server!.CallsAsync(new CallsQuestion(Version), cancellationToken);
                (_unasked, retry) = (null, Pause);
                open.RemoveAll(task => task.IsCompleted);
                open.AddRange(asked.Calls.Select(call => AnswerAsync(call, cancellationToken)));
            }
            catch (VProtectException failure)
            {
                Note(failure);
                _unasked = failure;
                await Task.Delay(retry, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                retry = retry * 2 < RetryMax ? retry * 2 : RetryMax;
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
            {
                // As above.
            }
        }

        await Task.WhenAll(open);
    }

    private async Task AnswerAsync(ForwardedCall call, CancellationToken cancellationToken)
    {
        string server = _server!.Current?.Server ?? "";
        try
        {
            await _server.AnswerAsync((stream, ends) => calls.RunAsync(call, server, ToldAsync, stream, ends), cancellationToken);
        }
        catch (Exception failure)
        {
            // Whatever it was: a call of the server ends nothing here.
            Log.Unanswered(logger, call.Method, call.Target, failure.Message);
        }
    }

    /// <summary>Waits until the server knows what changed before now, or not much longer.</summary>
    private async Task ToldAsync(CancellationToken cancellationToken)
    {
        Task told;
        lock (_telling)
        {
            told = _told.Task;
        }

        _wake.Release();
        try
        {
            await told.WaitAsync(ToldMax, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // It hears of it later.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5388, LogLevel.Warning, "The server at {Server} does not hear this appliance, which goes on by itself: {Reason}")]
        public static partial void Unheard(ILogger logger, string? server, string reason);

        [LoggerMessage(5389, LogLevel.Information, "The server cannot follow what it is told and is told everything anew")]
        public static partial void Anew(ILogger logger);

        [LoggerMessage(5390, LogLevel.Warning, "This appliance left its server, which was not told or knew it no more: {Reason}")]
        public static partial void LeftUnheard(ILogger logger, string reason);

        [LoggerMessage(5391, LogLevel.Information, "{Method} {Target}, asked for at the server, could not be answered there: {Reason}")]
        public static partial void Unanswered(ILogger logger, string method, string target, string reason);

        [LoggerMessage(5392, LogLevel.Error, "The membership of a server cannot be kept up, and is tried again: {Reason}")]
        public static partial void Amiss(ILogger logger, string reason);
    }
}
